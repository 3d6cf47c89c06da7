package dev.jiffy.bench;

import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/// Two engines that take turns.
///
/// Both are warmed up by the same rule, then take turns in short rounds, never at the same time.
/// The order within a pair of rounds alternates, so that a drift of the machine cancels out; a
/// pause before each round lets the other's spinning threads go to sleep; and a round's first runs
/// are not recorded.
///
/// @param first the warm runs of the first engine, of all rounds
/// @param second the same of the second
/// @param ratio the first's median over the second's
/// @param ratioLow the smallest such ratio in a pair of rounds
/// @param ratioHigh the largest such ratio in a pair of rounds
/// @param rounds the number of pairs of rounds
record Duel(
    Latency first, Latency second, double ratio, double ratioLow, double ratioHigh, int rounds) {
  private static final long LEAD_IN_NANOS = 30_000_000;
  private static final long ROUND_NANOS = 500_000_000;
  private static final int LEAST_ROUNDS = 4;
  private static final long PAUSE_MILLIS = 100;

  /// {@return what came out}
  ///
  /// @param first an engine with its inputs
  /// @param second another
  /// @param nanos the time that either runs, after warm-up
  /// @param progress is told in short lines how the work goes
  static Duel of(Engine first, Engine second, long nanos, Consumer<String> progress) {
    progress.accept("warming up");
    Rounds.warmUp(first, Rounds.warmUpRule());
    Rounds.warmUp(second, Rounds.warmUpRule());
    int rounds = (int) Math.max(LEAST_ROUNDS, nanos / ROUND_NANOS);
    progress.accept(
        "measuring %d rounds of %d ms each".formatted(rounds, nanos / rounds / 1_000_000));
    Histogram firstAll = Latency.histogram();
    Histogram secondAll = Latency.histogram();
    Histogram firstRound = Latency.histogram();
    Histogram secondRound = Latency.histogram();
    double low = Double.POSITIVE_INFINITY;
    double high = 0;
    for (int i = 0; i < rounds; i++) {
      if (i % 2 == 0) {
        round(first, nanos / rounds, firstRound, firstAll);
        round(second, nanos / rounds, secondRound, secondAll);
      } else {
        round(second, nanos / rounds, secondRound, secondAll);
        round(first, nanos / rounds, firstRound, firstAll);
      }
      double ratio = ratio(firstRound, secondRound);
      low = Math.min(low, ratio);
      high = Math.max(high, ratio);
    }
    return new Duel(
        Latency.of(firstAll), Latency.of(secondAll), ratio(firstAll, secondAll), low, high, rounds);
  }

  private static void round(Engine engine, long nanos, Histogram round, Histogram all) {
    pause();
    Rounds.leadIn(engine, LEAD_IN_NANOS);
    round.reset();
    Rounds.record(engine, nanos, round);
    all.add(round);
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return the ratio of the medians, to four digits}
  private static double ratio(Histogram first, Histogram second) {
    double ratio =
        (double) first.getValueAtPercentile(50) / Math.max(1, second.getValueAtPercentile(50));
    return Math.round(ratio * 1e4) / 1e4;
  }
}
