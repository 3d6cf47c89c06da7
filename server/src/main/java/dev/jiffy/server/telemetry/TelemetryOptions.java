package dev.jiffy.server.telemetry;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/// Where traces and metrics are sent, and how much of them.
///
/// @param endpoint the collector, such as `http://localhost:4318`: OTLP over HTTP, protocol buffers
/// @param service the name under which the server appears there
/// @param sampled the part of traces that are recorded, 0 to 1, where the caller has not decided
/// @param interval how often metrics are sent
/// @param headers what is sent along, such as a key for the collector
public record TelemetryOptions(
    URI endpoint, String service, double sampled, Duration interval, Map<String, String> headers) {
  /// Checks the numbers.
  public TelemetryOptions {
    if (!"http".equals(endpoint.getScheme()) && !"https".equals(endpoint.getScheme())) {
      throw new IllegalArgumentException(
          "a collector's endpoint is an http or https URL, got '" + endpoint + "'");
    }
    if (!(sampled >= 0 && sampled <= 1)) {
      throw new IllegalArgumentException("the sampled part is 0 to 1, got " + sampled);
    }
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException("the interval must be at least 1 ms");
    }
    headers = Map.copyOf(headers);
  }

  /// {@return all of it, metrics every minute, under the name `jiffy`}
  ///
  /// @param endpoint the collector
  public static TelemetryOptions to(URI endpoint) {
    return new TelemetryOptions(endpoint, "jiffy", 1, Duration.ofMinutes(1), Map.of());
  }

  /// {@return the URL for one kind of signals}
  String url(String signal) {
    String base = endpoint.toString();
    return (base.endsWith("/") ? base : base + "/") + "v1/" + signal;
  }
}
