package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import org.jspecify.annotations.Nullable;

/// The loops under products, convolutions and attention in the Vector API.
public final class VectorMicroKernels implements MicroKernels {
  /// Creates the kernels.
  public VectorMicroKernels() {}

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public int tileRows() {
    return Tiles.WIDE_ROWS;
  }

  @Override
  public void multiply(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    if (residual == c) {
      // Strips overwrite the residual before it is added: their sums start from it.
      long bias = init == Zeros.ADDRESS ? 0 : init;
      Epilogue.preset(c, cStep, bias, 1, c, cStep, rows, columns);
      multiply(rows, a, aStep, taps, runs, k, b, columns, c, cStep, 0, 0, activation, c, cStep);
      return;
    }
    int part = columns % LANES;
    int whole = columns - part;
    int done = 0;
    if (part > 0) {
      // first, as whole vectors are stored that may reach into the next row, where others follow
      int free = initStep == 0 && cStep == 4L * columns ? freeRows(rows, columns, part) : 0;
      if (whole % (2 * LANES) == LANES && free >= Tiles.WIDE_ROWS) {
        done = free;
        lastPair(free, a, aStep, taps, runs, k, b, columns, init, c, cStep);
      }
      Strips.narrow(
          rows - done,
          a + done * aStep,
          aStep,
          taps,
          runs,
          k,
          b + 4L * whole * runs * k,
          BYTES,
          at(init, whole),
          initStep,
          c + 4L * whole + done * cStep,
          cStep,
          part,
          free - done);
    }
    for (int column = 0, width; column < whole; column += width) {
      long panel = b + 4L * column * runs * k;
      long from = at(init, column);
      long to = c + 4L * column;
      width = whole - column >= 2 * LANES ? 2 * LANES : LANES;
      if (width == 2 * LANES) {
        Strips.wide(
            rows, a, aStep, taps, runs, k, panel, BYTES, 2L * BYTES, from, initStep, to, cStep);
      } else {
        int left = rows - done;
        long x = a + done * aStep;
        long y = to + done * cStep;
        Strips.narrow(
            left, x, aStep, taps, runs, k, panel, BYTES, from, initStep, y, cStep, LANES, 0);
      }
    }
    Epilogue.finish(1, residual, residualStep, 0, activation, c, cStep, rows, columns);
  }

  /// {@return where the sums of a column start from}
  private static long at(long init, int column) {
    return init == Zeros.ADDRESS ? init : init + 4L * column;
  }

  /// {@return how many rows of a dense block stay within it where their last vector is stored
  /// whole}
  private static int freeRows(int rows, int columns, int part) {
    return Math.max(0, rows - Math.ceilDiv(LANES - part, columns));
  }

  /// Computes the last whole vector of columns and the part of one behind it as two whole ones; the
  /// second is stored beyond the columns.
  private static void lastPair(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long c,
      long cStep) {
    int part = columns % LANES;
    int first = columns - part - LANES;
    long starts = Staging.address();
    Staging.load(at(init, first), 0, 1, LANES, starts);
    Staging.load(at(init, first + LANES), 0, 1, part, starts + BYTES);
    long panel = b + 4L * first * runs * k;
    long second = (long) BYTES * runs * k;
    Strips.wide(
        rows, a, aStep, taps, runs, k, panel, second, BYTES, starts, 0, c + 4L * first, cStep);
  }

  @Override
  public void multiplyStrided(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      long bStep,
      int columns,
      long factors,
      long c,
      long cStep) {
    long zero = Zeros.ADDRESS;
    int column = 0;
    while (column + 2 * LANES <= columns) {
      long from = b + 4L * column;
      long to = c + 4L * column;
      Strips.wide(rows, a, aStep, zero, 1, k, from, BYTES, bStep, zero, 0, to, cStep);
      column += 2 * LANES;
    }
    while (column < columns) {
      int present = Math.min(LANES, columns - column);
      long from = b + 4L * column;
      long to = c + 4L * column;
      if (present == LANES) {
        Strips.narrow(rows, a, aStep, zero, 1, k, from, bStep, zero, 0, to, cStep, LANES, 0);
      } else {
        Strips.part(rows, a, aStep, k, from, bStep, to, cStep, present);
      }
      column += LANES;
    }
    for (int row = 0; row < rows; row++) {
      float factor = Memory.getFloat(factors + 4L * row);
      Epilogue.scale(factor, c + row * cStep, columns);
    }
  }

  @Override
  public void dots(long a, int k, long b, long bStep, int rows, long c) {
    for (int row = 0; row < rows; row++) {
      Memory.setFloat(c + 4L * row, Strips.dot(a, b + row * bStep, k));
    }
  }

  @Override
  public void multiplyDoubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      int columns,
      long init,
      long residual,
      long residualStep,
      long c,
      long cStep) {
    // tiles overwrite a residual in the result's place: their sums start from it
    long from = residual == 0 ? init : residual;
    long fromStep = residual == 0 ? 0 : residualStep;
    Strips.doubles(rows, a, aStep, k, b, columns, from, fromStep, c, cStep);
    if (residual != 0 && init != Zeros.ADDRESS) {
      DoubleTiles.add(init, c, cStep, rows, columns);
    }
  }

  @Override
  public void preset(
      long residual,
      long residualStep,
      long bias,
      float factor,
      long c,
      long cStep,
      long rows,
      int columns) {
    Epilogue.preset(residual, residualStep, bias, factor, c, cStep, rows, columns);
  }

  @Override
  public void finish(
      float factor,
      long residual,
      long residualStep,
      long bias,
      @Nullable Activation activation,
      long c,
      long cStep,
      long rows,
      long columns) {
    Epilogue.finish(factor, residual, residualStep, bias, activation, c, cStep, rows, columns);
  }

  @Override
  public void weigh(
      int rows,
      long scores,
      long scoreStep,
      int n,
      float scale,
      long mask,
      long maskStep,
      long inverses) {
    for (int row = 0; row < rows; row++) {
      long added = mask == 0 ? 0 : mask + row * maskStep;
      float sum = Scores.weigh(scores + row * scoreStep, n, scale, added);
      Memory.setFloat(inverses + 4L * row, 1 / sum);
    }
  }

  @Override
  public void zero(long to, long bytes) {
    Copies.zero(to, bytes);
  }
}
