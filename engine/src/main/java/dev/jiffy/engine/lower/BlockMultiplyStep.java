package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.Format;

/// A product with packed weights of a few bits.
final class BlockMultiplyStep extends Step {
  /// From this many rows on, threads share out rows instead of columns.
  private static final int ROWS_TO_SPLIT = 64;

  private static final int ROW_GRAIN = 8;

  private final BlockKernels kernels;
  private final BlockProduct product;
  private final Layer layer;
  private final int panels;

  BlockMultiplyStep(
      String name, Target target, BlockKernels kernels, BlockProduct product, Layer layer) {
    super(name, target.parts(flops(product), product.bits() / 8.0 * product.k() * product.n()));
    this.kernels = kernels;
    this.product = product;
    this.layer = layer;
    this.panels = (product.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
  }

  private static double flops(BlockProduct product) {
    return 2.0 * product.m() * product.k() * product.n();
  }

  @Override
  Format format() {
    return product.bytes() ? Format.INT8 : Format.F32;
  }

  @Override
  long scratchBytes() {
    return kernels.scratchBytes(product);
  }

  @Override
  public void run(Frame frame, int part) {
    int m = product.m();
    boolean byRows = m >= ROWS_TO_SPLIT || panels < parts();
    kernels.multiply(
        product,
        frame.at(layer.x()),
        frame.at(layer.packed()),
        frame.at(layer.bias()),
        frame.at(layer.residual()),
        frame.at(layer.y()),
        byRows ? from(m, ROW_GRAIN, part) : 0,
        byRows ? from(m, ROW_GRAIN, part + 1) : m,
        byRows ? 0 : from(panels, part),
        byRows ? panels : from(panels, part + 1),
        frame.scratch(part));
  }
}
