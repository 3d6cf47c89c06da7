package dev.jiffy.bench.record;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;

/// A mean of repeated measurements, and between what it lies with a confidence of 95 % (Student's
/// distribution; the measurements are taken to be independent and about normal).
///
/// @param count the number of measurements
/// @param mean their mean
/// @param low the lower end; that of one measurement alone is not known and -∞
/// @param high the upper end; that of one measurement alone is not known and ∞
/// @param variation the coefficient of variation: the standard deviation over the mean
public record Interval(int count, double mean, double low, double high, double variation) {
  private static final double CONFIDENCE = 0.95;

  /// {@return the interval of measurements}
  ///
  /// @param values the measurements, at least one
  public static Interval of(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("no measurement: there is no interval of nothing");
    }
    int n = values.length;
    double mean = Arrays.stream(values).average().orElseThrow();
    if (n == 1) {
      return new Interval(1, mean, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 0);
    }
    double deviation = deviation(values, mean);
    double half =
        TDistribution.of(n - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2)
            * deviation
            / Math.sqrt(n);
    return new Interval(
        n, mean, mean - half, mean + half, mean == 0 ? 0 : deviation / Math.abs(mean));
  }

  /// {@return the interval of ratios: their geometric mean, and between what it lies, from their
  /// logarithms; the variation is the standard deviation of these}
  ///
  /// @param ratios the ratios, at least one, each above 0
  public static Interval ofRatios(double[] ratios) {
    double[] logs = Arrays.stream(ratios).map(Math::log).toArray();
    Interval interval = of(logs);
    return new Interval(
        interval.count(),
        Math.exp(interval.mean()),
        Math.exp(interval.low()),
        Math.exp(interval.high()),
        deviation(logs, interval.mean()));
  }

  private static double deviation(double[] values, double mean) {
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  }
}
