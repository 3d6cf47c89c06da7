package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.GatherGeometry;
import dev.jiffy.engine.kernel.RowKernels;

/// Slices or elements picked by index.
final class GatherStep extends Step {
  private final RowKernels kernels;
  private final GatherGeometry geometry;
  private final Place x;
  private final Place indices;
  private final Place y;

  GatherStep(String name, Target target, GatherGeometry geometry, Place x, Place indices, Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.geometry = geometry;
    this.x = x;
    this.indices = indices;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    try {
      kernels.gather(geometry, frame.at(x), frame.at(indices), frame.at(y));
    } catch (IndexOutOfBoundsException e) {
      throw new ModelException(name() + ": " + e.getMessage(), e);
    }
  }
}
