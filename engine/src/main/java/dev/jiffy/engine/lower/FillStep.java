package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// One f32 stored in every element.
final class FillStep extends Step {
  private final RowKernels kernels;
  private final float value;
  private final long elements;
  private final Place y;

  FillStep(String name, Target target, float value, long elements, Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.value = value;
    this.elements = elements;
    this.y = y;
  }

  @Override
  long flops() {
    return 0;
  }

  @Override
  long movedBytes() {
    return 4 * elements;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.fill(value, frame.at(y), elements);
  }
}
