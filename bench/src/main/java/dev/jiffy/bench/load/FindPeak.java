package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The highest rate at which an SLO holds.
///
/// @param rate the rate, per second; 0 where it does not hold at any
/// @param saturation what a closed loop gets answered per second, where the search began
/// @param isConfirmed whether a full run at the rate holds the SLO with confidence
/// @param probes the rates tried, in their order
/// @param run the full run at the rate, null where there is none
public record FindPeak(
    double rate, double saturation, boolean isConfirmed, List<Probe> probes, @Nullable Run run) {
  private static final double PRECISION = 1.015;
  private static final double LEAST_ANSWERED = 0.95;
  private static final double STEP_BACK = 0.97;
  private static final int CONFIRMATIONS = 6;
  private static final int WIDENINGS = 8;
  private static final int MOST_AT_A_TIME = 64;

  /// A rate that was tried.
  ///
  /// @param rate the rate, per second
  /// @param atPercentileMs the response time at the SLO's percentile, in milliseconds
  /// @param holds whether the SLO held and requests were answered as they came
  public record Probe(double rate, double atPercentileMs, boolean holds) {}

  /// Copies the list.
  public FindPeak {
    probes = List.copyOf(probes);
  }

  /// {@return the highest rate}
  ///
  /// What a closed loop gets answered per second is the first upper bound; while the SLO holds
  /// there, the bound is widened; then the range is halved until its ends are within 1.5 %. A probe
  /// has only to keep the SLO; the rate found must keep it with confidence in a full run, or is
  /// lowered by 3 %.
  ///
  /// @param subject what is asked
  /// @param plan the full run, whose arrivals have a rate
  /// @param arrivals the plan's arrivals
  /// @param slo what must hold
  /// @param probe the extent of a probe
  /// @param progress is told in short lines how the work goes
  public static FindPeak search(
      Subject subject,
      Plan plan,
      Arrivals.Rated arrivals,
      Slo slo,
      Extent probe,
      Consumer<String> progress) {
    Search search = new Search(subject, plan, arrivals, slo, probe, progress);
    double saturation = search.saturation();
    double high = saturation;
    double low = 0;
    for (int i = 0; i < WIDENINGS && search.holds(high); i++) {
      low = high;
      high *= 1.25;
    }
    double least = saturation / 256;
    while (high > least && (low == 0 || high / low > PRECISION)) {
      double middle = low == 0 ? high / 2 : (low + high) / 2;
      if (search.holds(middle)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    if (low == 0) {
      return new FindPeak(0, saturation, false, search.probes, null);
    }
    Run run = search.full(low);
    for (int i = 1; i < CONFIRMATIONS && run.verdict().kind() == Verdict.Kind.MISSED; i++) {
      low *= STEP_BACK;
      run = search.full(low);
    }
    return new FindPeak(
        low, saturation, run.verdict().kind() == Verdict.Kind.VALID, search.probes, run);
  }

  private static final class Search {
    private final Subject subject;
    private final Plan plan;
    private final Arrivals.Rated arrivals;
    private final Slo slo;
    private final Extent probe;
    private final Consumer<String> progress;
    private final List<Probe> probes = new ArrayList<>();

    Search(
        Subject subject,
        Plan plan,
        Arrivals.Rated arrivals,
        Slo slo,
        Extent probe,
        Consumer<String> progress) {
      this.subject = subject;
      this.plan = plan;
      this.arrivals = arrivals;
      this.slo = slo;
      this.probe = probe;
      this.progress = progress;
    }

    double saturation() {
      Arrivals closed = new Arrivals.Closed(Math.min(MOST_AT_A_TIME, plan.slots()), 1);
      Recording recording = subject.run(plan.with(closed, probe), issued -> {});
      double rate = Summary.of(recording, null, plan.timeoutNanos()).throughput();
      progress.accept("saturated at %.1f requests/s".formatted(rate));
      if (!(rate > 0)) {
        throw new IllegalArgumentException(
            "%s answers nothing: %s".formatted(subject.name(), recording.outcomes()));
      }
      return rate;
    }

    boolean holds(double rate) {
      Recording recording = subject.run(plan.with(arrivals.at(rate), probe), issued -> {});
      Percentiles times = Percentiles.of(recording.nanos(Time.RESPONSE, plan.timeoutNanos()));
      Summary summary = Summary.of(recording, slo, plan.timeoutNanos());
      boolean holds =
          times.at(slo.p()) <= slo.nanos()
              && summary.throughput() >= LEAST_ANSWERED * Math.min(rate, summary.offered());
      Probe tried = new Probe(rate, times.at(slo.p()) / 1e6, holds);
      probes.add(tried);
      progress.accept(
          "%.1f requests/s: %s %.3f ms, %s"
              .formatted(
                  rate,
                  Slo.percentile(slo.p()),
                  tried.atPercentileMs(),
                  holds ? "holds" : "too much"));
      return holds;
    }

    Run full(double rate) {
      progress.accept("a full run at %.1f requests/s".formatted(rate));
      Plan full = plan.with(arrivals.at(rate), plan.extent());
      try (Watch watch = new Watch()) {
        Recording recording = subject.run(full, issued -> {});
        return Run.of(Scenario.SERVER, full, slo, recording, watch.events(recording.originNanos()));
      }
    }
  }
}
