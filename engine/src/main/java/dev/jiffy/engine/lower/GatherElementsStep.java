package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;

/// Elements picked by index along one dimension.
final class GatherElementsStep extends Step {
  private final RowKernels kernels;
  private final long outer;
  private final long extent;
  private final long inner;
  private final int elementBytes;
  private final DType indexType;
  private final long count;
  private final Place x;
  private final Place indices;
  private final Place y;

  /// @param outer the elements of the dimensions before the indexed one
  /// @param extent the extent of the indexed dimension
  /// @param inner the elements of the dimensions behind it
  /// @param count the indices along the indexed dimension
  GatherElementsStep(
      String name,
      Target target,
      long outer,
      long extent,
      long inner,
      int elementBytes,
      DType indexType,
      long count,
      Place x,
      Place indices,
      Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.outer = outer;
    this.extent = extent;
    this.inner = inner;
    this.elementBytes = elementBytes;
    this.indexType = indexType;
    this.count = count;
    this.x = x;
    this.indices = indices;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    try {
      kernels.gatherElements(
          frame.at(x),
          outer,
          extent,
          inner,
          elementBytes,
          frame.at(indices),
          indexType,
          count,
          frame.at(y));
    } catch (IndexOutOfBoundsException e) {
      throw new ModelException(name() + ": " + e.getMessage(), e);
    }
  }
}
