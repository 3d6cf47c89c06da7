package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.Combinations;
import dev.jiffy.engine.kernel.RowKernels;

/// A function of two tensors, element by element.
final class CombineStep extends Step {
  private final RowKernels kernels;
  private final Combination combination;
  private final Place x;
  private final Place y;
  private final Place out;

  CombineStep(String name, Target target, Combination combination, Place x, Place y, Place out) {
    super(name, 1);
    this.kernels = target.rows();
    this.combination = combination;
    this.x = x;
    this.y = y;
    this.out = out;
  }

  @Override
  long scratchBytes() {
    return Combinations.SCRATCH_BYTES;
  }

  @Override
  public void run(Frame frame, int part) {
    try {
      kernels.combine(combination, frame.at(x), frame.at(y), frame.at(out), frame.scratch(part));
    } catch (ArithmeticException e) {
      throw new ModelException(name() + ": division of an integer by zero", e);
    }
  }
}
