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

/// What the requests of one model took so far, stage by stage, and how they ended. Every request
/// that is accepted ends once, so that `accepted` is the sum of all endings when nothing is under
/// way. Shared between threads.
public final class Tally {
  private final Histogram answered = Histogram.ofDurations();
  private final Histogram unanswered = Histogram.ofDurations();
  private final Map<Stage, Histogram> stages = new EnumMap<>(Stage.class);
  private final Map<Ending, LongAdder> endings = new EnumMap<>(Ending.class);
  private final LongAdder accepted = new LongAdder();
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

  /// A request has come that this model is to answer.
  public void accepted() {
    accepted.increment();
  }

  /// A request that was accepted has ended.
  ///
  /// @param ending how
  /// @param stopwatch where its time went
  public void ended(Ending ending, Stopwatch stopwatch) {
    long nanos = System.nanoTime() - stopwatch.arrivedNanos();
    if (ending.kind() == Ending.Kind.ANSWERED) {
      answered.record(nanos);
      stages.forEach((stage, histogram) -> {
        if (stopwatch.isTimed(stage)) {
          histogram.record(stopwatch.nanos(stage));
        }
      });
      lastMillis = System.currentTimeMillis();
    } else {
      unanswered.record(nanos);
    }
    adder(ending).increment();
  }

  /// {@return how many requests have come}
  public long acceptedCount() {
    return accepted.sum();
  }

  /// {@return how many requests ended in some way}
  ///
  /// @param ending the way
  public long count(Ending ending) {
    return adder(ending).sum();
  }

  /// {@return how many requests ended in some kind of way}
  ///
  /// @param kind the kind
  public long count(Ending.Kind kind) {
    long count = 0;
    for (Map.Entry<Ending, LongAdder> each : endings.entrySet()) {
      count += each.getKey().kind() == kind ? each.getValue().sum() : 0;
    }
    return count;
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
