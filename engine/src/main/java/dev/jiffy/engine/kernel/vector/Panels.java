package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.FLOAT;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

/// The packed form of a right-hand side.
///
/// Columns are cut into panels of two vectors; a panel's rows lie one after another, and the panels
/// too. The last panel, where fewer columns are left, consists of one or two panels of one vector,
/// filled up with zeros.
final class Panels {
  /// The columns of a panel.
  static final int COLUMNS = 2 * LANES;

  private Panels() {}

  /// {@return the number of panels}
  static int count(int n) {
    return (n + COLUMNS - 1) / COLUMNS;
  }

  /// {@return the bytes of a packed matrix, a multiple of 64}
  static long bytes(int k, int n) {
    long vectors = ((long) n + LANES - 1) / LANES;
    long bytes = Math.multiplyExact(Math.multiplyExact(vectors, (long) k), (long) BYTES);
    return Math.addExact(bytes, 63) & -64;
  }

  /// Packs rows of a matrix.
  ///
  /// @param b the first of the rows
  /// @param rowStride elements from row to row
  /// @param columnStride elements from column to column
  /// @param rows how many rows
  /// @param n the matrix's columns
  /// @param packed the packed matrix
  /// @param from the index of the first row in the packed matrix
  /// @param k all rows of the packed matrix
  static void pack(
      long b, long rowStride, long columnStride, int rows, int n, long packed, int from, int k) {
    int column = 0;
    long to = packed;
    while (column < n) {
      int width = n - column >= COLUMNS ? COLUMNS : LANES;
      int present = Math.min(width, n - column);
      long source = b + 4L * column * columnStride;
      long target = to + 4L * width * from;
      if (columnStride == 1 && present == width) {
        copyRows(source, 4 * rowStride, rows, width, target);
      } else {
        gather(source, 4 * rowStride, 4 * columnStride, rows, present, width, target);
      }
      column += width;
      to += 4L * width * k;
    }
  }

  /// {@return where an element lies, in elements from the start of the packed matrix}
  ///
  /// @param row its row
  /// @param column its column
  /// @param k the rows of the matrix
  /// @param n the columns of the matrix
  static long index(int row, int column, int k, int n) {
    int first = column - column % COLUMNS;
    if (first + COLUMNS <= n) {
      return (long) first * k + (long) row * COLUMNS + column % COLUMNS;
    }
    int half = column - column % LANES;
    return (long) half * k + (long) row * LANES + column % LANES;
  }

  private static void copyRows(long b, long rowStep, int rows, int width, long target) {
    for (int row = 0; row < rows; row++) {
      long to = target + 4L * width * row;
      for (int column = 0; column < width; column += LANES) {
        Lanes.store(Lanes.load(b + row * rowStep + 4L * column), to + 4L * column);
      }
    }
  }

  private static void gather(
      long b, long rowStep, long columnStep, int rows, int present, int width, long target) {
    for (int row = 0; row < rows; row++) {
      long from = b + row * rowStep;
      long to = target + 4L * width * row;
      for (int column = 0; column < present; column++) {
        ALL.set(FLOAT, to + 4L * column, ALL.get(FLOAT, from + column * columnStep));
      }
      for (int column = present; column < width; column++) {
        ALL.set(FLOAT, to + 4L * column, 0);
      }
    }
  }
}
