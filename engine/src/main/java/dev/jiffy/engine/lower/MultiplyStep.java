package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import org.jspecify.annotations.Nullable;

/// A product with constant, packed right-hand side.
final class MultiplyStep extends Step {
  /// From this many rows on, threads share out rows instead of columns.
  private static final int ROWS_TO_SPLIT = 256;

  private static final int ROW_GRAIN = 8;

  private final ProductKernels kernels;
  private final Product product;

  /// The product where it multiplies narrower numbers than f32.
  private final NarrowKernels.@Nullable Prepared prepared;

  private final Layer layer;
  private final int panels;

  MultiplyStep(
      String name,
      Target target,
      ProductKernels kernels,
      Product product,
      NarrowKernels.@Nullable Prepared prepared,
      Layer layer) {
    super(
        name,
        target.parts(
            2.0 * product.m() * product.k() * product.n(), 4.0 * product.k() * product.n()));
    this.kernels = kernels;
    this.prepared = prepared;
    this.product = product;
    this.layer = layer;
    this.panels = (product.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
  }

  @Override
  public void run(Frame frame, int part) {
    int m = product.m();
    if (m >= ROWS_TO_SPLIT || panels < parts()) {
      multiply(frame, part, from(m, ROW_GRAIN, part), from(m, ROW_GRAIN, part + 1), 0, panels);
    } else {
      multiply(frame, part, 0, m, from(panels, part), from(panels, part + 1));
    }
  }

  @Override
  Format format() {
    return prepared == null ? Format.F32 : prepared.format();
  }

  @Override
  long flops() {
    return 2L * product.m() * product.k() * product.n();
  }

  @Override
  long scratchBytes() {
    return prepared == null ? 0 : prepared.scratchBytes();
  }

  private void multiply(Frame frame, int part, int rowFrom, int rowTo, int panelFrom, int panelTo) {
    if (prepared != null) {
      prepared.multiply(
          frame.at(layer.x()),
          frame.at(layer.packed()),
          frame.at(layer.bias()),
          frame.at(layer.residual()),
          frame.at(layer.y()),
          rowFrom,
          rowTo,
          panelFrom,
          panelTo,
          frame.scratch(part));
      return;
    }
    kernels.multiply(
        product,
        frame.at(layer.x()),
        frame.at(layer.packed()),
        frame.at(layer.bias()),
        frame.at(layer.residual()),
        frame.at(layer.y()),
        rowFrom,
        rowTo,
        panelFrom,
        panelTo);
  }
}
