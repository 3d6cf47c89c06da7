package dev.jiffy.server.cache;

import java.net.URI;
import java.time.Duration;

/// Where servers share answers. Immutable.
///
/// @param uri a Redis server, `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`
/// @param timeout how long a request may wait for it
public record RedisOptions(URI uri, Duration timeout) {
  private static final Duration TIMEOUT = Duration.ofMillis(5);
  private static final int LAST_PORT = 65_535;

  /// Checks the parts.
  public RedisOptions {
    if (!"redis".equals(uri.getScheme())
        || uri.getHost() == null
        || uri.getPort() > LAST_PORT
        || !uri.getPath().matches("(/\\d{0,9})?")) {
      throw new IllegalArgumentException(
          "expected redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or HOST:PORT");
    }
    if (timeout.toMillis() < 1 || timeout.toSeconds() > 10) {
      throw new IllegalArgumentException(
          "the time to wait for Redis is 1 ms to 10 s, got " + timeout);
    }
  }

  /// {@return a server that requests wait 5 ms for}
  ///
  /// @param text its URL, or `HOST:PORT`
  /// @throws IllegalArgumentException if it is neither; does not repeat it, as it may have a
  ///   password
  public static RedisOptions of(String text) {
    URI uri;
    try {
      uri = URI.create(text.contains("://") ? text : "redis://" + text);
    } catch (IllegalArgumentException e) {
      uri = URI.create("none:none");
    }
    return new RedisOptions(uri, TIMEOUT);
  }

  /// {@return this server with another time}
  ///
  /// @param time how long a request may wait for it
  public RedisOptions timeout(Duration time) {
    return new RedisOptions(uri, time);
  }

  /// {@return the host and port, without password}
  @Override
  public String toString() {
    return uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }
}
