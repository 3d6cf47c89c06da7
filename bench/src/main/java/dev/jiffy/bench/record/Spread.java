package dev.jiffy.bench.record;

/// How times are spread, in milliseconds. Percentiles are those of [Percentiles].
///
/// @param count the number of times
/// @param meanMs the mean
/// @param deviationMs the standard deviation
/// @param minMs the shortest
/// @param p50Ms half of the times are at most this long
/// @param p90Ms 90 % are
/// @param p95Ms 95 % are
/// @param p97Ms 97 % are
/// @param p99Ms 99 % are
/// @param p999Ms 99.9 % are
/// @param p9999Ms 99.99 % are
/// @param maxMs the longest
public record Spread(
    long count,
    double meanMs,
    double deviationMs,
    double minMs,
    double p50Ms,
    double p90Ms,
    double p95Ms,
    double p97Ms,
    double p99Ms,
    double p999Ms,
    double p9999Ms,
    double maxMs) {
  /// {@return the spread of some times}
  ///
  /// @param times the times
  public static Spread of(Percentiles times) {
    return new Spread(
        times.count(),
        ms(times.mean()),
        ms(times.standardDeviation()),
        at(times, 0),
        at(times, 0.5),
        at(times, 0.9),
        at(times, 0.95),
        at(times, 0.97),
        at(times, 0.99),
        at(times, 0.999),
        at(times, 0.9999),
        at(times, 1));
  }

  private static double at(Percentiles times, double p) {
    return times.at(p) / 1e6;
  }

  private static double ms(double nanos) {
    return Math.round(nanos) / 1e6;
  }
}
