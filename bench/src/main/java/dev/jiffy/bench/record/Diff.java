package dev.jiffy.bench.record;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.apache.commons.statistics.inference.FisherExactTest;
import org.apache.commons.statistics.inference.TTest;
import org.jspecify.annotations.Nullable;

/// What changed between two measurements of the same load.
///
/// Requests that follow each other are not independent, so each measurement is cut into at most 20
/// batches in the order of time, each long enough for the figure (for the 99th percentile 1000
/// requests), and the batches' figures are compared by Welch's test; times as logarithms. Parts of
/// requests that failed are compared by Fisher's exact test. A change counts when chance would
/// bring it less than once in a hundred times, and it is large enough to matter.
///
/// @param changes the figures compared
public record Diff(List<Change> changes) {
  private static final double CHANCE = 0.01;
  private static final int MOST_BATCHES = 20;
  private static final int LEAST_BATCHES = 4;

  /// What became of a figure.
  public enum Kind {
    /// Not changed, or not enough to matter, or by chance.
    SAME,
    /// For the better.
    BETTER,
    /// For the worse.
    WORSE,
    /// There are too few requests to say.
    UNKNOWN
  }

  /// A figure before and after.
  ///
  /// @param figure its name
  /// @param before what it was
  /// @param after what it is
  /// @param ratio after over before, null where it was nothing and is something
  /// @param chance the probability of such a difference by chance, null where it is not known
  /// @param kind what became of it
  public record Change(
      String figure,
      double before,
      double after,
      @Nullable Double ratio,
      @Nullable Double chance,
      Kind kind) {}

  /// Copies the list.
  public Diff {
    changes = List.copyOf(changes);
  }

  /// {@return whether a figure changed for the worse}
  public boolean isWorse() {
    return changes.stream().anyMatch(change -> change.kind() == Kind.WORSE);
  }

  /// {@return what changed}
  ///
  /// @param before the runs before, at least one
  /// @param after the runs after, at least one
  /// @param timeoutNanos what a request counts as at least that was not answered
  /// @param least the least change that matters, as a part
  public static Diff of(
      List<Recording> before, List<Recording> after, long timeoutNanos, double least) {
    List<Change> changes = new ArrayList<>();
    changes.add(time("mean_ms", 0.5, before, after, timeoutNanos, least, Percentiles::mean));
    for (double p : new double[] {0.5, 0.9, 0.95, 0.99, 0.999}) {
      String name = "p" + Slo.percentile(p).substring(1).replace(".", "") + "_ms";
      changes.add(time(name, p, before, after, timeoutNanos, least, times -> (double) times.at(p)));
    }
    changes.add(failures(before, after));
    return new Diff(changes);
  }

  private static Change time(
      String name,
      double p,
      List<Recording> before,
      List<Recording> after,
      long timeoutNanos,
      double least,
      ToDoubleFunction<Percentiles> figure) {
    double first = figure.applyAsDouble(all(before, timeoutNanos)) / 1e6;
    double second = figure.applyAsDouble(all(after, timeoutNanos)) / 1e6;
    double[] one = batches(before, p, timeoutNanos, figure);
    double[] other = batches(after, p, timeoutNanos, figure);
    double ratio = second / Math.max(1e-6, first);
    if (one.length < LEAST_BATCHES || other.length < LEAST_BATCHES) {
      return new Change(name, first, second, ratio, null, Kind.UNKNOWN);
    }
    double chance =
        Arrays.equals(one, other) ? 1 : TTest.withDefaults().test(one, other).getPValue();
    boolean counts = chance < CHANCE && Math.abs(ratio - 1) >= least;
    return new Change(
        name,
        first,
        second,
        ratio,
        chance,
        !counts ? Kind.SAME : ratio < 1 ? Kind.BETTER : Kind.WORSE);
  }

  private static Percentiles all(List<Recording> runs, long timeoutNanos) {
    return Percentiles.of(
        runs.stream()
            .flatMapToLong(run -> Arrays.stream(run.nanos(Time.RESPONSE, timeoutNanos)))
            .toArray());
  }

  /// {@return the logarithms of the figure of each batch}
  private static double[] batches(
      List<Recording> runs, double p, long timeoutNanos, ToDoubleFunction<Percentiles> figure) {
    int least = (int) Math.round(10 / (1 - p));
    List<Double> values = new ArrayList<>();
    for (Recording run : runs) {
      long[] times = run.nanos(Time.RESPONSE, timeoutNanos);
      int count = Math.min(Math.max(1, MOST_BATCHES / runs.size()), times.length / least);
      for (int i = 0; i < count; i++) {
        int from = (int) ((long) times.length * i / count);
        int to = (int) ((long) times.length * (i + 1) / count);
        values.add(
            Math.log(
                Math.max(
                    1, figure.applyAsDouble(Percentiles.of(Arrays.copyOfRange(times, from, to))))));
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Change failures(List<Recording> before, List<Recording> after) {
    int[] one = counts(before);
    int[] other = counts(after);
    double first = (double) one[1] / (one[0] + one[1]);
    double second = (double) other[1] / (other[0] + other[1]);
    double chance =
        one[1] + other[1] == 0
            ? 1
            : FisherExactTest.withDefaults().test(new int[][] {one, other}).getPValue();
    Kind kind = chance >= CHANCE ? Kind.SAME : second < first ? Kind.BETTER : Kind.WORSE;
    Double ratio = first > 0 ? (Double) (second / first) : second == 0 ? 1.0 : null;
    return new Change("failed_part", first, second, ratio, chance, kind);
  }

  /// {@return the requests that were answered, and those that were not}
  private static int[] counts(List<Recording> runs) {
    int[] counts = new int[2];
    for (Recording run : runs) {
      for (int i = 0; i < run.size(); i++) {
        counts[run.isOk(i) ? 0 : 1]++;
      }
    }
    return counts;
  }
}
