package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.tensor.DType;

/// Sums along the middle dimension of `[outer, n, inner]`, of numbers of 32 and 64 bits other than
/// f32; those of integers wrap around.
public final class Sums {
  private Sums() {}

  /// {@return whether there are loops for a type}
  ///
  /// @param type the type
  public static boolean isSupported(DType type) {
    return type == DType.F64 || type == DType.I32 || type == DType.I64;
  }

  /// Computes sums as [RowKernels#sum] does.
  ///
  /// @param type one that [#isSupported]
  /// @param x the elements
  /// @param y the sums, `[outer, inner]`
  /// @param outer extent of the first dimension
  /// @param n extent of the dimension that is summed along
  /// @param inner extent of the last dimension
  public static void sum(DType type, long x, long y, long outer, long n, long inner) {
    int bytes = type.bytes();
    long step = inner * bytes;
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        long from = x + (o * n * inner + i) * bytes;
        long to = y + (o * inner + i) * bytes;
        switch (type) {
          case F64 -> ALL.set(Memory.DOUBLE, to, doubles(from, step, n));
          case I64 -> ALL.set(Memory.LONG, to, longs(from, step, n));
          case I32 -> ALL.set(Memory.INT, to, ints(from, step, n));
          default -> throw new IllegalArgumentException("no sums of " + type);
        }
      }
    }
  }

  private static double doubles(long x, long step, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += ALL.get(Memory.DOUBLE, x + i * step);
    }
    return sum;
  }

  private static long longs(long x, long step, long n) {
    long sum = 0;
    for (long i = 0; i < n; i++) {
      sum += ALL.get(Memory.LONG, x + i * step);
    }
    return sum;
  }

  private static int ints(long x, long step, long n) {
    int sum = 0;
    for (long i = 0; i < n; i++) {
      sum += ALL.get(Memory.INT, x + i * step);
    }
    return sum;
  }
}
