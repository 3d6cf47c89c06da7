package dev.jiffy.cli;

import dev.jiffy.bench.WarmedUp;
import dev.jiffy.bench.load.FindPeak;
import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.load.Verdict;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What came of a load as lines for a person.
final class LoadText {
  private LoadText() {}

  /// {@return the lines}
  static String of(Load.Result result) {
    List<String> lines = new ArrayList<>();
    lines.add(result.subject() + ", " + result.scenario());
    lines.add(verdict(result));
    lines.addAll(result.verdict().reasons());
    lines.add("");
    lines.add(
        "%-22s %10s %10s %9s %9s %9s %9s %9s %9s %9s %7s %9s"
            .formatted(
                "load",
                "throughput",
                "goodput",
                "mean",
                "p50",
                "p90",
                "p95",
                "p99",
                "p99.9",
                "p99.99",
                "errors",
                "lag p99"));
    for (Load.Point point : result.points()) {
      point.runs().forEach(run -> lines.add(row(point.label(), run)));
      for (Map.Entry<String, Interval> entry : point.intervals().entrySet()) {
        Interval interval = entry.getValue();
        lines.add(
            "  %s over %d runs: mean %.4g, 95 %% confident of %.4g to %.4g, variation %.1f %%"
                .formatted(
                    entry.getKey(),
                    interval.count(),
                    interval.mean(),
                    interval.low(),
                    interval.high(),
                    interval.variation() * 100));
      }
    }
    result.verdict().warnings().forEach(warning -> lines.add("note: " + warning));
    lines.addAll(notes(result));
    return String.join("\n", lines);
  }

  private static String row(String label, Run run) {
    Summary summary = run.summary();
    Spread times = summary.response();
    long errors = summary.requests() - summary.answered();
    return "%-22s %10.1f %10.1f %9s %9s %9s %9s %9s %9s %9s %7d %9s"
        .formatted(
            label,
            summary.throughput(),
            summary.goodput(),
            Quantities.duration(times.meanMs()),
            Quantities.duration(times.p50Ms()),
            Quantities.duration(times.p90Ms()),
            Quantities.duration(times.p95Ms()),
            Quantities.duration(times.p99Ms()),
            Quantities.duration(times.p999Ms()),
            Quantities.duration(times.p9999Ms()),
            errors,
            Quantities.duration(summary.lag().p99Ms()));
  }

  /// {@return the result in one line}
  static String verdict(Load.Result result) {
    Run run = result.main().first();
    Summary summary = run.summary();
    Verdict.Kind kind = result.verdict().kind();
    Slo slo = result.slo();
    List<String> parts = new ArrayList<>();
    parts.add(
        switch (kind) {
          case VALID -> "VALID";
          case MISSED -> "SLO MISSED";
          case INVALID -> "INVALID";
        });
    Double value = run.metric().value();
    if (slo == null) {
      parts.add(
          value == null
              ? "too few requests for the " + run.metric().name()
              : run.metric().unit().equals("ms")
                  ? "%s of %s".formatted(Quantities.duration(value), run.metric().name())
                  : "%.1f %s %s".formatted(value, run.metric().unit(), run.metric().name()));
    } else {
      double at = at(run, result, slo);
      parts.add(
          "%.1f requests/s with %s %s"
              .formatted(
                  summary.throughput(),
                  Slo.percentile(slo.p()),
                  Quantities.duration(at)
                      + (at > slo.ms() ? " > " : " ≤ ")
                      + Quantities.duration(slo.ms())));
      parts.add("goodput %.2f %%".formatted(summary.good() * 100));
    }
    parts.add("%,d requests".formatted(summary.requests()));
    parts.add(
        summary.errors().isEmpty()
            ? "no errors"
            : "%,d errors".formatted(summary.requests() - summary.answered()));
    parts.add("generator lag p99 " + Quantities.duration(summary.lag().p99Ms()));
    return String.join(" · ", parts);
  }

  private static double at(Run run, Load.Result result, Slo slo) {
    long timeout = Math.round(result.timeoutMs() * 1e6);
    return Percentiles.of(run.recording().queryNanos(Time.RESPONSE, timeout)).at(slo.p()) / 1e6;
  }

  /// {@return what else is to be known}
  static List<String> notes(Load.Result result) {
    List<String> notes = new ArrayList<>();
    FindPeak peak = result.peak();
    if (peak != null) {
      notes.add(
          "peak %.1f requests/s with %s%s; saturated at %.1f; %d probes"
              .formatted(
                  peak.rate(),
                  result.slo(),
                  peak.isConfirmed() ? ", confirmed by a full run" : ", NOT confirmed",
                  peak.saturation(),
                  peak.probes().size()));
    }
    WarmedUp warm = result.warmUp();
    notes.add(
        warm == null
            ? "no warm-up"
            : "warm-up of %,d requests in %.1f s, %s, not measured"
                .formatted(
                    warm.runs(), warm.seconds(), warm.isSettled() ? "settled" : "NOT settled"));
    notes.add(
        "at most %d requests at a time, %s%s, arrivals %s"
            .formatted(
                result.slots(),
                result.timeoutMs() == 0
                    ? "no timeout"
                    : "timeout " + Quantities.duration(result.timeoutMs()),
                result.deadlineMs() == 0
                    ? ""
                    : ", deadline " + Quantities.duration(result.deadlineMs()),
                result.arrivals()));
    notes.add(
        "%s, %d processors, %s, %s"
            .formatted(
                result.environment().cpu(),
                result.environment().cores(),
                result.environment().os(),
                result.environment().jdk()));
    return notes;
  }
}
