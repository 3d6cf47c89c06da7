package dev.jiffy.bench;

import org.HdrHistogram.Histogram;

/// The loops that run an engine and take the time.
final class Rounds {
  private Rounds() {}

  /// Runs until the rule says that the engine is warm.
  static void warmUp(Engine engine, WarmUp rule) {
    while (!rule.isDone()) {
      rule.add(once(engine));
    }
  }

  /// {@return how long one run takes, in nanoseconds}
  static long once(Engine engine) {
    long start = System.nanoTime();
    engine.run();
    return System.nanoTime() - start;
  }

  /// Runs for a time, at least once, and records every run.
  ///
  /// @param engine what runs
  /// @param nanos the time to spend
  /// @param durations takes the runs' durations in nanoseconds
  static void record(Engine engine, long nanos, Histogram durations) {
    long start = System.nanoTime();
    long before = start;
    long after;
    do {
      engine.run();
      after = System.nanoTime();
      durations.recordValue(after - before);
      before = System.nanoTime();
    } while (before - start < nanos);
  }

  /// Runs for a time without looking, at least once, so that caches and threads are this engine's.
  static void leadIn(Engine engine, long nanos) {
    long start = System.nanoTime();
    do {
      engine.run();
    } while (System.nanoTime() - start < nanos);
  }
}
