package dev.jiffy.bench;

import org.HdrHistogram.Histogram;

/// How long warm runs take, one after the other. Times are in milliseconds.
///
/// @param p50Ms half of the runs were at most this long
/// @param p90Ms 90 % of the runs were
/// @param p99Ms 99 % of the runs were
/// @param meanMs the mean
/// @param minMs the shortest run
/// @param maxMs the longest run
/// @param count the number of runs measured
/// @param runsPerSecond how many runs one caller gets in a second, from the mean
public record Latency(
    double p50Ms,
    double p90Ms,
    double p99Ms,
    double meanMs,
    double minMs,
    double maxMs,
    long count,
    double runsPerSecond) {

  /// {@return the histogram that runs are recorded in: nanoseconds up to an hour, 3 digits}
  static Histogram histogram() {
    return new Histogram(3_600_000_000_000L, 3);
  }

  /// {@return the figures of recorded runs}
  ///
  /// @param nanos the durations in nanoseconds, at least one
  static Latency of(Histogram nanos) {
    double mean = nanos.getMean();
    return new Latency(
        ms(nanos.getValueAtPercentile(50)),
        ms(nanos.getValueAtPercentile(90)),
        ms(nanos.getValueAtPercentile(99)),
        ms(Math.round(mean)),
        ms(nanos.getMinValue()),
        ms(nanos.getMaxValue()),
        nanos.getTotalCount(),
        Math.round(1e11 / mean) / 100.0);
  }

  /// {@return nanoseconds as milliseconds}
  static double ms(long nanos) {
    return nanos / 1e6;
  }
}
