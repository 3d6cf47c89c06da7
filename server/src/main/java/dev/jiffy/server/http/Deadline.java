package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

/// How long a client says it waits, in the header `Request-Timeout`: seconds, with a fraction if
/// need be.
final class Deadline {
  private static final CharSequence HEADER = HttpHeaders.createOptimized("request-timeout");
  private static final double MOST_SECONDS = 1e9;

  private Deadline() {}

  /// {@return the time in nanoseconds, 0 where the client says nothing}
  ///
  /// @throws ProtocolException if the header is no positive number
  static long nanos(HttpServerRequest request) {
    String value = request.getHeader(HEADER);
    if (value == null) {
      return 0;
    }
    double seconds;
    try {
      seconds = value.length() > 32 ? Double.NaN : Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw wrong(e);
    }
    if (!(seconds > 0) || seconds > MOST_SECONDS) {
      throw wrong(new NumberFormatException());
    }
    return Math.max(1, (long) (seconds * 1e9));
  }

  private static ProtocolException wrong(NumberFormatException e) {
    return new ProtocolException(
        400, "the header Request-Timeout must be a positive number of seconds", e);
  }
}
