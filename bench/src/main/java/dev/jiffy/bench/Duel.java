package dev.jiffy.bench;

import dev.jiffy.bench.record.Interval;
import java.util.Arrays;
import java.util.function.Consumer;

/// Two engines that take turns.
///
/// Both are warmed up by the same rule, then take turns in short rounds, never at the same time.
/// The order within a pair of rounds alternates, so that a drift of the machine cancels out; a
/// pause before each round lets the other's spinning threads go to sleep; and a round's first runs
/// are not taken down.
///
/// @param first the first engine's warm runs
/// @param second the second engine's
/// @param ratio the first's median over the second's
/// @param ratioLow the smallest such ratio in a pair of rounds
/// @param ratioHigh the largest such ratio in a pair of rounds
/// @param ratioInterval the geometric mean of these ratios, and its confidence interval
/// @param rounds the number of pairs of rounds
record Duel(
    Warm first,
    Warm second,
    double ratio,
    double ratioLow,
    double ratioHigh,
    Interval ratioInterval,
    int rounds) {
  private static final long LEAD_IN_NANOS = 30_000_000;
  private static final long ROUND_NANOS = 500_000_000;
  private static final int LEAST_ROUNDS = 4;
  private static final long PAUSE_MILLIS = 100;

  /// {@return the number of rounds that some time is cut into}
  ///
  /// @param nanos the time
  static int rounds(long nanos) {
    return (int) Math.max(LEAST_ROUNDS, nanos / ROUND_NANOS);
  }

  /// {@return what came out}
  ///
  /// @param first runs an engine once, on its inputs
  /// @param second another
  /// @param nanos the time that either runs, after warm-up
  /// @param progress is told in short lines how the work goes
  static Duel of(Runnable first, Runnable second, long nanos, Consumer<String> progress) {
    progress.accept("warming up");
    Rounds one = warmedUp(first);
    Rounds other = warmedUp(second);
    int rounds = rounds(nanos);
    long roundNanos = nanos / rounds;
    progress.accept("measuring %d rounds of %d ms each".formatted(rounds, roundNanos / 1_000_000));
    for (int i = 0; i < rounds; i++) {
      turn(i % 2 == 0 ? one : other, roundNanos);
      turn(i % 2 == 0 ? other : one, roundNanos);
    }
    return of(one.warm(), other.warm());
  }

  private static Duel of(Warm first, Warm second) {
    double[] one = first.mediansMs();
    double[] other = second.mediansMs();
    double[] ratios = new double[one.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = Compare.ratio(one[i], other[i]);
    }
    return new Duel(
        first,
        second,
        Compare.ratio(first.latency().p50Ms(), second.latency().p50Ms()),
        Arrays.stream(ratios).min().orElseThrow(),
        Arrays.stream(ratios).max().orElseThrow(),
        Interval.ofRatios(ratios),
        ratios.length);
  }

  private static Rounds warmedUp(Runnable engine) {
    WarmUp rule = WarmUp.start(Long.MAX_VALUE);
    Rounds.warmUp(engine, rule);
    return new Rounds(engine, rule.runs());
  }

  private static void turn(Rounds rounds, long nanos) {
    pause();
    rounds.leadIn(LEAD_IN_NANOS);
    rounds.round(nanos);
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
