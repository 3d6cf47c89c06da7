package dev.jiffy.bench;

import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;

/// The rule by which runs stop to count as warm-up.
///
/// Runs are cut into windows. The engine is warm when, over the last five windows, the medians lie
/// within 5 % of each other and the JVM has spent less than 10 % of the time compiling, at least a
/// given time and 20 runs after the start; and, settled or not, when the most time is spent. The
/// compiler must be asked because code that waits for it runs at a steady pace, too.
public final class WarmUp {
  private static final int WINDOWS = 5;
  private static final double SPREAD = 1.05;
  private static final double COMPILING = 0.1;
  private static final long WINDOW_NANOS = 200_000_000;
  private static final int WINDOW_RUNS = 5;
  private static final int LEAST_RUNS = 20;
  private static final long LEAST_NANOS = 2_000_000_000;
  private static final long MOST_NANOS = 20_000_000_000L;

  private final long leastNanos;
  private final long mostNanos;
  private final LongSupplier compileMillis;
  private final Histogram window = new Histogram(3);
  private final long[] medians = new long[WINDOWS];
  private final long[] windowsNanos = new long[WINDOWS];
  private final long[] windowsCompiled = new long[WINDOWS];
  private long compiledBefore;
  private long windowNanos;
  private long totalNanos;
  private long runs;
  private int windows;
  private boolean settled;

  /// A warm-up that has not begun.
  ///
  /// @param leastNanos the least time it takes
  /// @param mostNanos the most time it takes
  /// @param compileMillis tells how long the JVM has compiled so far, in milliseconds
  WarmUp(long leastNanos, long mostNanos, LongSupplier compileMillis) {
    this.leastNanos = leastNanos;
    this.mostNanos = mostNanos;
    this.compileMillis = compileMillis;
    this.compiledBefore = compileMillis.getAsLong();
  }

  /// {@return a warm-up that has not begun, of at least 2 s and at most 20 s, or less where less is
  /// allowed}
  ///
  /// @param mostNanos the most time that is allowed
  public static WarmUp start(long mostNanos) {
    var compiler = ManagementFactory.getCompilationMXBean();
    return new WarmUp(
        Math.min(LEAST_NANOS, mostNanos),
        Math.min(MOST_NANOS, mostNanos),
        compiler == null ? () -> 0 : compiler::getTotalCompilationTime);
  }

  /// Counts a run.
  ///
  /// @param nanos how long it took
  public void add(long nanos) {
    window.recordValue(nanos);
    windowNanos += nanos;
    totalNanos += nanos;
    runs++;
    if (windowNanos >= WINDOW_NANOS && window.getTotalCount() >= WINDOW_RUNS) {
      int slot = windows++ % WINDOWS;
      long compiled = compileMillis.getAsLong();
      medians[slot] = window.getValueAtPercentile(50);
      windowsNanos[slot] = windowNanos;
      windowsCompiled[slot] = compiled - compiledBefore;
      compiledBefore = compiled;
      window.reset();
      windowNanos = 0;
      settled = windows >= WINDOWS && spread() <= SPREAD && compiling() < COMPILING;
    }
  }

  /// {@return the part of the windows' time that the JVM has compiled}
  private double compiling() {
    return LongStream.of(windowsCompiled).sum() * 1e6 / LongStream.of(windowsNanos).sum();
  }

  private double spread() {
    long low = Long.MAX_VALUE;
    long high = 0;
    for (long median : medians) {
      low = Math.min(low, median);
      high = Math.max(high, median);
    }
    return (double) high / Math.max(1, low);
  }

  /// {@return whether what follows may be measured}
  public boolean isDone() {
    return totalNanos >= mostNanos || (settled && totalNanos >= leastNanos && runs >= LEAST_RUNS);
  }

  /// {@return whether the engine was steady when last looked at}
  public boolean isSettled() {
    return settled;
  }

  /// {@return the runs counted}
  public long runs() {
    return runs;
  }

  /// {@return the time that the runs took, in nanoseconds}
  public long totalNanos() {
    return totalNanos;
  }
}
