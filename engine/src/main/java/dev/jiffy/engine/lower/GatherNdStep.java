package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.IndexedSlices;
import dev.jiffy.engine.kernel.Scattering;

/// Slices picked by tuples of indices.
final class GatherNdStep extends Step {
  private final IndexedSlices slices;
  private final int elementBytes;
  private final Place x;
  private final Place indices;
  private final Place y;

  GatherNdStep(
      String name, IndexedSlices slices, int elementBytes, Place x, Place indices, Place y) {
    super(name, 1);
    this.slices = slices;
    this.elementBytes = elementBytes;
    this.x = x;
    this.indices = indices;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    try {
      Scattering.gather(slices, elementBytes, frame.at(x), frame.at(indices), frame.at(y));
    } catch (IndexOutOfBoundsException e) {
      throw new ModelException(name() + ": " + e.getMessage(), e);
    }
  }
}
