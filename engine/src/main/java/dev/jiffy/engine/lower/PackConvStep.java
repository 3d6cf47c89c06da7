package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;

/// Packs weights of a convolution, or a transposed one, that are computed at run time.
final class PackConvStep extends Step {
  private final MatrixKernels kernels;
  private final ConvGeometry geometry;
  private final boolean transposed;
  private final Place weights;
  private final Place packed;

  PackConvStep(
      String name,
      Target target,
      ConvGeometry geometry,
      boolean transposed,
      Place weights,
      Place packed) {
    super(name, 1);
    this.kernels = target.matrices();
    this.geometry = geometry;
    this.transposed = transposed;
    this.weights = weights;
    this.packed = packed;
  }

  @Override
  long flops() {
    return 0;
  }

  @Override
  long movedBytes() {
    return 2 * packedBytes(kernels, geometry, transposed);
  }

  /// {@return the bytes of the packed form}
  static long packedBytes(MatrixKernels kernels, ConvGeometry geometry, boolean transposed) {
    return transposed
        ? kernels.convTransposePackedBytes(geometry)
        : kernels.convPackedBytes(geometry);
  }

  @Override
  public void run(Frame frame, int part) {
    if (transposed) {
      kernels.packConvTranspose(geometry, frame.at(weights), frame.at(packed));
    } else {
      kernels.packConv(geometry, frame.at(weights), frame.at(packed));
    }
  }
}
