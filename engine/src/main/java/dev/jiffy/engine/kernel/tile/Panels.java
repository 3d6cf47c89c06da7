package dev.jiffy.engine.kernel.tile;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.FLOAT;

import dev.jiffy.engine.kernel.Memory;

/// The packed form of a right-hand side.
///
/// Columns are cut into panels of two vectors; a panel's rows lie one after another, and the panels
/// too. The last panel, where fewer columns are left, consists of one or two panels of one vector,
/// filled up with zeros.
///
/// @param micro the loops that pack a panel, which say how long a vector is
record Panels(MicroKernels micro) {
  private int lanes() {
    return micro.lanes();
  }

  /// {@return the columns of a panel}
  int columns() {
    return 2 * lanes();
  }

  /// {@return the columns of a panel's rows as they are stored}
  ///
  /// @param left the columns from its first on
  int width(int left) {
    return left >= columns() ? columns() : lanes();
  }

  /// {@return the bytes of a packed matrix, a multiple of 64}
  long bytes(int k, long n) {
    long vectors = (n + lanes() - 1) / lanes();
    long bytes = Math.multiplyExact(Math.multiplyExact(vectors, (long) k), 4L * lanes());
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
  void pack(
      long b, long rowStride, long columnStride, int rows, int n, long packed, int from, int k) {
    int column = 0;
    long to = packed;
    while (column < n) {
      int width = width(n - column);
      int present = Math.min(width, n - column);
      long source = b + 4L * column * columnStride;
      micro.pack(
          source, 4 * rowStride, 4 * columnStride, rows, present, width, to + 4L * width * from);
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
  long index(int row, int column, int k, int n) {
    int first = column - column % columns();
    if (first + columns() <= n) {
      return (long) first * k + (long) row * columns() + column % columns();
    }
    int half = column - column % lanes();
    return (long) half * k + (long) row * lanes() + column % lanes();
  }

  /// As [MicroKernels#pack].
  static void copy(
      long b, long rowStep, long columnStep, int rows, int present, int width, long target) {
    fill(rows, present, width, target);
    if (columnStep == 4) {
      copyRows(b, rowStep, rows, present, width, target);
    } else {
      gather(b, rowStep, columnStep, rows, present, width, target);
    }
  }

  /// Clears the columns of a panel that do not exist.
  private static void fill(int rows, int present, int width, long target) {
    for (int row = 0; row < rows && present < width; row++) {
      for (int column = present; column < width; column++) {
        ALL.set(FLOAT, target + 4L * ((long) width * row + column), 0);
      }
    }
  }

  private static void copyRows(
      long b, long rowStep, int rows, int present, int width, long target) {
    for (int row = 0; row < rows; row++) {
      Memory.copy(b + row * rowStep, target + 4L * width * row, 4L * present);
    }
  }

  /// Packs columns that are not adjacent, four rows at a time, which often share a cache line of
  /// the source.
  private static void gather(
      long b, long rowStep, long columnStep, int rows, int present, int width, long target) {
    long toStep = 4L * width;
    int row = 0;
    for (; row < rows - 3; row += 4) {
      long from = b + row * rowStep;
      long to = target + row * toStep;
      for (int column = 0; column < present; column++) {
        ALL.set(FLOAT, to, ALL.get(FLOAT, from));
        ALL.set(FLOAT, to + toStep, ALL.get(FLOAT, from + rowStep));
        ALL.set(FLOAT, to + 2 * toStep, ALL.get(FLOAT, from + 2 * rowStep));
        ALL.set(FLOAT, to + 3 * toStep, ALL.get(FLOAT, from + 3 * rowStep));
        from += columnStep;
        to += 4;
      }
    }
    for (; row < rows; row++) {
      for (int column = 0; column < present; column++) {
        float element = ALL.get(FLOAT, b + row * rowStep + column * columnStep);
        ALL.set(FLOAT, target + row * toStep + 4L * column, element);
      }
    }
  }
}
