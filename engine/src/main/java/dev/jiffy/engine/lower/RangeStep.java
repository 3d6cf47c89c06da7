package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;

/// The range of some numbers and 0: each part finds that of its share.
final class RangeStep extends Step {
  /// The bytes from the range of a part to that of the next.
  static final int LINE = 64;

  private static final int GRAIN = 64;

  private final RowKernels kernels;
  private final int elements;
  private final Place x;
  private final Place ranges;

  /// A step.
  ///
  /// @param parts how many threads it is cut for
  /// @param ranges the least and the greatest number of each part, in a line of its own
  RangeStep(String name, Target target, int parts, int elements, Place x, Place ranges) {
    super(name, parts);
    this.kernels = target.rows();
    this.elements = elements;
    this.x = x;
    this.ranges = ranges;
  }

  @Override
  long flops() {
    return 2L * elements;
  }

  @Override
  long movedBytes() {
    return 4L * elements;
  }

  @Override
  public void run(Frame frame, int part) {
    int from = from(elements, GRAIN, part);
    int n = from(elements, GRAIN, part + 1) - from;
    kernels.range(frame.at(x) + 4L * from, n, frame.at(ranges) + (long) LINE * part);
  }
}
