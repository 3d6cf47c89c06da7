package dev.jiffy.bench;

import org.HdrHistogram.Histogram;

/// The rule by which runs stop to count as warm-up.
///
/// Runs are cut into windows. The engine is warm when the medians of the last three windows lie
/// within 5 % of each other, at least a given time and 20 runs after the start; and, settled or
/// not, when the most time is spent.
final class WarmUp {
  private static final int WINDOWS = 3;
  private static final double SPREAD = 1.05;
  private static final long WINDOW_NANOS = 100_000_000;
  private static final int WINDOW_RUNS = 5;
  private static final int LEAST_RUNS = 20;

  private final long leastNanos;
  private final long mostNanos;
  private final Histogram window = Latency.histogram();
  private final long[] medians = new long[WINDOWS];
  private long windowNanos;
  private long totalNanos;
  private long runs;
  private int windows;
  private boolean settled;

  /// A warm-up that has not begun.
  ///
  /// @param leastNanos the least time it takes
  /// @param mostNanos the most time it takes
  WarmUp(long leastNanos, long mostNanos) {
    this.leastNanos = leastNanos;
    this.mostNanos = mostNanos;
  }

  /// Counts a run.
  ///
  /// @param nanos how long it took
  void add(long nanos) {
    window.recordValue(nanos);
    windowNanos += nanos;
    totalNanos += nanos;
    runs++;
    if (windowNanos >= WINDOW_NANOS && window.getTotalCount() >= WINDOW_RUNS) {
      medians[windows++ % WINDOWS] = window.getValueAtPercentile(50);
      window.reset();
      windowNanos = 0;
      settled = windows >= WINDOWS && spread() <= SPREAD;
    }
  }

  private double spread() {
    long low = Long.MAX_VALUE;
    long high = 0;
    for (long median : medians) {
      low = Math.min(low, median);
      high = Math.max(high, median);
    }
    return (double) high / Math.max(1, low);
  }

  /// {@return whether what follows may be measured}
  boolean isDone() {
    return totalNanos >= mostNanos || (settled && totalNanos >= leastNanos && runs >= LEAST_RUNS);
  }

  /// {@return whether the medians agreed when last looked at}
  boolean isSettled() {
    return settled;
  }

  /// {@return the runs counted}
  long runs() {
    return runs;
  }

  /// {@return the time that the runs took, in nanoseconds}
  long totalNanos() {
    return totalNanos;
  }
}
