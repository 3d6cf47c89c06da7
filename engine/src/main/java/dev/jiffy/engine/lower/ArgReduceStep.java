package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.RowKernels;

/// Where along the middle of three dimensions the greatest or the least f32 is.
final class ArgReduceStep extends Step {
  private final RowKernels kernels;
  private final Op.ArgReduce op;
  private final int outer;
  private final long n;
  private final long inner;
  private final Place x;
  private final Place y;

  ArgReduceStep(
      String name,
      Target target,
      Op.ArgReduce op,
      int outer,
      long n,
      long inner,
      Place x,
      Place y) {
    super(name, Math.min(Math.max(1, outer), target.parts(0, 8.0 * outer * n * inner)));
    this.kernels = target.rows();
    this.op = op;
    this.outer = outer;
    this.n = n;
    this.inner = inner;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = from(outer, part);
    kernels.argReduce(
        op.largest(),
        op.lastIndex(),
        frame.at(x) + 4 * from * n * inner,
        frame.at(y) + 8 * from * inner,
        from(outer, part + 1) - from,
        n,
        inner);
  }
}
