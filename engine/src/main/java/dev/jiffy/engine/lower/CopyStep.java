package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;

/// A copy between strided views.
final class CopyStep extends Step {
  private final RowKernels kernels;
  private final StridedCopy[] pieces;
  private final long[] sourceSkips;
  private final long[] targetSkips;
  private final Place x;
  private final Place y;
  private final long bytes;

  CopyStep(String name, Target target, StridedCopy copy, Place x, Place y) {
    super(name, parts(target, copy));
    this.kernels = target.rows();
    this.pieces = new StridedCopy[parts()];
    this.sourceSkips = new long[parts()];
    this.targetSkips = new long[parts()];
    this.x = x;
    this.y = y;
    this.bytes = (long) bytes(copy);
    for (int part = 0; part < parts(); part++) {
      if (parts() == 1) {
        pieces[0] = copy;
      } else {
        long[] dims = copy.dims().clone();
        long from = from(dims[0], part);
        dims[0] = from(dims[0], part + 1) - from;
        pieces[part] =
            new StridedCopy(copy.elementBytes(), dims, copy.sourceStrides(), copy.targetStrides());
        sourceSkips[part] = from * copy.sourceStrides()[0];
        targetSkips[part] = from * copy.targetStrides()[0];
      }
    }
  }

  private static int parts(Target target, StridedCopy copy) {
    long outer = copy.dims().length == 0 ? 1 : copy.dims()[0];
    return Math.clamp(outer, 1, target.parts(0, bytes(copy)));
  }

  private static double bytes(StridedCopy copy) {
    double bytes = 2.0 * copy.elementBytes();
    for (long dim : copy.dims()) {
      bytes *= (double) dim;
    }
    return bytes;
  }

  @Override
  long flops() {
    return 0;
  }

  @Override
  long movedBytes() {
    return bytes;
  }

  @Override
  public void run(Frame frame, int part) {
    kernels.copy(pieces[part], frame.at(x) + sourceSkips[part], frame.at(y) + targetSkips[part]);
  }
}
