package dev.jiffy.bench.load;

import java.util.function.ObjLongConsumer;

/// Reads the header `Server-Timing` (W3C, Server Timing), in which a server tells how long its
/// stages took, such as `queue;dur=0.021, compute;desc="run";dur=3.5`, in milliseconds.
final class ServerTiming {
  /// The most characters of a name.
  private static final int LONGEST = 64;

  private ServerTiming() {}

  /// Reads the stages whose duration is told; what is none is left out.
  ///
  /// @param header the header's value
  /// @param stages takes names and nanoseconds
  static void read(String header, ObjLongConsumer<String> stages) {
    int from = 0;
    while (from < header.length()) {
      int comma = header.indexOf(',', from);
      int to = comma < 0 ? header.length() : comma;
      metric(header, from, to, stages);
      from = to + 1;
    }
  }

  private static void metric(String header, int from, int to, ObjLongConsumer<String> stages) {
    int semicolon = header.indexOf(';', from);
    if (semicolon < 0 || semicolon >= to) {
      return;
    }
    String name = header.substring(from, semicolon).strip();
    int dur = header.indexOf("dur=", semicolon);
    if (name.isEmpty() || name.length() > LONGEST || dur < 0 || dur >= to) {
      return;
    }
    int end = header.indexOf(';', dur);
    try {
      double ms =
          Double.parseDouble(header.substring(dur + 4, end < 0 || end > to ? to : end).strip());
      if (ms >= 0 && ms < 1e9) {
        stages.accept(name, Math.round(ms * 1e6));
      }
    } catch (NumberFormatException _) {
      // no duration
    }
  }
}
