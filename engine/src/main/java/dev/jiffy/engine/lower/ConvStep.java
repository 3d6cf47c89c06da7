package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import org.jspecify.annotations.Nullable;

/// A convolution or transposed convolution with constant, packed weights.
final class ConvStep extends Step {
  private final MatrixKernels kernels;
  private final ConvGeometry geometry;
  private final boolean transposed;

  /// What each part computes, where columns are divided.
  private final ConvGeometry @Nullable [] pieces;

  private final Layer layer;

  ConvStep(String name, Target target, ConvGeometry geometry, boolean transposed, Layer layer) {
    boolean byColumns = !transposed && geometry.isCutByColumns();
    super(
        name,
        Math.min(
            byColumns ? geometry.outWidth() : geometry.rows(),
            target.parts(flops(geometry, transposed), 0)));
    this.kernels = target.matrices();
    this.geometry = geometry;
    this.transposed = transposed;
    this.layer = layer;
    this.pieces = byColumns && parts() > 1 ? pieces(geometry) : null;
  }

  private ConvGeometry[] pieces(ConvGeometry whole) {
    ConvGeometry[] cut = new ConvGeometry[parts()];
    for (int part = 0; part < cut.length; part++) {
      cut[part] = whole.columns(from(whole.outWidth(), part), from(whole.outWidth(), part + 1));
    }
    return cut;
  }

  /// The window meets each pixel of the result, or of the input where it is transposed.
  static double flops(ConvGeometry g, boolean transposed) {
    double pixels =
        transposed
            ? (double) g.batch() * g.inHeight() * g.inWidth()
            : (double) g.rows() * g.outWidth();
    int inputs = g.inChannels() / g.groups();
    return 2 * pixels * g.outChannels() * inputs * g.kernelHeight() * g.kernelWidth();
  }

  @Override
  long flops() {
    return (long) flops(geometry, transposed);
  }

  @Override
  long scratchBytes() {
    return transposed
        ? kernels.convTransposeScratchBytes(geometry)
        : kernels.convScratchBytes(geometry);
  }

  @Override
  public void run(Frame frame, int part) {
    if (transposed) {
      kernels.convolveTransposed(
          geometry,
          frame.at(layer.x()),
          frame.at(layer.packed()),
          frame.at(layer.bias()),
          frame.at(layer.y()),
          from(geometry.rows(), part),
          from(geometry.rows(), part + 1),
          frame.scratch(part));
    } else if (pieces != null) {
      columns(pieces[part], frame, part);
    } else {
      kernels.convolve(
          geometry,
          frame.at(layer.x()),
          frame.at(layer.packed()),
          frame.at(layer.bias()),
          frame.at(layer.residual()),
          frame.at(layer.y()),
          from(geometry.rows(), part),
          from(geometry.rows(), part + 1),
          frame.scratch(part));
    }
  }

  private void columns(ConvGeometry piece, Frame frame, int part) {
    int from = from(geometry.outWidth(), part);
    long done = 4L * from * geometry.outChannels();
    long added = frame.at(layer.residual());
    kernels.convolve(
        piece,
        frame.at(layer.x()) + 4L * geometry.firstColumn(from) * geometry.inChannels(),
        frame.at(layer.packed()),
        frame.at(layer.bias()),
        added == 0 ? 0 : added + done,
        frame.at(layer.y()) + done,
        0,
        1,
        frame.scratch(part));
  }
}
