package dev.jiffy.server.http;

/// Where the time of one request goes, stage after stage.
final class Stopwatch {
  private final StringBuilder header = new StringBuilder(96);
  private final long start;
  private long last;

  /// Starts.
  ///
  /// @param arrived when the request had arrived, by [System#nanoTime()]
  Stopwatch(long arrived) {
    start = arrived;
    last = arrived;
  }

  /// Ends a stage.
  void lap(String stage) {
    long now = System.nanoTime();
    add(stage, now - last);
    last = now;
  }

  /// Adds a stage that was timed elsewhere.
  void add(String stage, long nanos) {
    if (!header.isEmpty()) {
      header.append(", ");
    }
    long micros = Math.max(0, nanos) / 1000;
    header.append(stage).append(";dur=").append(micros / 1000).append('.');
    long rest = micros % 1000;
    header.append((char) ('0' + rest / 100));
    header.append((char) ('0' + rest / 10 % 10));
    header.append((char) ('0' + rest % 10));
  }

  /// Continues from now: what was since the last stage was timed elsewhere.
  void skip() {
    last = System.nanoTime();
  }

  /// {@return the time since the request had arrived, in nanoseconds}
  long elapsedNanos() {
    return System.nanoTime() - start;
  }

  /// {@return the value of the header `Server-Timing`, in milliseconds}
  String header() {
    return header.toString();
  }
}
