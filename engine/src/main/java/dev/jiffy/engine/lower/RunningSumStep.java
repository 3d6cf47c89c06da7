package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.RunningSums;
import dev.jiffy.tensor.DType;

/// Running sums of f32 or i64 along the middle of three dimensions.
final class RunningSumStep extends Step {
  private final DType type;
  private final Op.CumSum op;
  private final int outer;
  private final long n;
  private final int inner;
  private final Place x;
  private final Place y;

  RunningSumStep(
      String name,
      Target target,
      DType type,
      Op.CumSum op,
      int outer,
      long n,
      int inner,
      Place x,
      Place y) {
    super(name, Math.min(outer, target.parts(0, 8.0 * outer * n * inner)));
    this.type = type;
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
    long some = from(outer, part + 1) - from;
    long skip = from * n * inner * type.bytes();
    long source = frame.at(x) + skip;
    long target = frame.at(y) + skip;
    if (type == DType.I64) {
      RunningSums.longs(op.exclusive(), op.reverse(), source, target, some, n, inner);
    } else {
      double[] sums = frame.numbers(part, inner);
      RunningSums.floats(op.exclusive(), op.reverse(), source, target, some, n, inner, sums);
    }
  }
}
