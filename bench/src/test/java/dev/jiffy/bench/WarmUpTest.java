package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final long MS = 1_000_000;

  /// {@return a warm-up of 1 to 10 s after runs whose durations depend on the time passed}
  private static WarmUp after(LongUnaryOperator durationAt) {
    WarmUp warmUp = new WarmUp(1000 * MS, 10_000 * MS);
    while (!warmUp.isDone()) {
      warmUp.add(durationAt.applyAsLong(warmUp.totalNanos()));
    }
    return warmUp;
  }

  @Test
  void steadyRunsTakeTheLeastTime() {
    WarmUp warmUp = after(_ -> MS);
    assertEquals(1000, warmUp.runs());
    assertTrue(warmUp.isSettled());
  }

  @Test
  void itLastsUntilThreeWindowsAgree() {
    WarmUp warmUp = after(time -> time < 2500 * MS ? 8 * MS - 3 * time / 1000 : MS);
    assertTrue(warmUp.isSettled());
    assertTrue(warmUp.totalNanos() >= 2800 * MS, () -> "after " + warmUp.totalNanos());
    assertTrue(warmUp.totalNanos() <= 3200 * MS, () -> "after " + warmUp.totalNanos());
  }

  @Test
  void slowRunsAreAtLeastTwenty() {
    assertEquals(20, after(_ -> 200 * MS).runs());
  }

  @Test
  void itEndsUnsettled() {
    WarmUp warmUp = after(time -> (time / (100 * MS)) % 2 == 0 ? MS : 2 * MS);
    assertFalse(warmUp.isSettled());
    assertTrue(warmUp.totalNanos() >= 10_000 * MS);
  }

  @Test
  void aVerySlowModelEndsIt() {
    assertEquals(3, after(_ -> 4_000 * MS).runs());
  }
}
