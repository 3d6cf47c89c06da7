package dev.jiffy.cli;

import dev.jiffy.bench.Bench;
import dev.jiffy.bench.load.Arrivals;
import dev.jiffy.bench.load.Extent;
import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Order;
import dev.jiffy.bench.load.Plan;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.load.Scenario;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;

/// The runs of a model, one after the other, as the page of a load.
final class BenchPage {
  private BenchPage() {}

  /// {@return the page}
  ///
  /// @param result what was measured
  /// @param command the command that made it
  static String of(Bench.Result result, String command) {
    Arrivals one = ArrivalsMixin.one();
    Extent extent = Extent.requests(result.recording().size());
    Plan plan = new Plan(one, extent, new Order(1, true, 0), 1, Long.MAX_VALUE);
    Run run = Run.of(Scenario.SINGLE_STREAM, plan, null, result.recording(), List.of());
    return LoadPage.of(
        new Load.Result(
            Measurements.subject(result.model(), result.name(), result.shapes()),
            Scenario.SINGLE_STREAM.label(),
            one,
            null,
            1,
            0,
            result.warmUp(),
            null,
            List.of(new Load.Point("one after the other", null, List.of(run), Map.of())),
            run.verdict(),
            result.environment(),
            ManagementFactory.getRuntimeMXBean().getInputArguments()),
        command);
  }
}
