package dev.jiffy.bench.record;

import org.apache.commons.numbers.gamma.RegularizedBeta;
import org.jspecify.annotations.Nullable;

/// How many requests it takes to be sure of a percentile (MLPerf Inference rules, appendix "Early
/// stopping").
///
/// With a confidence of 99 %, the part of requests within a bound is at least `p` when, of n
/// requests, t were over the bound and n ≥ h(t) + t. h(t) is the smallest number with I(h, t + 1;
/// p) ≤ 1 - 0.99, where I is the regularized incomplete beta function: the probability that among h
/// + t requests at most t are over the bound although the part 1 - p is.
public final class EarlyStopping {
  private static final double CONFIDENCE = 0.99;

  private EarlyStopping() {}

  /// {@return the requests needed when some of them are over the bound: h(t) + t}
  ///
  /// @param p the part of requests that is to be within the bound, above 0 and below 1
  /// @param over the requests over the bound, t, at least 0
  public static long needed(double p, long over) {
    if (!(p > 0 && p < 1) || over < 0) {
      throw new IllegalArgumentException(
          "p must be above 0 and below 1 and the requests over the bound at least 0, got %s and %d"
              .formatted(p, over));
    }
    long low = 0;
    long high = 1;
    while (!isEnough(p, high, over)) {
      low = high;
      high = Math.multiplyExact(high, 2);
    }
    while (high - low > 1) {
      long middle = low + (high - low) / 2;
      if (isEnough(p, middle, over)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high + over;
  }

  private static boolean isEnough(double p, long within, long over) {
    return RegularizedBeta.value(p, (double) within, over + 1.0) <= 1 - CONFIDENCE;
  }

  /// What a run says of a percentile with confidence.
  ///
  /// @param p the percentile as a part
  /// @param estimateNanos the time within which the part `p` of all requests is, with a confidence
  ///   of 99 %, in nanoseconds; null where there are too few requests to say
  /// @param needed the requests needed to say anything
  public record Estimate(double p, @Nullable Long estimateNanos, long needed) {}

  /// {@return the estimate of a percentile: the time t-th from the top, for the largest t with h(t)
  /// + t ≤ n, counting the longest as the 0th}
  ///
  /// @param times the times of all requests
  /// @param p the percentile as a part
  public static Estimate estimate(Percentiles times, double p) {
    long needed = needed(p, 1);
    if (times.count() < needed) {
      return new Estimate(p, null, needed);
    }
    long low = 1;
    long high = times.count();
    while (high - low > 1) {
      long middle = low + (high - low) / 2;
      if (needed(p, middle) <= times.count()) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return new Estimate(p, times.fromTop(low), needed);
  }

  /// {@return how many more requests with no further one over the bound it takes to be sure that
  /// the part `p` is within it; 0 where that is sure}
  ///
  /// @param times the times of all requests
  /// @param p the part
  /// @param boundNanos the bound
  public static long missing(Percentiles times, double p, long boundNanos) {
    return Math.max(0, needed(p, times.above(boundNanos)) - times.count());
  }
}
