package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import java.lang.foreign.Arena;

/// Arguments of every kind for functions of one number, and how near the results must be.
public final class UnaryCases {
  private static final int BLOCK = 1 << 12;

  /// A prime distance between bit patterns: about 86 000 of all floats, of every exponent.
  private static final int STRIDE = 49_999;

  private static final float[] SPECIAL = {
    0,
    -0f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    -Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    0.5f,
    -0.5f,
    1,
    -1,
    1.5f,
    -1.5f,
    2.5f,
    -2.5f,
    88.72283f,
    88.72284f,
    88.8f,
    -87.33654f,
    -87.33655f,
    -87.4f,
    -103.9f,
    -104.1f,
    0x1p23f,
    -0x1p23f,
    0x1p24f,
    8388607.5f,
    -8388607.5f,
    Float.intBitsToFloat(0x7fc00001),
    Float.intBitsToFloat(0xffffffff),
    3.92f,
    9,
    -9,
    5.4f,
    -5.4f,
    1.5707964f,
    -3.1415927f,
    50984.656f,
    1e5f,
    -100000.01f,
    7.729179e28f,
    -7.729179e28f
  };

  /// A loop that computes a function.
  public interface Loop {
    /// Computes `y[i] = function(x[i])`.
    ///
    /// @param function the function
    /// @param alpha its first parameter
    /// @param beta its second parameter
    /// @param x the address of the arguments
    /// @param y the address of the results
    /// @param n how many
    void apply(UnaryFunction function, float alpha, float beta, long x, long y, int n);
  }

  private UnaryCases() {}

  /// Asserts that a loop agrees with the definition of a function.
  ///
  /// @param function the function
  /// @param loop the loop
  public static void verify(UnaryFunction function, Loop loop) {
    float[][] parameters = {{1, 1}, {0.25f, 0.75f}, {-0.5f, 2}};
    for (float[] parameter : parameters) {
      try (Arena arena = Arena.ofConfined()) {
        long x = arena.allocate(4L * BLOCK, 64).address();
        long y = arena.allocate(4L * BLOCK, 64).address();
        long bits = Integer.MIN_VALUE;
        while (bits <= Integer.MAX_VALUE) {
          int n = 0;
          for (; n < BLOCK && bits <= Integer.MAX_VALUE; bits += STRIDE) {
            Memory.setFloat(x + 4L * n++, Float.intBitsToFloat((int) bits));
          }
          verify(function, parameter[0], parameter[1], loop, x, y, n);
        }
        for (int i = 0; i < SPECIAL.length; i++) {
          Memory.setFloat(x + 4L * i, SPECIAL[i]);
        }
        verify(function, parameter[0], parameter[1], loop, x, y, SPECIAL.length);
      }
    }
  }

  private static void verify(
      UnaryFunction function, float alpha, float beta, Loop loop, long x, long y, int n) {
    loop.apply(function, alpha, beta, x, y, n);
    for (int i = 0; i < n; i++) {
      float argument = Memory.getFloat(x + 4L * i);
      double expected = function.apply(argument, alpha, beta);
      float actual = Memory.getFloat(y + 4L * i);
      assertTrue(
          agrees(function, expected, actual),
          () ->
              "%s(%s; %s, %s): expected %s, got %s"
                  .formatted(function, argument, alpha, beta, expected, actual));
    }
  }

  private static boolean agrees(UnaryFunction function, double expected, float actual) {
    if ((float) expected == actual || Double.isNaN(expected)) {
      return (float) expected == actual || Float.isNaN(actual);
    }
    double tolerance =
        switch (function) {
          case EXP, LOG, SIN, COS -> 2 * ulp(expected);
          case ELU, CELU -> 2 * ulp(expected);
          case TAN -> 4 * ulp(expected);
          case SELU, SIGMOID, LEAKY_RELU, SOFTSIGN, ATAN -> 3 * ulp(expected);
          case TANH, ERF, SOFTPLUS -> 8 * ulp(expected);
          case SILU, MISH -> 1e-6 * Math.max(Math.abs(expected), 1e-6);
          case GELU, GELU_TANH, HARD_SWISH, HARD_SIGMOID, SHRINK ->
              1e-6 * Math.max(Math.abs(expected), 1);
          default -> 0;
        };
    return Math.abs(expected - actual) <= tolerance;
  }

  /// The distance of floats near a value, that of normal numbers at least.
  private static double ulp(double value) {
    return Math.max(Math.ulp((float) value), Float.MIN_NORMAL);
  }
}
