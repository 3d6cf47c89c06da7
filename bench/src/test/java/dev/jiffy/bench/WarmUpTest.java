package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final long MS = 1_000_000;

  /// {@return a warm-up of 2 to 20 s after runs whose durations depend on the time passed, in a JVM
  /// that compiles for a while}
  private static WarmUp after(LongUnaryOperator durationAt, long compiledNanos) {
    long[] now = {0};
    WarmUp warmUp = new WarmUp(2_000 * MS, 20_000 * MS, () -> Math.min(now[0], compiledNanos) / MS);
    while (!warmUp.isDone()) {
      warmUp.add(durationAt.applyAsLong(warmUp.totalNanos()));
      now[0] = warmUp.totalNanos();
    }
    return warmUp;
  }

  private static WarmUp after(LongUnaryOperator durationAt) {
    return after(durationAt, 0);
  }

  @Test
  void steadyRunsTakeTheLeastTime() {
    WarmUp warmUp = after(_ -> MS);
    assertEquals(2000, warmUp.runs());
    assertTrue(warmUp.isSettled());
  }

  @Test
  void itLastsUntilFiveWindowsAgree() {
    WarmUp warmUp = after(time -> time < 2500 * MS ? 8 * MS - 3 * time / 1000 : MS);
    assertTrue(warmUp.isSettled());
    assertTrue(warmUp.totalNanos() >= 3500 * MS, () -> "after " + warmUp.totalNanos());
    assertTrue(warmUp.totalNanos() <= 4000 * MS, () -> "after " + warmUp.totalNanos());
  }

  @Test
  void itLastsUntilTheCompilerIsIdle() {
    WarmUp warmUp = after(_ -> MS, 5_000 * MS);
    assertTrue(warmUp.isSettled());
    assertTrue(warmUp.totalNanos() >= 5_900 * MS, () -> "after " + warmUp.totalNanos());
    assertTrue(warmUp.totalNanos() <= 6_300 * MS, () -> "after " + warmUp.totalNanos());
  }

  @Test
  void slowRunsFillWindowsOfFive() {
    assertEquals(25, after(_ -> 200 * MS).runs());
  }

  @Test
  void itEndsUnsettled() {
    WarmUp warmUp = after(time -> (time / (200 * MS)) % 2 == 0 ? MS : 2 * MS);
    assertFalse(warmUp.isSettled());
    assertTrue(warmUp.totalNanos() >= 20_000 * MS);
  }

  @Test
  void aVerySlowModelEndsIt() {
    assertEquals(5, after(_ -> 4_000 * MS).runs());
  }
}
