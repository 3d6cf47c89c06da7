package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

import java.util.Arrays;

/// Running sums along the middle dimension of `[outer, n, inner]`, from either end.
public final class RunningSums {
  private RunningSums() {}

  /// Sums f32, in f64.
  ///
  /// @param exclusive whether an element's own value is left out
  /// @param reverse whether sums run from the end
  /// @param x the elements
  /// @param y the sums
  /// @param outer extent of the first dimension
  /// @param n extent of the dimension that is summed along
  /// @param inner extent of the last dimension
  /// @param sums an array of as many elements
  public static void floats(
      boolean exclusive,
      boolean reverse,
      long x,
      long y,
      long outer,
      long n,
      int inner,
      double[] sums) {
    long row = 4L * inner;
    long step = reverse ? -row : row;
    for (long o = 0; o < outer; o++) {
      long first = (o * n + (reverse ? n - 1 : 0)) * row;
      if (inner == 1) {
        line(exclusive, x + first, y + first, step, n);
        continue;
      }
      Arrays.fill(sums, 0, inner, 0);
      for (long k = 0; k < n; k++) {
        row(exclusive, x + first + k * step, y + first + k * step, inner, sums);
      }
    }
  }

  private static void line(boolean exclusive, long x, long y, long step, long n) {
    double sum = 0;
    for (long k = 0; k < n; k++) {
      double next = sum + Memory.getFloat(x + k * step);
      Memory.setFloat(y + k * step, (float) (exclusive ? sum : next));
      sum = next;
    }
  }

  private static void row(boolean exclusive, long x, long y, int inner, double[] sums) {
    for (int i = 0; i < inner; i++) {
      double next = sums[i] + Memory.getFloat(x + 4L * i);
      Memory.setFloat(y + 4L * i, (float) (exclusive ? sums[i] : next));
      sums[i] = next;
    }
  }

  /// Sums i64 as [#floats] does f32; what overflows wraps around.
  ///
  /// @param exclusive whether an element's own value is left out
  /// @param reverse whether sums run from the end
  /// @param x the elements
  /// @param y the sums
  /// @param outer extent of the first dimension
  /// @param n extent of the dimension that is summed along
  /// @param inner extent of the last dimension
  public static void longs(
      boolean exclusive, boolean reverse, long x, long y, long outer, long n, long inner) {
    long row = 8 * inner;
    long step = reverse ? -row : row;
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        long first = (o * n + (reverse ? n - 1 : 0)) * row + 8 * i;
        longLine(exclusive, x + first, y + first, step, n);
      }
    }
  }

  private static void longLine(boolean exclusive, long x, long y, long step, long n) {
    long sum = 0;
    for (long k = 0; k < n; k++) {
      long next = sum + ALL.get(Memory.LONG, x + k * step);
      ALL.set(Memory.LONG, y + k * step, exclusive ? sum : next);
      sum = next;
    }
  }
}
