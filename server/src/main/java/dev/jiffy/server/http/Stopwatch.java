package dev.jiffy.server.http;

import dev.jiffy.server.schedule.Timing;

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

  /// {@return how long a stage took, which ends now, in nanoseconds}
  long lap(String stage) {
    long now = System.nanoTime();
    long nanos = now - last;
    add(stage, nanos);
    last = now;
    return nanos;
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

  /// Adds what the scheduler timed, and continues from now.
  void computed(Timing timing) {
    add("queue", timing.queueNanos() - (last - start));
    add("compute", timing.computeNanos());
    header.append(", batch;desc=").append(timing.batchRows());
    skip();
  }

  /// {@return when the request had arrived}
  long arrivedNanos() {
    return start;
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
