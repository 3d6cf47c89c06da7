package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Epilogue.ZERO;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Panels.COLUMNS;

import dev.jiffy.engine.kernel.Product;

/// Products of matrices, cut into tiles.
final class Products {
  /// How much of the left-hand side, and of the result, is worked on at a time, in bytes: a part of
  /// the second-level cache.
  private static final long BLOCK_BYTES = 256 * 1024;

  private Products() {}

  /// Computes a block of `C = activation(alpha · A · B + bias + residual)`.
  static void multiply(
      Product product,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo) {
    int k = product.k();
    int n = product.n();
    int first = panelFrom * COLUMNS;
    int columns = Math.min(panelTo * COLUMNS, n) - first;
    if (columns <= 0) {
      return;
    }
    int block = blockRows(k, columns);
    float alpha = product.alpha();
    long aStep = 4 * product.aStride();
    long cStep = 4 * product.cStride();
    long residualStep = 4 * product.residualStride();
    for (int row = rowFrom; row < rowTo; row += block) {
      int rows = Math.min(block, rowTo - row);
      long cBlock = c + row * cStep + 4L * first;
      long cBias = bias == 0 ? 0 : bias + 4L * first;
      long cResidual = residual == 0 ? 0 : residual + row * residualStep + 4L * first;
      if (alpha == 0) {
        Epilogue.preset(cResidual, residualStep, cBias, 1, cBlock, cStep, rows, columns);
        Epilogue.finish(1, 0, 0, 0, product.activation(), cBlock, cStep, rows, columns);
        continue;
      }
      long init = bias == 0 || alpha != 1 ? ZERO : cBias;
      long initStep = 0;
      cBias = alpha == 1 ? 0 : cBias;
      if (residual == c && residual != 0) {
        // The tiles would overwrite the residual: their sums start from it.
        long added = bias == 0 ? 0 : bias + 4L * first;
        Epilogue.preset(cResidual, residualStep, added, 1 / alpha, cBlock, cStep, rows, columns);
        init = cBlock;
        initStep = cStep;
        cResidual = 0;
        cBias = 0;
      }
      long panel = packed + 4L * first * k;
      long aBlock = a + row * aStep;
      columns(rows, aBlock, aStep, ZERO, 1, k, panel, columns, init, initStep, cBlock, cStep);
      Epilogue.finish(
          alpha,
          cResidual,
          residualStep,
          cBias,
          product.activation(),
          cBlock,
          cStep,
          rows,
          columns);
    }
  }

  private static int blockRows(int k, int columns) {
    long rows = BLOCK_BYTES / (4L * Math.max(1, Math.max(k, columns)));
    long tiles = Math.clamp(rows / Tiles.WIDE_ROWS, 2, 1 << 20);
    return (int) tiles * Tiles.WIDE_ROWS;
  }

  /// Computes `C = init + A · B` for columns that start with a panel; for the arguments see
  /// [Tiles].
  ///
  /// @param b the first panel
  /// @param columns how many columns
  static void columns(
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
      long c,
      long cStep) {
    long panel = b;
    int column = 0;
    while (column < columns) {
      long from = init == ZERO ? ZERO : init + 4L * column;
      long to = c + 4L * column;
      if (columns - column >= COLUMNS) {
        wide(rows, a, aStep, taps, runs, k, panel, 2L * BYTES, from, initStep, to, cStep);
        column += COLUMNS;
        panel += 2L * BYTES * runs * k;
      } else {
        int present = Math.min(LANES, columns - column);
        narrow(rows, a, aStep, taps, runs, k, panel, BYTES, from, initStep, to, cStep, present);
        column += LANES;
        panel += (long) BYTES * runs * k;
      }
    }
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
      int present) {
    int row = 0;
    while (row < rows) {
      int height = height(rows - row, Tiles.NARROW_ROWS);
      long from = a + row * aStep;
      long start = init + row * initStep;
      long to = c + row * cStep;
      if (present == LANES) {
        Tiles.narrow(height, from, aStep, taps, runs, k, b, bStep, start, initStep, to, cStep);
      } else {
        long staging = Staging.address();
        Staging.load(start, initStep, initStep == 0 ? 1 : height, present, staging);
        long step = initStep == 0 ? 0 : BYTES;
        Tiles.narrow(height, from, aStep, taps, runs, k, b, bStep, staging, step, staging, BYTES);
        Staging.store(staging, height, present, to, cStep);
      }
      row += height;
    }
  }
}
