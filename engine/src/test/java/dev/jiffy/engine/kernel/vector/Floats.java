package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.Arena;
import java.util.Random;

/// Native f32 arrays of a test, each between two guards.
final class Floats implements AutoCloseable {
  private static final float GUARD = 12345.5f;
  private static final int GUARDS = 20;

  private final Arena arena = Arena.ofConfined();
  private final Random random;

  Floats(long seed) {
    random = new Random(seed);
  }

  /// {@return the address of some elements, a guard before and after}
  long empty(long n) {
    long from = arena.allocate(4 * (n + 2L * GUARDS), 64).address();
    for (long i = 0; i < n + 2L * GUARDS; i++) {
      Memory.setFloat(from + 4 * i, GUARD);
    }
    return from + 4L * GUARDS;
  }

  /// {@return the address of normally distributed elements}
  long normal(long n) {
    long from = empty(n);
    for (long i = 0; i < n; i++) {
      Memory.setFloat(from + 4 * i, (float) random.nextGaussian());
    }
    return from;
  }

  /// {@return the address of a copy}
  long copy(long x, long n) {
    long from = empty(n);
    for (long i = 0; i < n; i++) {
      Memory.setFloat(from + 4 * i, Memory.getFloat(x + 4 * i));
    }
    return from;
  }

  /// Puts NaN and infinities among elements.
  void spoil(long x, long n) {
    float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, -0f};
    for (float value : special) {
      Memory.setFloat(x + 4 * random.nextLong(n), value);
    }
  }

  /// Asserts that results agree with the oracle's within an error relative to the larger of 1 and
  /// the result, and that the guards are whole.
  void assertClose(String what, long expected, long actual, long n, double tolerance) {
    for (long i = -GUARDS; i < n + GUARDS; i++) {
      float want = i < 0 || i >= n ? GUARD : Memory.getFloat(expected + 4 * i);
      float have = Memory.getFloat(actual + 4 * i);
      boolean same = want == have || (Float.isNaN(want) && Float.isNaN(have));
      double limit = i < 0 || i >= n ? 0 : tolerance * Math.max(1, Math.abs(want));
      if (!same && !(Math.abs((double) want - have) <= limit)) {
        assertTrue(false, what + ", element " + i + ": expected " + want + ", got " + have);
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
