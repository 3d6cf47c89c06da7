package dev.jiffy.bench.load;

/// Tells the time of a run.
interface Clock {
  /// {@return the nanoseconds since the run began}
  long nanos();

  /// {@return when the run began, by [System#nanoTime()]; 0 in simulated time}
  default long origin() {
    return 0;
  }

  /// The clock of a run that begins now.
  final class Real implements Clock {
    private final long origin = System.nanoTime();

    @Override
    public long nanos() {
      return System.nanoTime() - origin;
    }

    @Override
    public long origin() {
      return origin;
    }
  }
}
