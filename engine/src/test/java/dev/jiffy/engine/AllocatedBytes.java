package dev.jiffy.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// The counter of the bytes that the current thread has allocated on the Java heap, found by
/// reflection: the module of the engine does not read that of the counter.
public final class AllocatedBytes {
  private final MethodHandle counter;

  /// Finds the counter.
  ///
  /// @throws ReflectiveOperationException if this JVM has none
  public AllocatedBytes() throws ReflectiveOperationException {
    Object threads =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    counter =
        MethodHandles.publicLookup()
            .findVirtual(
                Class.forName("com.sun.management.ThreadMXBean"),
                "getCurrentThreadAllocatedBytes",
                MethodType.methodType(long.class))
            .bindTo(threads);
  }

  /// {@return the fewest bytes that a round of something allocates}
  ///
  /// Rounds are made until one allocates nothing, for a minute: the JIT compiler takes its time to
  /// remove what unoptimised code allocates.
  ///
  /// @param round one round
  /// @throws Throwable what the counter throws
  public long least(Runnable round) throws Throwable {
    long end = System.nanoTime() + 60_000_000_000L;
    long least = Long.MAX_VALUE;
    while (least > 0 && System.nanoTime() < end) {
      long before = now();
      round.run();
      least = Math.min(least, now() - before);
    }
    return least;
  }

  private long now() throws Throwable {
    return (long) counter.invokeExact();
  }
}
