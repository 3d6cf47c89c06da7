package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.LongUnaryOperator;

/// Native f32 arrays of a test, each between two guards.
public final class Floats implements AutoCloseable {
  private static final float GUARD = 12345.5f;
  private static final int GUARDS = 20;

  private final Arena arena = Arena.ofConfined();
  private final Random random;
  private final LongUnaryOperator allocator;
  private final int guards;

  /// Prepares arrays with guards of numbers.
  ///
  /// @param seed of random numbers
  public Floats(long seed) {
    random = new Random(seed);
    allocator = bytes -> arena.allocate(bytes, 64).address();
    guards = GUARDS;
  }

  /// Prepares arrays whose guards are not the concern of this.
  ///
  /// @param seed of random numbers
  /// @param allocator from bytes to the address of guarded memory
  public Floats(long seed, LongUnaryOperator allocator) {
    random = new Random(seed);
    this.allocator = allocator;
    guards = 0;
  }

  /// {@return the address of some elements, a guard before and after}
  ///
  /// @param n how many
  public long empty(long n) {
    long from = allocator.applyAsLong(4 * (n + 2L * guards));
    for (long i = 0; i < n + 2L * guards; i++) {
      Memory.setFloat(from + 4 * i, GUARD);
    }
    return from + 4L * guards;
  }

  /// {@return the address of normally distributed elements}
  ///
  /// @param n how many
  public long normal(long n) {
    long from = empty(n);
    for (long i = 0; i < n; i++) {
      Memory.setFloat(from + 4 * i, (float) random.nextGaussian());
    }
    return from;
  }

  /// {@return the address of a copy}
  ///
  /// @param x the elements
  /// @param n how many
  public long copy(long x, long n) {
    long from = empty(n);
    for (long i = 0; i < n; i++) {
      Memory.setFloat(from + 4 * i, Memory.getFloat(x + 4 * i));
    }
    return from;
  }

  /// Puts NaN and infinities among elements.
  ///
  /// @param x the elements
  /// @param n how many
  public void spoil(long x, long n) {
    float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, -0f};
    for (float value : special) {
      Memory.setFloat(x + 4 * random.nextLong(n), value);
    }
  }

  /// Asserts that results agree with the oracle's within an error relative to the larger of 1 and
  /// the result, and that the guards are whole.
  ///
  /// @param what for the message
  /// @param expected the oracle's results
  /// @param actual the results
  /// @param n how many
  /// @param tolerance the greatest error
  public void assertClose(String what, long expected, long actual, long n, double tolerance) {
    for (long i = -guards; i < n + guards; i++) {
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
