package dev.jiffy.bench.load;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/// When requests arrive.
///
/// In a closed loop a request is made when an earlier one has ended, so that a slow system is asked
/// less. Open arrivals follow a schedule that is made beforehand and that no system slows down, as
/// users who do not know of each other. The same values make the same schedule on every machine.
public sealed interface Arrivals {
  /// {@return other arrivals of the same kind, as far as chance decides them; else the same}
  ///
  /// @param by which others; of 0 these
  default Arrivals reseeded(int by) {
    return this;
  }

  /// Some at a time: the next when one has ended.
  ///
  /// @param concurrency how many queries are under way, at least 1
  /// @param perQuery how many requests a query has, all issued together, at least 1; a query has
  ///   ended when all of them have; more than 1 only with a concurrency of 1
  record Closed(int concurrency, int perQuery) implements Arrivals {
    /// Checks the numbers.
    public Closed {
      if (concurrency < 1 || perQuery < 1 || (perQuery > 1 && concurrency > 1)) {
        throw new IllegalArgumentException(
            "a closed loop has at least one query of one request, and queries of several one after"
                + " the other, got %d of %d".formatted(concurrency, perQuery));
      }
    }
  }

  /// Arrivals on a schedule.
  sealed interface Open extends Arrivals {
    /// {@return when requests arrive, in nanoseconds since the run began, in ascending order}
    ///
    /// @param extent how long the run is; what says itself how long it is ignores it
    long[] schedule(Extent extent);
  }

  /// Arrivals of which a rate is known.
  sealed interface Rated extends Open {
    /// {@return the mean rate, per second}
    double rate();

    /// {@return the same arrivals at another mean rate}
    ///
    /// @param perSecond the rate, above 0
    Rated at(double perSecond);

    @Override
    Rated reseeded(int by);

    /// {@return a source of the gaps between arrivals, in seconds}
    Gaps gaps();

    @Override
    default long[] schedule(Extent extent) {
      long most = extent.minRequests();
      double expected = Math.max((double) most, rate() * extent.minNanos() / 1e9);
      if (expected > Extent.MOST_REQUESTS) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%.0f requests are more than the %d of one run",
                expected,
                Extent.MOST_REQUESTS));
      }
      Gaps gaps = gaps();
      long[] schedule = new long[(int) (expected * 1.05) + 64];
      int count = 0;
      double at = gaps.first();
      while (!extent.isReached(Math.round(at * 1e9), count)) {
        if (count == schedule.length) {
          schedule = Arrays.copyOf(schedule, count + count / 2);
        }
        schedule[count++] = Math.round(at * 1e9);
        at += gaps.next();
      }
      return Arrays.copyOf(schedule, count);
    }
  }

  /// Gaps between arrivals.
  interface Gaps {
    /// {@return the next gap in seconds}
    double next();

    /// {@return when the first request arrives, in seconds}
    default double first() {
      return next();
    }
  }

  /// One after the other at equal distances, the first at once.
  ///
  /// @param rate per second, above 0
  record Constant(double rate) implements Rated {
    /// Checks the rate.
    public Constant {
      checkRate(rate);
    }

    @Override
    public Constant at(double perSecond) {
      return new Constant(perSecond);
    }

    @Override
    public Constant reseeded(int by) {
      return this;
    }

    @Override
    public long[] schedule(Extent extent) {
      long byTime = (long) Math.ceil(rate * extent.minNanos() / 1e9 - 1e-9);
      long count = Math.max(extent.minRequests(), byTime);
      if (count > Extent.MOST_REQUESTS) {
        throw new IllegalArgumentException(
            "%d requests are more than the %d of one run".formatted(count, Extent.MOST_REQUESTS));
      }
      long[] schedule = new long[(int) count];
      for (int i = 0; i < schedule.length; i++) {
        schedule[i] = Math.round(i / rate * 1e9); // no rounding adds up
      }
      return schedule;
    }

    @Override
    public Gaps gaps() {
      return () -> 1 / rate;
    }
  }

  /// Independent of each other: exponential gaps.
  ///
  /// @param rate the mean per second, above 0
  /// @param seed decides the schedule
  record Poisson(double rate, long seed) implements Rated {
    /// Checks the rate.
    public Poisson {
      checkRate(rate);
    }

    @Override
    public Poisson at(double perSecond) {
      return new Poisson(perSecond, seed);
    }

    @Override
    public Poisson reseeded(int by) {
      return new Poisson(rate, seed + by);
    }

    @Override
    public Gaps gaps() {
      RandomGenerator random = random(seed);
      return () -> exponential(random) / rate;
    }
  }

  /// Gaps of a gamma distribution: in bursts where its shape is below 1, independent at 1, more
  /// even above.
  ///
  /// @param rate the mean per second, above 0
  /// @param shape the shape, above 0
  /// @param seed decides the schedule
  record Gamma(double rate, double shape, long seed) implements Rated {
    /// Checks the numbers.
    public Gamma {
      checkRate(rate);
      if (!(shape > 0 && shape < 1e6)) {
        throw new IllegalArgumentException("the shape must be above 0, got " + shape);
      }
    }

    @Override
    public Gamma at(double perSecond) {
      return new Gamma(perSecond, shape, seed);
    }

    @Override
    public Gamma reseeded(int by) {
      return new Gamma(rate, shape, seed + by);
    }

    @Override
    public Gaps gaps() {
      RandomGenerator random = random(seed);
      return () -> gamma(random, shape) / (shape * rate);
    }
  }

  /// The same kind of arrivals at one rate after the other, by other chances in each step.
  ///
  /// @param base the arrivals
  /// @param factors what their rate is multiplied by in each step, at least one, each above 0
  /// @param secondsEach how long a step is, above 0
  record Steps(Rated base, List<Double> factors, double secondsEach) implements Open {
    /// Checks and copies the factors.
    public Steps {
      factors = List.copyOf(factors);
      if (factors.isEmpty() || !(secondsEach > 0 && secondsEach < 1e6)) {
        throw new IllegalArgumentException(
            "steps need factors and a time above 0, got %s of %s s"
                .formatted(factors, secondsEach));
      }
      factors.forEach(Arrivals::checkRate);
    }

    @Override
    public Steps reseeded(int by) {
      return new Steps(base.reseeded(by * factors.size()), factors, secondsEach);
    }

    @Override
    public long[] schedule(Extent extent) {
      long length = Extent.seconds(secondsEach).minNanos();
      long[] all =
          IntStream.range(0, factors.size())
              .mapToObj(number ->
                  Arrays.stream(step(number))
                      .filter(at -> at < length)
                      .map(at -> number * length + at))
              .flatMapToLong(each -> each)
              .toArray();
      return all.length > 0 ? all : Arrays.copyOf(step(0), 1);
    }

    /// {@return when requests of a step arrive, in nanoseconds since its begin; at least one does,
    /// if after its end}
    private long[] step(int number) {
      return base.at(base.rate() * factors.get(number))
          .reseeded(number)
          .schedule(Extent.seconds(secondsEach));
    }
  }

  /// As they once arrived.
  ///
  /// @param nanos when, in nanoseconds since the run began, in ascending order, at least one
  record Replay(List<Long> nanos) implements Open {
    /// Checks the order and copies the list.
    public Replay {
      nanos = List.copyOf(nanos);
      long last = 0;
      for (long at : nanos) {
        if (at < last) {
          throw new IllegalArgumentException("arrivals must be in ascending order from 0 on");
        }
        last = at;
      }
      if (nanos.isEmpty()) {
        throw new IllegalArgumentException("no arrival to replay");
      }
    }

    @Override
    public long[] schedule(Extent extent) {
      return nanos.stream().mapToLong(Long::longValue).toArray();
    }
  }

  /// All at once.
  ///
  /// @param count how many, at least 1
  record AllAtOnce(int count) implements Open {
    /// Checks the number.
    public AllAtOnce {
      if (count < 1) {
        throw new IllegalArgumentException("at least one request, got " + count);
      }
    }

    @Override
    public long[] schedule(Extent extent) {
      return new long[count];
    }
  }

  private static void checkRate(double rate) {
    if (!(rate > 0 && rate <= 1e9)) {
      throw new IllegalArgumentException("a rate must be above 0 and at most 1e9, got " + rate);
    }
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private static double exponential(RandomGenerator random) {
    return -StrictMath.log1p(-random.nextDouble());
  }

  /// Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000.
  private static double gamma(RandomGenerator random, double shape) {
    if (shape < 1) {
      double boost = StrictMath.pow(random.nextDouble(), 1 / shape);
      return gamma(random, shape + 1) * boost;
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = 1 + c * x;
      v = v * v * v;
      if (v > 0
          && StrictMath.log(1 - random.nextDouble())
              < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
        return d * v;
      }
    }
  }
}
