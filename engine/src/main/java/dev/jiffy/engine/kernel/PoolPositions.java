package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

/// Where the largest elements of windows are, by the ranks of [Positions]: a rank and what is
/// greater the earlier an element lies are one `long`, of which a row of results keeps the greatest
/// while it looks at one tap after the other.
final class PoolPositions {
  /// Less than the rank of any element but of minus infinity, which nothing finds.
  private static final long NONE =
      (long) Positions.rank(Float.NEGATIVE_INFINITY) << 32 | 0xffff_ffffL;

  private PoolPositions() {}

  /// Finds positions as [RowKernels#poolPositions] does.
  static void find(PoolGeometry g, long x, long y, long positions, int rowFrom, int rowTo) {
    int pixels = g.inHeight() * g.inWidth();
    for (int row = rowFrom; row < rowTo; row++) {
      long first = (long) (row / g.outHeight()) * pixels;
      int top = row % g.outHeight() * g.strideHeight() - g.padTop();
      long found = positions + 8L * row * g.outWidth();
      for (int i = 0; i < g.outWidth(); i++) {
        ALL.set(Memory.LONG, found + 8L * i, NONE);
      }
      for (int tapRow = g.firstTapRow(top); tapRow < g.lastTapRow(top); tapRow++) {
        int line = (top + tapRow * g.dilationHeight()) * g.inWidth();
        for (int tap = 0; tap < g.kernelWidth(); tap++) {
          int left = tap * g.dilationWidth() - g.padLeft();
          int from = Math.clamp(Math.ceilDiv(-left, g.strideWidth()), 0, g.outWidth());
          int to =
              Math.clamp(Math.ceilDiv(g.inWidth() - left, g.strideWidth()), from, g.outWidth());
          int pixel = line + left + from * g.strideWidth();
          take(x + 4 * first, pixel, g.strideWidth(), found + 8L * from, to - from);
        }
      }
      store(x, first, found, y + 4L * row * g.outWidth(), g.outWidth());
    }
  }

  /// Takes up one tap of adjacent windows.
  private static void take(long image, int pixel, int step, long found, int count) {
    for (int i = 0; i < count; i++) {
      int at = pixel + i * step;
      long rank = Positions.rank(Memory.getFloat(image + 4L * at));
      long ranked = rank << 32 | (at ^ Integer.MAX_VALUE);
      ALL.set(Memory.LONG, found + 8L * i, Math.max(ALL.get(Memory.LONG, found + 8L * i), ranked));
    }
  }

  private static void store(long x, long first, long found, long y, int count) {
    for (int i = 0; i < count; i++) {
      long ranked = ALL.get(Memory.LONG, found + 8L * i);
      boolean isNone = ranked == NONE;
      long position = isNone ? -1 : first + ((int) ranked ^ Integer.MAX_VALUE);
      ALL.set(Memory.LONG, found + 8L * i, position);
      Memory.setFloat(
          y + 4L * i, isNone ? Float.NEGATIVE_INFINITY : Memory.getFloat(x + 4 * position));
    }
  }
}
