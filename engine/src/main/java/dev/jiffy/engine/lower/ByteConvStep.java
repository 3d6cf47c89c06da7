package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;

/// A convolution of bytes with constant, packed weights.
final class ByteConvStep extends Step {
  /// How much faster bytes are multiplied than f32.
  private static final double SPEED = 4;

  private final ByteKernels.Prepared prepared;
  private final ConvGeometry geometry;
  private final Place x;
  private final Place quantization;
  private final Place packed;
  private final Place y;

  /// A step.
  ///
  /// @param prepared the convolution as kernels compute it
  /// @param geometry the convolution
  /// @param quantization scale and zero point of a dynamically quantized input, else absent
  ByteConvStep(
      String name,
      Target target,
      ByteKernels.Prepared prepared,
      ConvGeometry geometry,
      Place x,
      Place quantization,
      Place packed,
      Place y) {
    super(name, Math.min(geometry.rows(), target.parts(flops(geometry) / SPEED, 0)));
    this.prepared = prepared;
    this.geometry = geometry;
    this.x = x;
    this.quantization = quantization;
    this.packed = packed;
    this.y = y;
  }

  private static double flops(ConvGeometry g) {
    double taps = (double) g.inChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
    return 2 * taps * g.rows() * g.outWidth() * g.outChannels();
  }

  @Override
  Format format() {
    return Format.INT8;
  }

  @Override
  long flops() {
    return (long) flops(geometry);
  }

  @Override
  long scratchBytes() {
    return prepared.scratchBytes();
  }

  @Override
  public void run(Frame frame, int part) {
    int rows = geometry.rows();
    prepared.convolve(
        frame.at(x),
        frame.at(quantization),
        frame.at(packed),
        frame.at(y),
        from(rows, part),
        from(rows, part + 1),
        frame.scratch(part));
  }
}
