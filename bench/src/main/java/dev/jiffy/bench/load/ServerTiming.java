package dev.jiffy.bench.load;

import org.jspecify.annotations.Nullable;

/// Reads the header `Server-Timing` (W3C, Server Timing), in which a server tells how long its
/// stages took, in milliseconds, and how many requests it computed together, such as
/// `queue;dur=0.021, compute;desc="run";dur=3.5, batch;desc=4`.
final class ServerTiming {
  private static final String BATCH = "batch";

  /// The most characters of a name.
  private static final int LONGEST = 64;

  private ServerTiming() {}

  /// Reads what is told of a request; what is no duration and no batch is left out.
  ///
  /// @param header the header's value
  /// @param row the request's row
  /// @param sink is told of stages and the batch
  static void read(String header, int row, Target.Sink sink) {
    int from = 0;
    while (from < header.length()) {
      int comma = header.indexOf(',', from);
      int to = comma < 0 ? header.length() : comma;
      metric(header.substring(from, to), row, sink);
      from = to + 1;
    }
  }

  private static void metric(String metric, int row, Target.Sink sink) {
    int semicolon = metric.indexOf(';');
    String name = semicolon < 0 ? "" : metric.substring(0, semicolon).strip();
    if (name.isEmpty() || name.length() > LONGEST) {
      return;
    }
    String dur = parameter(metric, semicolon, "dur=");
    String desc = parameter(metric, semicolon, "desc=");
    if (name.equals(BATCH) && desc != null && desc.matches("\"?\\d{1,9}\"?")) {
      sink.batch(row, Integer.parseInt(desc.replace("\"", "")));
    } else if (dur != null) {
      try {
        double ms = Double.parseDouble(dur);
        if (ms >= 0 && ms < 1e9) {
          sink.stage(row, name, Math.round(ms * 1e6));
        }
      } catch (NumberFormatException _) {
        // no duration
      }
    }
  }

  private static @Nullable String parameter(String metric, int from, String name) {
    int at = metric.indexOf(name, from);
    if (at < 0) {
      return null;
    }
    int end = metric.indexOf(';', at);
    return metric.substring(at + name.length(), end < 0 ? metric.length() : end).strip();
  }
}
