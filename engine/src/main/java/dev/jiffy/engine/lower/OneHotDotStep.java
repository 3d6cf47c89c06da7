package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;

/// Rows times the unit vectors of indices.
final class OneHotDotStep extends Step {
  private final RowKernels kernels;
  private final int rows;
  private final int depth;
  private final DType indexType;
  private final int count;
  private final Place x;
  private final Place indices;
  private final Place y;

  /// @param depth the elements of a row
  /// @param count the indices of a row
  OneHotDotStep(
      String name,
      Target target,
      int rows,
      int depth,
      DType indexType,
      int count,
      Place x,
      Place indices,
      Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.rows = rows;
    this.depth = depth;
    this.indexType = indexType;
    this.count = count;
    this.x = x;
    this.indices = indices;
    this.y = y;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.oneHotDot(frame.at(x), rows, depth, frame.at(indices), indexType, count, frame.at(y));
  }
}
