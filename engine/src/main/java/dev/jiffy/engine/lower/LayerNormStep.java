package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// Normalisation of rows.
final class LayerNormStep extends Step {
  private final RowKernels kernels;
  private final int rows;
  private final long n;
  private final float epsilon;
  private final Place x;
  private final Place residual;
  private final Place scale;
  private final Place bias;
  private final Place y;

  LayerNormStep(
      String name,
      Target target,
      int rows,
      long n,
      float epsilon,
      Place x,
      Place residual,
      Place scale,
      Place bias,
      Place y) {
    super(name, Math.min(Math.max(1, rows), target.parts(0, 12.0 * rows * n)));
    this.kernels = target.rows();
    this.rows = rows;
    this.n = n;
    this.epsilon = epsilon;
    this.x = x;
    this.residual = residual;
    this.scale = scale;
    this.bias = bias;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(rows, part);
    long to = from(rows, part + 1);
    long skip = 4 * from * n;
    long added = frame.at(residual);
    kernels.layerNorm(
        frame.at(x) + skip,
        added == 0 ? 0 : added + skip,
        frame.at(scale),
        frame.at(bias),
        frame.at(y) + skip,
        to - from,
        n,
        epsilon);
  }
}
