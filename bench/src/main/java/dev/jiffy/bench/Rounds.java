package dev.jiffy.bench;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recorder;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Time;
import java.util.ArrayList;
import java.util.List;

/// The warm runs of one engine, one after the other in rounds, every one of which is taken down.
///
/// Allocation is counted over the runs of the lead-ins, as taking down runs takes memory too.
final class Rounds {
  /// The most runs that are taken down, 16 bytes each.
  private static final int MOST_RUNS = 20_000_000;

  private final Runnable engine;
  private final long warmUpRuns;
  private long origin;
  private Recorder recorder = new Recorder();
  private final List<Integer> ends = new ArrayList<>();
  private long allocated;
  private long leadInRuns;

  /// Rounds of an engine that is warm.
  ///
  /// @param engine runs the engine once, on its inputs
  /// @param warmUpRuns how many runs made it so
  Rounds(Runnable engine, long warmUpRuns) {
    this.engine = engine;
    this.warmUpRuns = warmUpRuns;
  }

  /// Runs until the rule says that the engine is warm.
  static void warmUp(Runnable engine, WarmUp rule) {
    while (!rule.isDone()) {
      rule.add(once(engine));
    }
  }

  /// {@return how long one run takes, in nanoseconds}
  static long once(Runnable engine) {
    long start = System.nanoTime();
    engine.run();
    return System.nanoTime() - start;
  }

  /// Runs for a time without taking down runs, at least once, so that caches and threads are this
  /// engine's; and counts what is allocated.
  ///
  /// @param nanos the time to spend
  void leadIn(long nanos) {
    allocated +=
        Bench.allocated(() -> {
          long start = System.nanoTime();
          do {
            engine.run();
            leadInRuns++;
          } while (System.nanoTime() - start < nanos);
        });
  }

  /// Runs for a time, at least once, and takes down every run; less where there are 20 million.
  ///
  /// @param nanos the time to spend
  void round(long nanos) {
    long start = System.nanoTime();
    if (ends.isEmpty()) {
      origin = start;
      recorder = new Recorder(origin);
    }
    long before = start;
    do {
      engine.run();
      long after = System.nanoTime();
      long issued = before - origin;
      recorder.end(recorder.begin(issued, issued, issued, 0), after - origin, Outcome.OK);
      before = System.nanoTime();
    } while (before - start < nanos && recorder.size() < MOST_RUNS);
    ends.add(recorder.size());
  }

  /// {@return what the rounds have shown}
  Warm warm() {
    Recording all = recorder.recording();
    List<Percentiles> rounds = new ArrayList<>();
    int from = 0;
    for (int to : ends) {
      rounds.add(Percentiles.of(all.slice(from, to).nanos(Time.SERVICE, 0)));
      from = to;
    }
    return new Warm(
        all, rounds, Math.round((double) allocated / Math.max(1, leadInRuns)), warmUpRuns);
  }
}
