package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;

/// Indices written as unit vectors.
final class OneHotStep extends Step {
  private final RowKernels kernels;
  private final DType indexType;
  private final long outer;
  private final long depth;
  private final long inner;
  private final int valueBytes;
  private final Place indices;
  private final Place values;
  private final Place y;

  /// @param outer the elements of the dimensions before the new one
  /// @param depth the extent of the new dimension
  /// @param inner the elements of the dimensions behind it
  /// @param values the off value and the on value
  OneHotStep(
      String name,
      Target target,
      DType indexType,
      long outer,
      long depth,
      long inner,
      int valueBytes,
      Place indices,
      Place values,
      Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.indexType = indexType;
    this.outer = outer;
    this.depth = depth;
    this.inner = inner;
    this.valueBytes = valueBytes;
    this.indices = indices;
    this.values = values;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.oneHot(
        frame.at(indices),
        indexType,
        outer,
        depth,
        inner,
        frame.at(values),
        valueBytes,
        frame.at(y));
  }
}
