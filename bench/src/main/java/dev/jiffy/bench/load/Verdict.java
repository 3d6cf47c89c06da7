package dev.jiffy.bench.load;

import dev.jiffy.bench.record.EarlyStopping;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Stability;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Whether a run can be trusted, and whether it keeps its SLO.
///
/// @param kind which of the three
/// @param reasons why it is not to be trusted, or misses its SLO; empty where it is good
/// @param warnings what does not spoil it but should be known
public record Verdict(Kind kind, List<String> reasons, List<String> warnings) {
  /// The part of the SLO's time, or without SLO of the 99th percentile, that the generator's own
  /// lag may take.
  static final double MOST_LAG = 0.05;

  /// The least lag that counts, in milliseconds: what a thread takes to wake up.
  private static final double LEAST_LAG_MS = 0.05;

  private static final double RATE_TOLERANCE = 0.01;

  /// Kinds of verdicts.
  public enum Kind {
    /// It can be trusted, and keeps its SLO, if there is one.
    VALID,
    /// It can be trusted, and misses its SLO.
    MISSED,
    /// It cannot be trusted.
    INVALID
  }

  /// Copies the lists.
  public Verdict {
    reasons = List.copyOf(reasons);
    warnings = List.copyOf(warnings);
  }

  /// {@return the verdict of one run}
  ///
  /// @param plan what was asked
  /// @param recording what happened
  /// @param summary its figures
  /// @param stability how stable it was
  /// @param slo what was asked for, or null
  static Verdict of(
      Plan plan, Recording recording, Summary summary, Stability stability, @Nullable Slo slo) {
    List<String> invalid = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    double bound = slo == null ? summary.response().p99Ms() : slo.ms();
    if (summary.lag().p99Ms() > Math.max(LEAST_LAG_MS, MOST_LAG * bound)) {
      invalid.add(
          String.format(
              Locale.ROOT,
              "the generator's own lag spoils it: p99 %.3f ms is more than %.0f %% of %.3f ms; give it"
                  + " a core of its own, or a lower rate",
              summary.lag().p99Ms(),
              MOST_LAG * 100,
              bound));
    }
    if (plan.arrivals() instanceof Arrivals.Open
        && !(plan.arrivals() instanceof Arrivals.AllAtOnce)
        && summary.requests() > 1
        && Math.abs(summary.issued() / summary.offered() - 1) > RATE_TOLERANCE) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "requests were issued at %.1f instead of %.1f per second, as no more than %d were let"
                  + " be under way",
              summary.issued(),
              summary.offered(),
              plan.slots()));
    }
    if (summary.answered() == 0) {
      invalid.add("no request was answered");
    }
    if (!stability.isStable()) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "not stable: between thirds of the run throughput differs by a factor of %.2f, p50 by"
                  + " %.2f",
              stability.throughputSpread(),
              stability.p50Spread()));
    }
    if (!summary.errors().isEmpty()) {
      warnings.add("errors: " + summary.errors());
    }
    List<String> missed = new ArrayList<>();
    if (slo != null) {
      constraint(plan, recording, slo, missed, invalid);
    }
    return new Verdict(
        !invalid.isEmpty() ? Kind.INVALID : missed.isEmpty() ? Kind.VALID : Kind.MISSED,
        invalid.isEmpty() ? missed : invalid,
        warnings);
  }

  private static void constraint(
      Plan plan, Recording recording, Slo slo, List<String> missed, List<String> invalid) {
    Percentiles times = Percentiles.of(recording.queryNanos(Time.RESPONSE, plan.timeoutNanos()));
    long at = times.at(slo.p());
    if (at > slo.nanos()) {
      missed.add(
          String.format(
              Locale.ROOT, "%s is %.3f ms, not %s", Slo.percentile(slo.p()), at / 1e6, slo));
      return;
    }
    long missing = EarlyStopping.missing(times, slo.p(), slo.nanos());
    if (missing > 0) {
      invalid.add(
          "too few requests to be sure of %s: %d more without a late one would do"
              .formatted(slo, missing));
    }
  }
}
