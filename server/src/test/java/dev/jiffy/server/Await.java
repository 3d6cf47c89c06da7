package dev.jiffy.server;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Waits for what others do.
public final class Await {
  private static final long MOST_SECONDS = 60;
  private static final long PAUSE_MILLIS = 10;

  private Await() {}

  /// Waits until something is so, and fails if it is not in a time that would do for any machine.
  ///
  /// @param isSo whether it is
  /// @throws Exception if it cannot be told
  public static void until(Callable<Boolean> isSo) throws Exception {
    until(isSo, () -> "it has never been so");
  }

  /// Waits until something is so, and fails if it is not in a time that would do for any machine.
  ///
  /// @param isSo whether it is
  /// @param seen what is to be said then
  /// @throws Exception if it cannot be told
  public static void until(Callable<Boolean> isSo, Supplier<String> seen) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (!isSo.call()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(seen.get());
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
