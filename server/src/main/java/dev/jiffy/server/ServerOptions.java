package dev.jiffy.server;

import dev.jiffy.server.schedule.Policy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How models are served.
///
/// @param http how the server listens
/// @param policy how the requests of each model are scheduled
/// @param warmUpTime the most time in which each model is run on made-up inputs before the server
///   is ready, save for the last run; zero for none
/// @param drainTimeout how long a closing server waits for the answers under way
/// @param watch what is told of the server, and to whom
/// @param safety who may ask, and how that is kept secret
/// @param admin the port on which models are loaded and unloaded, null for none
/// @param unix a socket that says what the port says, without encryption; null for none
/// @param isSharing whether callers on this machine may share memory with the server
public record ServerOptions(
    HttpOptions http,
    Policy policy,
    Duration warmUpTime,
    Duration drainTimeout,
    WatchOptions watch,
    SafetyOptions safety,
    @Nullable AdminOptions admin,
    @Nullable UnixOptions unix,
    boolean isSharing) {
  /// Checks the numbers.
  public ServerOptions {
    if (warmUpTime.isNegative()) {
      throw new IllegalArgumentException("the time to warm up must not be negative");
    }
  }

  /// {@return the defaults of HTTP, scheduling and watching, 0.3 seconds to warm up each model, 30
  /// seconds to drain, no admin port, no socket, no shared memory}
  public static ServerOptions defaults() {
    return new ServerOptions(
        HttpOptions.defaults(),
        Policy.defaults(),
        Duration.ofMillis(300),
        Duration.ofSeconds(30),
        WatchOptions.defaults(),
        SafetyOptions.defaults(),
        null,
        null,
        false);
  }

  /// {@return these options with others of HTTP}
  ///
  /// @param options how the server listens
  public ServerOptions http(HttpOptions options) {
    return new ServerOptions(
        options, policy, warmUpTime, drainTimeout, watch, safety, admin, unix, isSharing);
  }

  /// {@return these options with another policy}
  ///
  /// @param choice how the requests of each model are scheduled
  public ServerOptions policy(Policy choice) {
    return new ServerOptions(
        http, choice, warmUpTime, drainTimeout, watch, safety, admin, unix, isSharing);
  }

  /// {@return these options with another time to warm up}
  ///
  /// @param time the most for each model, zero for none
  public ServerOptions warmUpTime(Duration time) {
    return new ServerOptions(
        http, policy, time, drainTimeout, watch, safety, admin, unix, isSharing);
  }

  /// {@return these options with another time to drain}
  ///
  /// @param time how long a closing server waits for the answers under way
  public ServerOptions drainTimeout(Duration time) {
    return new ServerOptions(http, policy, warmUpTime, time, watch, safety, admin, unix, isSharing);
  }

  /// {@return these options with others of watching}
  ///
  /// @param options what is told of the server, and to whom
  public ServerOptions watch(WatchOptions options) {
    return new ServerOptions(
        http, policy, warmUpTime, drainTimeout, options, safety, admin, unix, isSharing);
  }

  /// {@return these options with others of safety}
  ///
  /// @param options who may ask, and how that is kept secret
  public ServerOptions safety(SafetyOptions options) {
    return new ServerOptions(
        http, policy, warmUpTime, drainTimeout, watch, options, admin, unix, isSharing);
  }

  /// {@return these options with another admin port}
  ///
  /// @param port the port on which models are loaded and unloaded, null for none
  public ServerOptions admin(@Nullable AdminOptions port) {
    return new ServerOptions(
        http, policy, warmUpTime, drainTimeout, watch, safety, port, unix, isSharing);
  }

  /// {@return these options with another socket}
  ///
  /// @param socket a socket that says what the port says, null for none
  public ServerOptions unix(@Nullable UnixOptions socket) {
    return new ServerOptions(
        http, policy, warmUpTime, drainTimeout, watch, safety, admin, socket, isSharing);
  }

  /// {@return these options with shared memory, or without}
  ///
  /// @param on whether callers on this machine may share memory with the server
  public ServerOptions sharing(boolean on) {
    return new ServerOptions(
        http, policy, warmUpTime, drainTimeout, watch, safety, admin, unix, on);
  }
}
