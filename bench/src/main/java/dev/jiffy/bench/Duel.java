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
/// @param first the first engine's warm runs
/// @param second the second engine's
/// @param ratio the first's median over the second's
/// @param ratioLow the smallest such ratio in a pair of rounds
/// @param ratioHigh the largest such ratio in a pair of rounds
/// @param rounds the number of pairs of rounds
record Duel(Warm first, Warm second, double ratio, double ratioLow, double ratioHigh, int rounds) {
  private static final long LEAD_IN_NANOS = 30_000_000;
  private static final long ROUND_NANOS = 500_000_000;
  private static final int LEAST_ROUNDS = 4;
  private static final long PAUSE_MILLIS = 100;

  /// The warm runs of one engine, of all rounds.
  ///
  /// @param latency how long they took
  /// @param allocatedBytesPerRun what one allocated on the Java heap, over all threads
  /// @param warmUpRuns the runs before the rounds
  record Warm(Latency latency, long allocatedBytesPerRun, long warmUpRuns) {}

  /// {@return what came out}
  ///
  /// @param first an engine with its inputs
  /// @param second another
  /// @param nanos the time that either runs, after warm-up
  /// @param progress is told in short lines how the work goes
  static Duel of(Engine first, Engine second, long nanos, Consumer<String> progress) {
    progress.accept("warming up");
    Side one = new Side(first);
    Side other = new Side(second);
    int rounds = (int) Math.max(LEAST_ROUNDS, nanos / ROUND_NANOS);
    long roundNanos = nanos / rounds;
    progress.accept("measuring %d rounds of %d ms each".formatted(rounds, roundNanos / 1_000_000));
    double low = Double.POSITIVE_INFINITY;
    double high = 0;
    for (int i = 0; i < rounds; i++) {
      if (i % 2 == 0) {
        one.round(roundNanos);
        other.round(roundNanos);
      } else {
        other.round(roundNanos);
        one.round(roundNanos);
      }
      double ratio = ratio(one.latest, other.latest);
      low = Math.min(low, ratio);
      high = Math.max(high, ratio);
    }
    return new Duel(one.warm(), other.warm(), ratio(one.all, other.all), low, high, rounds);
  }

  /// One engine, warmed up, and what its rounds have shown so far.
  private static final class Side {
    private final Engine engine;
    private final long warmUpRuns;
    private final Histogram latest = Latency.histogram();
    private final Histogram all = Latency.histogram();
    private long allocated;

    Side(Engine engine) {
      this.engine = engine;
      WarmUp rule = WarmUp.start(Long.MAX_VALUE);
      Rounds.warmUp(engine, rule);
      warmUpRuns = rule.runs();
    }

    void round(long nanos) {
      pause();
      Rounds.leadIn(engine, LEAD_IN_NANOS);
      latest.reset();
      allocated += Bench.allocated(() -> Rounds.record(engine, nanos, latest));
      all.add(latest);
    }

    Warm warm() {
      return new Warm(
          Latency.of(all), Math.round((double) allocated / all.getTotalCount()), warmUpRuns);
    }
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
    return Compare.ratio(
        (double) first.getValueAtPercentile(50), (double) second.getValueAtPercentile(50));
  }
}
