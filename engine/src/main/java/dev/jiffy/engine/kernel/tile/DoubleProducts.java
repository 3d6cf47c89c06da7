package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;

/// Products of f64, cut into tiles. To whatever packs and cuts, an f64 is two columns of 32 bits.
///
/// @param micro the loops in registers
record DoubleProducts(MicroKernels micro) implements ProductKernels {
  @Override
  public int panelColumns() {
    return micro.lanes();
  }

  @Override
  public long packedBytes(int k, int n) {
    return new Panels(micro).bytes(k, 2L * n);
  }

  @Override
  public void pack(
      long b, long rowStride, long columnStride, int k, int n, int from, int to, long packed) {
    Panels panels = new Panels(micro);
    int columns = 2 * (to - from);
    long first = packed + 8L * from * k;
    if (columnStride == 1) {
      panels.pack(b, 2 * rowStride, 1, k, columns, first, 0, k);
      return;
    }
    for (int row = 0; row < k; row++) {
      for (int column = 0; column < columns; column += 2) {
        long source = b + 8 * (row * rowStride + column / 2 * columnStride);
        long target = first + 4 * panels.index(row, column, k, columns);
        Memory.ALL.set(Memory.LONG, target, Memory.ALL.get(Memory.LONG, source));
      }
    }
  }

  @Override
  public void multiply(
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
    int first = panelFrom * panelColumns();
    int columns = Math.min(panelTo * panelColumns(), product.n()) - first;
    if (columns <= 0) {
      return;
    }
    int rows = rowTo - rowFrom;
    long blocks = Products.blocks(8L * k, columns, rows, micro.tileRows());
    long aStep = 8 * product.aStride();
    long cStep = 8 * product.cStride();
    long residualStep = 8 * product.residualStride();
    for (long i = 0; i < blocks; i++) {
      long row = rowFrom + rows * i / blocks;
      int height = (int) (rowFrom + rows * (i + 1) / blocks - row);
      micro.multiplyDoubles(
          height,
          a + row * aStep,
          aStep,
          k,
          packed + 8L * first * k,
          columns,
          bias == 0 ? Zeros.ADDRESS : bias + 8L * first,
          residual == 0 ? 0 : residual + row * residualStep + 8L * first,
          residualStep,
          c + row * cStep + 8L * first,
          cStep);
    }
  }
}
