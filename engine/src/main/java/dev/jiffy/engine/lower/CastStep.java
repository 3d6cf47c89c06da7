package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;

/// A conversion of every element.
final class CastStep extends Step {
  private final RowKernels kernels;
  private final DType from;
  private final DType to;
  private final long elements;
  private final Place x;
  private final Place y;

  CastStep(String name, Target target, DType from, DType to, long elements, Place x, Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.from = from;
    this.to = to;
    this.elements = elements;
    this.x = x;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.cast(from, to, frame.at(x), frame.at(y), elements);
  }
}
