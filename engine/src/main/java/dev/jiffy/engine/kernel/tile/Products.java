package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Product;

/// Products of matrices, cut into tiles.
final class Products {
  /// How much of the left-hand side is worked on at a time, in bytes: a part of the second-level
  /// cache. The right-hand side is streamed once for each block.
  private static final long BLOCK_BYTES = 512 * 1024;

  /// From how many bytes on the right-hand side does not stay in the second-level cache beside a
  /// block.
  private static final long FAR_BYTES = 512 * 1024;

  /// The most tiles of a block then, one below the other: kernels bring the next panel near while
  /// they compute so few, and the rows of the left-hand side instead where there are many more.
  private static final int FEW_TILES = 12;

  private final MicroKernels micro;
  private final int panelColumns;

  /// Cuts products for some kernels.
  ///
  /// @param micro the kernels
  Products(MicroKernels micro) {
    this.micro = micro;
    this.panelColumns = new Panels(micro).columns();
  }

  /// Computes a block of `C = activation(alpha · A · B + bias + residual)`.
  void multiply(
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
    int first = panelFrom * panelColumns;
    int columns = Math.min(panelTo * panelColumns, product.n()) - first;
    if (columns <= 0) {
      return;
    }
    int rows = rowTo - rowFrom;
    long blocks = blocks(4L * k, columns, rows, micro.tileRows());
    long aStep = 4 * product.aStride();
    long cStep = 4 * product.cStride();
    long residualStep = 4 * product.residualStride();
    long panel = packed + 4L * first * k;
    long cBias = bias == 0 ? 0 : bias + 4L * first;
    for (long i = 0; i < blocks; i++) {
      long row = rowFrom + rows * i / blocks;
      int height = (int) (rowFrom + rows * (i + 1) / blocks - row);
      long added = residual == 0 ? 0 : residual + row * residualStep + 4L * first;
      long to = c + row * cStep + 4L * first;
      block(product, height, a + row * aStep, panel, columns, cBias, added, to);
    }
  }

  /// Computes the only row of `C = activation(alpha · A · B + bias)`, where `B` is not packed.
  void multiplyRow(
      Product product, long a, long b, long rowStride, long columnStride, long bias, long c) {
    int n = product.n();
    if (columnStride == 1) {
      micro.multiplyRow(a, product.k(), b, 4 * rowStride, n, c);
    } else {
      micro.dots(a, product.k(), b, 4 * columnStride, n, c);
    }
    if (product.alpha() != 1 || bias != 0 || product.activation() != null) {
      micro.finish(product.alpha(), 0, 0, bias, product.activation(), c, 0, 1, n);
    }
  }

  /// Computes some rows.
  private void block(
      Product product, int rows, long a, long b, int columns, long bias, long residual, long c) {
    float alpha = product.alpha();
    long cStep = 4 * product.cStride();
    long residualStep = 4 * product.residualStride();
    Activation activation = product.activation();
    if (alpha == 0) {
      micro.preset(residual, residualStep, bias, 1, c, cStep, rows, columns);
      micro.finish(1, 0, 0, 0, activation, c, cStep, rows, columns);
      return;
    }
    long init = Zeros.ADDRESS;
    long initStep = 0;
    long restOfBias = bias;
    long restOfResidual = residual;
    boolean whole = alpha == 1;
    if (!whole && residual == c) {
      // The tiles would overwrite the residual: their sums start from it.
      micro.preset(residual, residualStep, bias, 1 / alpha, c, cStep, rows, columns);
      init = c;
      initStep = cStep;
      restOfBias = 0;
      restOfResidual = 0;
    } else if (whole && bias != 0) {
      init = bias;
      restOfBias = 0;
    }
    micro.multiply(
        rows,
        a,
        4 * product.aStride(),
        Zeros.ADDRESS,
        1,
        product.k(),
        b,
        columns,
        init,
        initStep,
        whole ? restOfResidual : 0,
        residualStep,
        whole ? activation : null,
        c,
        cStep);
    if (!whole) {
      micro.finish(
          alpha, restOfResidual, residualStep, restOfBias, activation, c, cStep, rows, columns);
    }
  }

  /// How many blocks of rows there are, as equal as possible: of each all panels are computed while
  /// the left-hand side stays in the second-level cache.
  ///
  /// @param bytes the bytes of a row of the left-hand side
  /// @param columns columns of the right-hand side
  /// @param rows rows of the left-hand side
  /// @param tile the rows of a tile
  static long blocks(long bytes, int columns, int rows, int tile) {
    long most = BLOCK_BYTES / Math.max(1, bytes);
    if (bytes * columns > FAR_BYTES) {
      most = Math.min(most, (long) FEW_TILES * tile);
    }
    return Math.ceilDiv(rows, Math.max(2L * tile, most));
  }
}
