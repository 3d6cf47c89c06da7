package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.X86NarrowKernels.COLUMNS;
import static dev.jiffy.engine.kernel.x86.X86NarrowKernels.LINE;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.tile.Zeros;

/// Narrow products of many rows, one row of tiles after the other.
///
/// Of each row of tiles all panels of a group are computed, which stays in the second-level cache.
/// Rows of results are then written from one end to the other, and meanwhile their memory and the
/// numbers that are made narrow next are brought near.
///
/// @param tiles what finishes sums
/// @param format what is multiplied
/// @param product the geometry
/// @param depth the rows of a packed panel that are multiplied
/// @param narrowRow bytes from one narrow row of the left-hand side to the next
record TileRows(Tiles tiles, Format format, Product product, int depth, long narrowRow) {
  /// The rows of a tile.
  private static final int TILE = TileCode.most(LINE, 2);

  /// The most bytes of the panels of a group, which stay in the second-level cache beside a block
  /// of rows and what becomes the next one.
  private static final long GROUP_BYTES = 320 << 10;

  /// The most bytes of f32 that become the next block of more than two rows of tiles.
  private static final long NEXT_BYTES = 256 << 10;

  /// From how many rows of panels on a row of tiles is worth a call.
  private static final int LEAST = 768;

  /// {@return whether rows of tiles are worth a call each}
  boolean suits() {
    return (long) wholePanels() * depth >= LEAST;
  }

  /// {@return the most rows that are made narrow at a time}
  ///
  /// @param most as many as there is room for
  int most(int most) {
    return Math.clamp(NEXT_BYTES / (4L * product.k()), 2 * TILE, most);
  }

  /// {@return the panels of two whole vectors}
  int wholePanels() {
    return product.n() / COLUMNS;
  }

  private long columnBytes() {
    return X86NarrowKernels.columnBytes(format, product.k());
  }

  /// Computes whole panels of some rows.
  ///
  /// @param a the rows, narrow
  /// @param packed the packed right-hand side
  /// @param bias one element per column, or 0
  /// @param residual the first element of these rows, or 0
  /// @param c likewise of the result
  /// @param next what is made narrow next
  /// @param nextBytes how much of it there is
  void multiply(
      int rows,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int panelFrom,
      int panelTo,
      long next,
      long nextBytes) {
    int panels = panelTo - panelFrom;
    int most = (int) Math.max(1, GROUP_BYTES / (COLUMNS * columnBytes()));
    int groups = Math.ceilDiv(panels, most);
    int tall = Math.ceilDiv(rows, TILE);
    long share = nextBytes / ((long) groups * tall);
    long near = next;
    for (int group = 0; group < groups; group++) {
      int from = panelFrom + panels * group / groups;
      int to = panelFrom + panels * (group + 1) / groups;
      long column = 4L * from * COLUMNS;
      for (int i = 0; i < tall; i++) {
        long row = (long) rows * i / tall;
        row(
            (int) ((long) rows * (i + 1) / tall - row),
            a + row * narrowRow,
            packed + (long) from * COLUMNS * columnBytes(),
            to - from,
            bias == 0 ? Zeros.ADDRESS : bias + column,
            residual == 0 ? 0 : residual + 4 * row * product.residualStride() + column,
            c + 4 * row * product.cStride() + column,
            near,
            share);
        near += share;
      }
    }
  }

  private void row(
      int rows,
      long a,
      long b,
      int panels,
      long bias,
      long residual,
      long c,
      long near,
      long nearBytes) {
    long passes = (long) panels * Math.ceilDiv(depth, TileCode.unroll(rows, 2));
    Code.call(
        tiles.rowOfMany(rows, residual != 0, product.activation()),
        panels,
        a,
        narrowRow,
        Zeros.ADDRESS,
        1,
        depth,
        b,
        near,
        bias,
        0,
        c,
        4 * product.cStride(),
        residual,
        4 * product.residualStride(),
        Math.ceilDiv(nearBytes, passes),
        bias == Zeros.ADDRESS ? 0 : 2L * LINE);
  }
}
