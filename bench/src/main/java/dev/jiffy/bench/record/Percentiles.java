package dev.jiffy.bench.record;

import java.util.Arrays;

/// Times in order, and what part of them lies below which.
///
/// A percentile is one of the times: of n times in ascending order that of `p` is the one at index
/// ⌊n·p⌋, counted from 0, so that at least the part `p` of all times is not longer. This is the
/// definition of MLPerf's LoadGen; nothing is interpolated or rounded to buckets.
public final class Percentiles {
  private final long[] sorted;

  private Percentiles(long[] sorted) {
    this.sorted = sorted;
  }

  /// {@return the percentiles of some times}
  ///
  /// @param nanos the times in any order, at least one; copied
  /// @throws IllegalArgumentException if there is none
  public static Percentiles of(long[] nanos) {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("no request: there are no percentiles of nothing");
    }
    long[] sorted = nanos.clone();
    Arrays.parallelSort(sorted);
    return new Percentiles(sorted);
  }

  /// {@return the number of times}
  public int count() {
    return sorted.length;
  }

  /// {@return the time at a percentile, in nanoseconds}
  ///
  /// @param p the part of the times, 0 to 1
  public long at(double p) {
    return sorted[index(sorted.length, p)];
  }

  /// {@return the index of a percentile among times in ascending order}
  ///
  /// @param count the number of times
  /// @param p the part of the times, 0 to 1
  static int index(int count, double p) {
    return (int) Math.min(count - 1, (long) (count * p));
  }

  /// {@return the time that so many others are not shorter than, in nanoseconds}
  ///
  /// @param fromTop how many, the longest included
  long fromTop(long fromTop) {
    return sorted[(int) (sorted.length - fromTop)];
  }

  /// {@return how many times are longer than a bound}
  ///
  /// @param nanos the bound
  public long above(long nanos) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] > nanos) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return (long) sorted.length - low;
  }

  /// {@return the mean in nanoseconds}
  public double mean() {
    double sum = 0;
    for (long nanos : sorted) {
      sum += nanos;
    }
    return sum / sorted.length;
  }

  /// {@return the standard deviation in nanoseconds, of the times as a sample}
  public double standardDeviation() {
    double mean = mean();
    double squares = 0;
    for (long nanos : sorted) {
      squares += (nanos - mean) * (nanos - mean);
    }
    return sorted.length < 2 ? 0 : Math.sqrt(squares / (sorted.length - 1));
  }
}
