package dev.jiffy.bench.load;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the header `Server-Timing` (W3C, Server Timing) says, in which a server tells how long its
/// stages took, in milliseconds, and how many requests it computed together, such as
/// `queue;dur=0.021, compute;desc="run";dur=3.5, batch;desc=4`.
///
/// @param stageNanos how long each stage took, in the header's order; what is said several times
///   adds up
/// @param batch how many requests were computed together, 0 where that is not said
public record ServerTiming(Map<String, Long> stageNanos, int batch) {
  private static final String BATCH = "batch";

  /// The most characters of a name.
  private static final int LONGEST = 64;

  /// {@return what a header says; what is no duration and no batch is left out}
  ///
  /// @param header the header's value
  public static ServerTiming of(String header) {
    Map<String, Long> stages = new LinkedHashMap<>();
    int batch = 0;
    for (String metric : header.split(",", -1)) {
      int semicolon = metric.indexOf(';');
      String name = semicolon < 0 ? "" : metric.substring(0, semicolon).strip();
      if (name.isEmpty() || name.length() > LONGEST) {
        continue;
      }
      String desc = parameter(metric, semicolon, "desc=");
      if (name.equals(BATCH) && desc != null && desc.matches("\"?\\d{1,9}\"?")) {
        batch = Integer.parseInt(desc.replace("\"", ""));
      } else {
        Long nanos = nanos(parameter(metric, semicolon, "dur="));
        if (nanos != null) {
          stages.merge(name, nanos, Long::sum);
        }
      }
    }
    return new ServerTiming(Collections.unmodifiableMap(stages), batch);
  }

  private static @Nullable Long nanos(@Nullable String duration) {
    if (duration != null) {
      try {
        double ms = Double.parseDouble(duration);
        return ms >= 0 && ms < 1e9 ? (Long) Math.round(ms * 1e6) : null;
      } catch (NumberFormatException _) {
        // no duration
      }
    }
    return null;
  }

  private static @Nullable String parameter(String metric, int from, String name) {
    int at = metric.indexOf(name, from);
    if (at < 0) {
      return null;
    }
    int end = metric.indexOf(';', at);
    return metric.substring(at + name.length(), end < 0 ? metric.length() : end).strip();
  }

  /// Tells it.
  ///
  /// @param row the request's row
  /// @param sink is told
  void tell(int row, Target.Sink sink) {
    stageNanos.forEach((stage, nanos) -> sink.stage(row, stage, nanos));
    if (batch > 0) {
      sink.batch(row, batch);
    }
  }
}
