package dev.jiffy.bench.load;

/// Tells the time of a run.
interface Clock {
  /// {@return the nanoseconds since the run began}
  long nanos();

  /// {@return the clock of a run that begins now}
  static Clock real() {
    long start = System.nanoTime();
    return () -> System.nanoTime() - start;
  }
}
