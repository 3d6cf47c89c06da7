package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Breakdown;
import dev.jiffy.bench.record.Event;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Stability;
import dev.jiffy.bench.record.Summary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One run and what follows from it.
///
/// @param summary its figures
/// @param metric the number that its scenario is about
/// @param stability whether it was the same from begin to end
/// @param verdict whether it can be trusted
/// @param breakdowns where the time around p50, p95 and p99 goes
/// @param events what happened beside
/// @param recording every request
public record Run(
    Summary summary,
    Scenario.Metric metric,
    Stability stability,
    Verdict verdict,
    List<Breakdown> breakdowns,
    List<Event> events,
    Recording recording) {
  /// Copies the lists.
  public Run {
    breakdowns = List.copyOf(breakdowns);
    events = List.copyOf(events);
  }

  /// {@return what follows from a recording}
  ///
  /// @param scenario what was to be found out
  /// @param plan what was asked
  /// @param slo what was asked for, or null
  /// @param recording what happened
  /// @param events what happened beside
  public static Run of(
      Scenario scenario, Plan plan, @Nullable Slo slo, Recording recording, List<Event> events) {
    Summary summary = Summary.of(recording, slo, plan.timeoutNanos());
    Stability stability = Stability.of(recording, plan.timeoutNanos());
    return new Run(
        summary,
        scenario.metric(recording, summary, slo, plan.timeoutNanos()),
        stability,
        Verdict.of(plan, recording, summary, stability, slo),
        Breakdown.of(recording, events, 0.5, 0.95, 0.99),
        events,
        recording);
  }
}
