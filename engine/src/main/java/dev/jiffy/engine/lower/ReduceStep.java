package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.kernel.RowKernels;

/// A reduction of the middle of three dimensions. Of bytes, some rows at a time become numbers.
final class ReduceStep extends Step {
  /// The numbers that are made of bytes at a time.
  private static final long BLOCK = 1 << 13;

  private final RowKernels kernels;
  private final Reduction reduction;
  private final int elementBytes;
  private final int resultBytes;
  private final long outer;
  private final long n;
  private final long inner;
  private final Reals x;
  private final Place y;

  /// What is computed of `[outer, n, inner]` at `x`: `[outer, inner]` at `y`.
  interface Reduction {
    void run(long x, long y, long outer);
  }

  /// @param elementBytes the bytes of an element of `x` where it is none of those that stand for
  ///   numbers
  /// @param resultBytes the bytes of an element of the result
  ReduceStep(
      String name,
      Target target,
      Reduction reduction,
      int elementBytes,
      int resultBytes,
      long outer,
      long n,
      long inner,
      Reals x,
      Place y) {
    super(name, (int) Math.min(Math.max(1, outer), target.parts(0, 8.0 * outer * n * inner)));
    this.kernels = target.rows();
    this.reduction = reduction;
    this.elementBytes = elementBytes;
    this.resultBytes = resultBytes;
    this.outer = outer;
    this.n = n;
    this.inner = inner;
    this.x = x;
    this.y = y;
  }

  /// {@return what a step reads of a value: numbers, or bytes where rows are short}
  static Reals source(Node node, long row, Lowering lowering) {
    String x = node.input(0);
    return row <= BLOCK
        ? lowering.reals(x)
        : Reals.floats(lowering.floats(Lowering.label(node), x));
  }

  /// The rows that become numbers at a time.
  private long together() {
    return Math.max(1, BLOCK / (n * inner));
  }

  @Override
  long scratchBytes() {
    return x.bytes() == null ? 0 : 4 * together() * n * inner;
  }

  @Override
  public void run(Frame frame, int part) {
    long to = from(outer, part + 1);
    long y = frame.at(this.y);
    long at = frame.at(x.place());
    long row = n * inner;
    long step = x.bytes() == null ? to : together();
    for (long from = from(outer, part); from < to; from += step) {
      long rows = Math.min(step, to - from);
      long numbers = at + elementBytes * from * row;
      if (x.bytes() != null) {
        numbers = frame.scratch(part);
        kernels.dequantize(x.bytes(), at + from * row, numbers, rows * row);
      }
      reduction.run(numbers, y + resultBytes * from * inner, rows);
    }
  }
}
