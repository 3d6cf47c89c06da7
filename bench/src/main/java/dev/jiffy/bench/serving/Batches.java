package dev.jiffy.bench.serving;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;

/// What it gains to compute requests of one process together.
public final class Batches {
  private static final int ROUNDS = 15;
  private static final int WARM_UP_ROUNDS = 8;

  private Batches() {}

  /// Requests answered a second, each kind in its best round, since what else the machine does only
  /// takes.
  ///
  /// @param inFlight how many requests were under way
  /// @param aloneRate where each is computed alone
  /// @param togetherRate where those that wait are computed together
  /// @param ratio the second over the first
  public record Gain(int inFlight, double aloneRate, double togetherRate, double ratio) {}

  /// {@return what batches gain; both kinds take turns}
  ///
  /// @param alone asks, the number of the request given, and computes each request alone
  /// @param together asks, and computes together what waits
  /// @param inFlight how many requests are under way
  /// @param nanos how long a round is; there are fifteen of each kind, and eight to warm up
  /// @throws InterruptedException if the thread is interrupted
  public static Gain gain(
      IntFunction<? extends CompletableFuture<?>> alone,
      IntFunction<? extends CompletableFuture<?>> together,
      int inFlight,
      long nanos)
      throws InterruptedException {
    double aloneRate = 0;
    double togetherRate = 0;
    for (int i = -WARM_UP_ROUNDS; i < ROUNDS; i++) {
      double one = rate(alone, inFlight, nanos);
      double other = rate(together, inFlight, nanos);
      if (i >= 0) {
        aloneRate = Math.max(aloneRate, one);
        togetherRate = Math.max(togetherRate, other);
      }
    }
    return new Gain(inFlight, aloneRate, togetherRate, togetherRate / aloneRate);
  }

  /// {@return the requests answered a second, of which some are under way at a time}
  private static double rate(
      IntFunction<? extends CompletableFuture<?>> ask, int inFlight, long nanos)
      throws InterruptedException {
    Semaphore room = new Semaphore(inFlight);
    long begin = System.nanoTime();
    int asked = 0;
    while (System.nanoTime() - begin < nanos) {
      room.acquire();
      var _ = ask.apply(asked++).whenComplete((_, _) -> room.release());
    }
    room.acquire(inFlight);
    return asked * 1e9 / (System.nanoTime() - begin);
  }
}
