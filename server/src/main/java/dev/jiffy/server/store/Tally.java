package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelStatistics.Spent;
import dev.jiffy.server.metrics.Distribution;
import dev.jiffy.server.metrics.Histogram;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// What the requests of one model took so far, stage by stage, and how they ended. Shared between
/// threads.
public final class Tally {
  private final Histogram answered = Histogram.ofDurations();
  private final Histogram unanswered = Histogram.ofDurations();
  private final Map<Stage, Histogram> stages = new EnumMap<>(Stage.class);
  private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
  private volatile long lastMillis;

  /// Nothing so far.
  Tally() {
    for (Stage stage : Stage.values()) {
      stages.put(stage, Histogram.ofDurations());
    }
    for (Ending ending : Ending.values()) {
      endings.put(ending, new LongAdder());
    }
  }

  /// A request was answered.
  ///
  /// @param stopwatch where its time went
  public void answered(Stopwatch stopwatch) {
    answered.record(System.nanoTime() - stopwatch.arrivedNanos());
    stages.forEach((stage, histogram) -> {
      if (stopwatch.isTimed(stage)) {
        histogram.record(stopwatch.nanos(stage));
      }
    });
    adder(Ending.ANSWERED).increment();
    lastMillis = System.currentTimeMillis();
  }

  /// A request was not answered.
  ///
  /// @param ending how it ended instead
  /// @param arrivedNanos when it came, by [System#nanoTime()]
  public void failed(Ending ending, long arrivedNanos) {
    unanswered.record(System.nanoTime() - arrivedNanos);
    adder(ending).increment();
  }

  /// {@return how many requests ended in some way}
  ///
  /// @param ending the way
  public long count(Ending ending) {
    return adder(ending).sum();
  }

  private LongAdder adder(Ending ending) {
    return Objects.requireNonNull(endings.get(ending));
  }

  /// {@return the time from arrival to answer of requests that were answered}
  public Distribution answered() {
    return answered.snapshot();
  }

  /// {@return the time from arrival to the refusal of requests that were not answered}
  public Distribution unanswered() {
    return unanswered.snapshot();
  }

  /// {@return the time that a stage took of each request that was answered}
  ///
  /// @param stage the stage
  public Distribution spread(Stage stage) {
    return Objects.requireNonNull(stages.get(stage)).snapshot();
  }

  /// {@return the time that a stage took of all requests that were answered}
  Spent spent(Stage stage) {
    return spent(spread(stage));
  }

  /// {@return count and sum of a distribution}
  static Spent spent(Distribution distribution) {
    return new Spent(distribution.count(), distribution.sum());
  }

  long lastMillis() {
    return lastMillis;
  }
}
