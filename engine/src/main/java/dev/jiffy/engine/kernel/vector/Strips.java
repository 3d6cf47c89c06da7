package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.Zeros;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Products with one or two vectors of columns, cut into tiles; for the arguments see [Tiles].
final class Strips {
  private Strips() {}

  /// {@return the sum of the products of two rows}
  static float dot(long a, long b, int k) {
    FloatVector sum = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i <= k - LANES; i += LANES) {
      FloatVector one = FloatVector.fromMemorySegment(SPECIES, ALL, a + 4L * i, LE);
      sum = one.fma(FloatVector.fromMemorySegment(SPECIES, ALL, b + 4L * i, LE), sum);
    }
    float total = sum.reduceLanes(VectorOperators.ADD);
    for (; i < k; i++) {
      total = Math.fma(Memory.getFloat(a + 4L * i), Memory.getFloat(b + 4L * i), total);
    }
    return total;
  }

  /// Computes any number of rows of two vectors of columns.
  static void wide(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bHigh,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep) {
    int row = 0;
    while (row < rows) {
      int height = height(rows - row, Tiles.WIDE_ROWS);
      Tiles.wide(
          height,
          a + row * aStep,
          aStep,
          taps,
          runs,
          k,
          b,
          bHigh,
          bStep,
          init + row * initStep,
          initStep,
          c + row * cStep,
          cStep);
      row += height;
    }
  }

  /// {@return the rows of the next tile: the most, but the last two tiles share what is left}
  private static int height(int rows, int most) {
    if (rows <= most) {
      return rows;
    }
    return rows >= 2 * most ? most : (rows + 1) / 2;
  }

  /// Computes any number of rows of one vector of columns, of which the first `present` exist.
  ///
  /// @param free of how many of the first rows the whole vector may be stored, as what lies beyond
  ///   the columns is computed later; 0 where `initStep` is not
  static void narrow(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep,
      int present,
      int free) {
    long staging = present == LANES ? 0 : Staging.address();
    if (free > 0) {
      Staging.load(init, 0, 1, present, staging);
    }
    int row = 0;
    while (row < rows) {
      int height = height(rows - row, Tiles.NARROW_ROWS);
      long from = a + row * aStep;
      long start = init + row * initStep;
      long to = c + row * cStep;
      if (present == LANES) {
        Tiles.narrow(height, from, aStep, taps, runs, k, b, bStep, start, initStep, to, cStep);
      } else if (row + height <= free) {
        Tiles.narrow(height, from, aStep, taps, runs, k, b, bStep, staging, 0, to, cStep);
      } else {
        Staging.load(start, initStep, initStep == 0 ? 1 : height, present, staging);
        long step = initStep == 0 ? 0 : BYTES;
        Tiles.narrow(height, from, aStep, taps, runs, k, b, bStep, staging, step, staging, BYTES);
        Staging.store(staging, height, present, to, cStep);
      }
      row += height;
    }
  }

  /// Multiplies f64: a packed right-hand side of so many columns, each two of 32 bits.
  static void doubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long c,
      long cStep) {
    int lanes = LANES / 2;
    long panel = b;
    for (int column = 0; column < columns; column += lanes) {
      int inPanel = column % LANES;
      boolean isWide = column - inPanel + LANES <= columns;
      long from = init == Zeros.ADDRESS ? init : init + 8L * column;
      long to = c + 8L * column;
      int present = Math.min(lanes, columns - column);
      if (isWide) {
        long half = panel + 8L * inPanel;
        doubles(rows, a, aStep, k, half, 2L * BYTES, from, initStep, to, cStep, present);
        panel += inPanel == 0 ? 0 : 2L * BYTES * k;
      } else {
        doubles(rows, a, aStep, k, panel, BYTES, from, initStep, to, cStep, present);
        panel += (long) BYTES * k;
      }
    }
  }

  /// Multiplies f64 by one vector of columns, of which the first `present` exist.
  private static void doubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long c,
      long cStep,
      int present) {
    boolean isWhole = 2 * present == LANES;
    long staging = isWhole ? 0 : Staging.address();
    for (int row = 0; row < rows; ) {
      int height = rows - row >= DoubleTiles.ROWS ? DoubleTiles.ROWS : 1;
      long left = a + row * aStep;
      long from = init + row * initStep;
      long fromStep = initStep;
      long to = c + row * cStep;
      if (!isWhole) {
        Staging.load(from, initStep, initStep == 0 ? 1 : height, 2 * present, staging);
        from = staging;
        fromStep = initStep == 0 ? 0 : BYTES;
      }
      long sums = isWhole ? to : staging;
      if (height == 1) {
        DoubleTiles.row(left, k, b, bStep, from, sums);
      } else {
        DoubleTiles.tall(left, aStep, k, b, bStep, from, fromStep, sums, isWhole ? cStep : BYTES);
      }
      if (!isWhole) {
        Staging.store(staging, height, 2 * present, to, cStep);
      }
      row += height;
    }
  }

  /// Multiplies by less than a vector of columns, which must not be read beyond.
  static void part(
      int rows, long a, long aStep, int k, long b, long bStep, long c, long cStep, int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    for (int row = 0; row < rows; row++) {
      FloatVector sum = FloatVector.broadcast(SPECIES, 0);
      for (int i = 0; i < k; i++) {
        FloatVector x = FloatVector.broadcast(SPECIES, Memory.getFloat(a + row * aStep + 4L * i));
        sum = x.fma(Tails.load(b + i * bStep, mask), sum);
      }
      Tails.store(sum, c + row * cStep, mask);
    }
  }
}
