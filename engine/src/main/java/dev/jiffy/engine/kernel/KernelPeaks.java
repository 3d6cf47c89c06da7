package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;

/// What kernels reach at most, where nothing faster is at hand: a product whose operands stay in
/// the first cache, and the sum of many numbers.
public final class KernelPeaks implements Peaks {
  private static final int ROWS = 48;
  private static final int DEPTH = 64;

  private final MatrixKernels matrices;
  private final RowKernels rows;
  private final Product product;

  /// Peaks of some kernels.
  ///
  /// @param matrices compute the product
  /// @param rows compute the sum
  public KernelPeaks(MatrixKernels matrices, RowKernels rows) {
    this.matrices = matrices;
    this.rows = rows;
    int columns = matrices.panelColumns();
    product = new Product(ROWS, DEPTH, columns, DEPTH, columns, 0, 1, null);
  }

  @Override
  public boolean computes(Format format) {
    return format == Format.F32;
  }

  @Override
  public double compute(Format format, long rounds) {
    int n = product.n();
    try (Arena arena = Arena.ofConfined()) {
      long a = arena.allocate(4L * ROWS * DEPTH, Tensor.ALIGNMENT).address();
      long c = arena.allocate(4L * ROWS * n, Tensor.ALIGNMENT).address();
      long b = arena.allocate(matrices.packedBytes(DEPTH, n), Tensor.ALIGNMENT).address();
      for (long round = 0; round < rounds; round++) {
        matrices.multiply(product, a, b, 0, 0, c, 0, ROWS, 0, 1);
      }
    }
    return 2.0 * ROWS * DEPTH * n * rounds;
  }

  @Override
  public void read(long from, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      long sum = arena.allocate(Tensor.ALIGNMENT, Tensor.ALIGNMENT).address();
      rows.reduce(ReduceFunction.SUM, from, sum, 1, bytes / 4, 1);
    }
  }
}
