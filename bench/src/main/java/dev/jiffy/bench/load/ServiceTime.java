package dev.jiffy.bench.load;

import java.util.random.RandomGenerator;

/// How long a simulated system works on a request.
public sealed interface ServiceTime {
  /// {@return the time for one request in nanoseconds}
  ///
  /// @param random decides what is left to chance
  long nanos(RandomGenerator random);

  /// Always the same.
  ///
  /// @param nanos the time
  record Fixed(long nanos) implements ServiceTime {
    @Override
    public long nanos(RandomGenerator random) {
      return nanos;
    }
  }

  /// Exponential.
  ///
  /// @param meanNanos the mean
  record Exponential(long meanNanos) implements ServiceTime {
    @Override
    public long nanos(RandomGenerator random) {
      return Math.round(-StrictMath.log1p(-random.nextDouble()) * meanNanos);
    }
  }

  /// Mostly short, at times long, seldom very long: 98.5 %, 1.35 % and 0.15 % of the requests, so
  /// that p99 and p99.9 are known.
  ///
  /// @param nanos the time of most
  /// @param p99Nanos the time of the next
  /// @param p999Nanos the time of the rest
  record Tailed(long nanos, long p99Nanos, long p999Nanos) implements ServiceTime {
    @Override
    public long nanos(RandomGenerator random) {
      double u = random.nextDouble();
      return u < 0.985 ? nanos : u < 0.9985 ? p99Nanos : p999Nanos;
    }
  }
}
