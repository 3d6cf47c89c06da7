package dev.jiffy.bench.record;

import java.util.Arrays;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;

/// Whether a run was the same from its begin to its end.
///
/// @param throughputSpread the largest over the smallest number of requests answered in a third of
///   the run
/// @param p50Spread the largest over the smallest median response time of a third
/// @param p99Spread the same of the 99th percentile
/// @param halvesDistance how far the distributions of the response times of the two halves are
///   apart at most (the Kolmogorov-Smirnov statistic), 0 to 1
public record Stability(
    double throughputSpread, double p50Spread, double p99Spread, double halvesDistance) {
  private static final int WINDOWS = 3;
  private static final double MOST = 1.1;

  /// {@return how stable a run was}
  ///
  /// @param recording what happened; of less than 30 requests nothing can be said, and all are 1
  ///   and 0
  /// @param timeoutNanos what a request counts as at least that was not answered
  public static Stability of(Recording recording, long timeoutNanos) {
    int n = recording.size();
    if (n < 10 * WINDOWS) {
      return new Stability(1, 1, 1, 0);
    }
    long[] response = recording.nanos(Time.RESPONSE, timeoutNanos);
    double[] p50 = new double[WINDOWS];
    double[] p99 = new double[WINDOWS];
    double[] answered = new double[WINDOWS];
    long end = recording.endNanos();
    for (int i = 0; i < n; i++) {
      if (recording.isOk(i)) {
        long window = recording.completedNanos(i) * WINDOWS / Math.max(1, end);
        answered[(int) Math.min(WINDOWS - 1, window)]++;
      }
    }
    for (int i = 0; i < WINDOWS; i++) {
      Percentiles third =
          Percentiles.of(Arrays.copyOfRange(response, n * i / WINDOWS, n * (i + 1) / WINDOWS));
      p50[i] = third.at(0.5);
      p99[i] = third.at(0.99);
    }
    return new Stability(spread(answered), spread(p50), spread(p99), distance(response));
  }

  /// {@return whether throughput and median differ by at most 10 % between the thirds}
  public boolean isStable() {
    return throughputSpread <= MOST && p50Spread <= MOST;
  }

  private static double spread(double[] values) {
    double low = Arrays.stream(values).min().orElseThrow();
    double high = Arrays.stream(values).max().orElseThrow();
    return high / Math.max(1, low);
  }

  private static double distance(long[] times) {
    int half = times.length / 2;
    double[] all = Arrays.stream(times).asDoubleStream().toArray();
    return KolmogorovSmirnovTest.withDefaults()
        .statistic(Arrays.copyOf(all, half), Arrays.copyOfRange(all, half, all.length));
  }
}
