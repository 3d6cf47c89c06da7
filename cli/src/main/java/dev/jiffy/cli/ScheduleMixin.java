package dev.jiffy.cli;

import dev.jiffy.server.schedule.Policy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say how requests are scheduled.
final class ScheduleMixin {
  @Option(
      names = "--instances",
      paramLabel = "N",
      converter = OptionValues.Count.class,
      description = "How many batches of one model are computed at a time; 1 by default.")
  private int instances = Policy.defaults().instances();

  @Option(
      names = "--max-batch",
      paramLabel = "ROWS",
      converter = OptionValues.Count.class,
      description = {
        "The most rows that are computed together; 64 by default, 1 for none.",
        "Requests are only joined that wait anyway, where it raises throughput."
      })
  private int maxBatch = Policy.defaults().maxBatch();

  @Option(
      names = "--latency-target",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description =
          "The time within which answers are wanted, which bounds batches; 0.1 by default.")
  private Duration latencyTarget = Policy.defaults().latencyTarget();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = {
        "The deadline of requests that bring none; no deadline by default.",
        "A request that would be late is refused when it comes, or dropped."
      })
  private @Nullable Duration timeout;

  @Option(
      names = "--queue",
      paramLabel = "N",
      converter = OptionValues.Count.class,
      description = "The most requests of one model that may wait; 256 by default.")
  private int queue = Policy.defaults().queueCapacity();

  @Option(
      names = "--padding",
      description = {
        "Also join texts of different lengths, by padding.",
        "Answers are then the same up to rounding, not to the bit."
      })
  private boolean padding;

  /// {@return the options as the server takes them}
  Policy policy() {
    return new Policy(instances, queue, maxBatch, latencyTarget, timeout, !padding);
  }
}
