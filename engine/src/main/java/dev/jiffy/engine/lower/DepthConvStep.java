package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;

/// A convolution or transposed convolution with three spatial dimensions and constant, packed
/// weights: each image of the result is a sum of convolutions of images, one for each tap in depth.
///
/// Sums change between the result and working memory, since a convolution does not add to what it
/// writes.
final class DepthConvStep extends Step {
  private final MatrixKernels kernels;

  /// The convolution of an image.
  private final ConvGeometry geometry;

  /// The same where more is to be added.
  private final ConvGeometry sum;

  private final Depth depth;

  /// The images of all results.
  private final int images;

  private final Layer layer;
  private final long packedBytes;
  private final long convBytes;

  DepthConvStep(
      String name, Target target, int batch, ConvGeometry geometry, Depth depth, Layer layer) {
    int images = batch * depth.out();
    double flops = ConvStep.flops(geometry, depth.transposed()) * images * depth.kernel();
    super(name, Math.min(images * geometry.outHeight(), target.parts(flops, 0)));
    this.kernels = target.matrices();
    this.geometry = geometry;
    this.sum = geometry.linear();
    this.depth = depth;
    this.layer = layer;
    this.images = images;
    this.packedBytes = PackConvStep.packedBytes(kernels, geometry, depth.transposed());
    long bytes =
        depth.transposed()
            ? kernels.convTransposeScratchBytes(geometry)
            : Math.max(kernels.convScratchBytes(geometry), kernels.convScratchBytes(sum));
    this.convBytes = (bytes + 63) & -64;
  }

  private long resultBytes() {
    return 4L * geometry.outHeight() * geometry.outWidth() * geometry.outChannels();
  }

  private long inputBytes() {
    return 4L * geometry.inHeight() * geometry.inWidth() * geometry.inChannels();
  }

  @Override
  long scratchBytes() {
    return convBytes + (depth.transposed() ? 0 : resultBytes());
  }

  @Override
  public void run(Frame frame, int part) {
    int height = geometry.outHeight();
    int to = from(images * height, part + 1);
    for (int row = from(images * height, part); row < to; ) {
      int image = row / height;
      int first = row % height;
      int last = Math.min(height, first + to - row);
      compute(frame, frame.scratch(part), image, first, last);
      row += last - first;
    }
  }

  /// Computes rows of an image of the result.
  private void compute(Frame frame, long scratch, int image, int from, int to) {
    int result = image % depth.out();
    int first = image / depth.out() * depth.in();
    long done = image * resultBytes();
    long target = frame.at(layer.y()) + done;
    long added = frame.at(layer.residual()) == 0 ? 0 : frame.at(layer.residual()) + done;
    long start = frame.at(layer.bias());
    int left = depth.taps(result);
    for (int tap = 0; tap < depth.kernel(); tap++) {
      int seen = depth.image(result, tap);
      if (seen == Depth.NONE) {
        continue;
      }
      left--;
      long at = frame.at(layer.x()) + (first + seen) * inputBytes();
      long weights = frame.at(layer.packed()) + tap * packedBytes;
      long made = left % 2 == 0 ? target : scratch + convBytes;
      if (depth.transposed()) {
        kernels.convolveTransposed(geometry, at, weights, start, made, from, to, scratch);
      } else {
        ConvGeometry form = left == 0 ? geometry : sum;
        kernels.convolve(form, at, weights, start, added, made, from, to, scratch);
      }
      added = made;
      start = 0;
    }
  }
}
