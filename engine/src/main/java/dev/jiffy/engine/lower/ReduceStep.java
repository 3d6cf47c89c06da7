package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.RowKernels;

/// A reduction of the middle of three dimensions.
final class ReduceStep extends Step {
  private final RowKernels kernels;
  private final ReduceFunction function;
  private final int outer;
  private final long n;
  private final long inner;
  private final Place x;
  private final Place y;

  ReduceStep(
      String name,
      Target target,
      ReduceFunction function,
      int outer,
      long n,
      long inner,
      Place x,
      Place y) {
    super(name, Math.min(Math.max(1, outer), target.parts(0, 8.0 * outer * n * inner)));
    this.kernels = target.rows();
    this.function = function;
    this.outer = outer;
    this.n = n;
    this.inner = inner;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(outer, part);
    long to = from(outer, part + 1);
    kernels.reduce(
        function,
        frame.at(x) + 4 * from * n * inner,
        frame.at(y) + 4 * from * inner,
        to - from,
        n,
        inner);
  }
}
