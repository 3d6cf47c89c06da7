package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.RowKernels;

/// Numbers made bytes, or bytes numbers.
final class BytesStep extends Step {
  /// Threads share out multiples of so many elements.
  private static final int GRAIN = 64;

  private final RowKernels kernels;
  private final Affine affine;
  private final boolean toBytes;
  private final long elements;
  private final Place x;
  private final Place y;

  BytesStep(
      String name, Target target, Affine affine, boolean toBytes, long elements, Place x, Place y) {
    super(name, target.parts(0, 5.0 * elements));
    this.kernels = target.rows();
    this.affine = affine;
    this.toBytes = toBytes;
    this.elements = elements;
    this.x = x;
    this.y = y;
  }

  @Override
  long flops() {
    return (toBytes ? 4 : 2) * elements;
  }

  @Override
  long movedBytes() {
    return 5 * elements;
  }

  @Override
  public void run(Frame frame, int part) {
    long from = share(part);
    long n = share(part + 1) - from;
    if (toBytes) {
      kernels.quantize(affine, frame.at(x) + 4 * from, frame.at(y) + from, n);
    } else {
      kernels.dequantize(affine, frame.at(x) + from, frame.at(y) + 4 * from, n);
    }
  }

  /// The first element of a part.
  private long share(int part) {
    return part == parts() ? elements : elements / GRAIN * part / parts() * GRAIN;
  }
}
