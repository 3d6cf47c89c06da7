package dev.jiffy.server;

import java.time.Duration;

/// How models are served.
///
/// @param http how the server listens
/// @param sessionsPerModel how many requests of one model are computed at a time, each by a thread
///   of its own with its own working memory, besides the threads that the model itself uses
/// @param queueCapacity the most requests of one model that may wait; more are refused
/// @param warmUpTime the most time in which each model is run on made-up inputs before the server
///   is ready, save for the last run; zero for none
/// @param drainTimeout how long a closing server waits for the answers under way
public record ServerOptions(
    HttpOptions http,
    int sessionsPerModel,
    int queueCapacity,
    Duration warmUpTime,
    Duration drainTimeout) {
  /// Checks the numbers.
  public ServerOptions {
    if (warmUpTime.isNegative()) {
      throw new IllegalArgumentException("the time to warm up must not be negative");
    }
    if (sessionsPerModel < 1 || queueCapacity < 1) {
      throw new IllegalArgumentException("sessions and capacity must be at least 1");
    }
  }

  /// {@return the defaults of HTTP, one session per model, 256 requests waiting, 3 seconds to warm
  /// up each model, 30 seconds to drain}
  public static ServerOptions defaults() {
    return new ServerOptions(
        HttpOptions.defaults(), 1, 256, Duration.ofSeconds(3), Duration.ofSeconds(30));
  }

  /// {@return these options with others of HTTP}
  ///
  /// @param options how the server listens
  public ServerOptions http(HttpOptions options) {
    return new ServerOptions(options, sessionsPerModel, queueCapacity, warmUpTime, drainTimeout);
  }

  /// {@return these options with another number of sessions}
  ///
  /// @param count how many requests of one model are computed at a time
  public ServerOptions sessionsPerModel(int count) {
    return new ServerOptions(http, count, queueCapacity, warmUpTime, drainTimeout);
  }

  /// {@return these options with another capacity}
  ///
  /// @param count the most requests of one model that may wait
  public ServerOptions queueCapacity(int count) {
    return new ServerOptions(http, sessionsPerModel, count, warmUpTime, drainTimeout);
  }

  /// {@return these options with another time to warm up}
  ///
  /// @param time the most for each model, zero for none
  public ServerOptions warmUpTime(Duration time) {
    return new ServerOptions(http, sessionsPerModel, queueCapacity, time, drainTimeout);
  }
}
