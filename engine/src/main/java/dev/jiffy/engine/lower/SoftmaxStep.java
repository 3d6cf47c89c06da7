package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// Softmax of rows.
final class SoftmaxStep extends Step {
  private final RowKernels kernels;
  private final boolean log;
  private final int rows;
  private final long n;
  private final Place x;
  private final Place y;

  SoftmaxStep(String name, Target target, boolean log, int rows, long n, Place x, Place y) {
    super(name, Math.min(Math.max(1, rows), target.parts(0, 16.0 * rows * n)));
    this.kernels = target.rows();
    this.log = log;
    this.rows = rows;
    this.n = n;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(rows, part);
    long to = from(rows, part + 1);
    kernels.softmax(log, frame.at(x) + 4 * from * n, frame.at(y) + 4 * from * n, to - from, n);
  }
}
