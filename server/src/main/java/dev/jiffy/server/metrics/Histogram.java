package dev.jiffy.server.metrics;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/// How often values fell into each of some ranges, and their sum. Shared between threads; recording
/// neither allocates nor waits.
public final class Histogram {
  /// 10 µs to 60 s in steps of 1, 2.5, 5: wide enough for a model behind a slow network, and fine
  /// enough to tell a request of 20 µs from one of 30.
  private static final long[] DURATIONS = {
    10_000L,
    25_000L,
    50_000L,
    100_000L,
    250_000L,
    500_000L,
    1_000_000L,
    2_500_000L,
    5_000_000L,
    10_000_000L,
    25_000_000L,
    50_000_000L,
    100_000_000L,
    250_000_000L,
    500_000_000L,
    1_000_000_000L,
    2_500_000_000L,
    5_000_000_000L,
    10_000_000_000L,
    30_000_000_000L,
    60_000_000_000L
  };

  private final long[] bounds;
  private final AtomicLongArray counts;
  private final LongAdder sum = new LongAdder();

  private Histogram(long... bounds) {
    this.bounds = bounds;
    this.counts = new AtomicLongArray(bounds.length + 1);
  }

  /// {@return a histogram of durations in nanoseconds, 10 µs to a minute}
  public static Histogram ofDurations() {
    return new Histogram(DURATIONS);
  }

  /// Counts a value.
  ///
  /// @param value the value; a negative one counts as 0
  public void record(long value) {
    long positive = Math.max(0, value);
    int found = Arrays.binarySearch(bounds, positive);
    counts.getAndIncrement(found < 0 ? -found - 1 : found);
    sum.add(positive);
  }

  /// {@return what was counted so far}
  public Distribution snapshot() {
    long[] copy = new long[counts.length()];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = counts.get(i);
    }
    return new Distribution(bounds, copy, sum.sum());
  }
}
