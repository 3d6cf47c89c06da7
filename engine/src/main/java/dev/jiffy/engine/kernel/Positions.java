package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

/// Where the greatest or the least f32 are.
///
/// Numbers are compared by their ranks: integers in the same order, of which the greatest is looked
/// for. A rank and its index are one `long`.
final class Positions {
  /// The bits of an f32 without its sign.
  private static final int MAGNITUDE = Integer.MAX_VALUE;

  private Positions() {}

  /// {@return an integer in the order of numbers: -0 equals 0, NaN is greater than all}
  ///
  /// @param value the number
  static int rank(float value) {
    int bits = Float.floatToRawIntBits(value + 0f);
    return Float.isNaN(value) ? MAGNITUDE : bits ^ (bits >> 31 & MAGNITUDE);
  }

  /// Finds positions as [RowKernels#argReduce] does.
  static void find(boolean largest, boolean last, long x, long y, long outer, int n, long inner) {
    int flip = largest ? 0 : -1;
    int turn = last ? 0 : MAGNITUDE;
    for (long o = 0; o < outer; o++) {
      long from = x + 4 * o * n * inner;
      long to = y + 8 * o * inner;
      if (inner == 1) {
        ALL.set(Memory.LONG, to, (line(flip, turn, from, n) & MAGNITUDE) ^ turn);
        continue;
      }
      for (long i = 0; i < inner; i++) {
        ALL.set(Memory.LONG, to + 8 * i, Long.MIN_VALUE);
      }
      for (int k = 0; k < n; k++) {
        row(flip, k ^ turn, from + 4L * k * inner, to, inner);
      }
      for (long i = 0; i < inner; i++) {
        long ranked = ALL.get(Memory.LONG, to + 8 * i);
        ALL.set(Memory.LONG, to + 8 * i, (ranked & MAGNITUDE) ^ turn);
      }
    }
  }

  /// {@return the greatest rank of a line, with its index}
  ///
  /// @param flip -1 where the least element is wanted, else 0
  /// @param turn what makes the index that counts among equals the greatest
  private static long line(int flip, int turn, long x, int n) {
    long best = Long.MIN_VALUE;
    float bound = Float.NEGATIVE_INFINITY;
    for (int k = 0; k < n; k++) {
      float value = Memory.getFloat(x + 4L * k);
      float turned = flip < 0 ? -value : value;
      if (turned < bound) { // most are; ranks also order NaN and equal numbers
        continue;
      }
      long ranked = (long) (rank(value) ^ flip) << 32 | (k ^ turn);
      if (ranked > best) {
        best = ranked;
        bound = turned;
      }
    }
    return best;
  }

  private static void row(int flip, int index, long x, long y, long columns) {
    for (long i = 0; i < columns; i++) {
      long rank = rank(Memory.getFloat(x + 4 * i)) ^ flip;
      ALL.set(
          Memory.LONG, y + 8 * i, Math.max(ALL.get(Memory.LONG, y + 8 * i), rank << 32 | index));
    }
  }
}
