package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Adjacent pixels of a convolution's result that are computed as one pixel, whose channels are
/// theirs: for results of so few channels that much of a vector would be idle.
///
/// The window grows to what all pixels of a group see; the weights outside a pixel's own window are
/// zeros. Where the input is not finite, NaN spreads over a group. Likewise groups of few channels
/// are computed as one, with zeros for the weights between them.
///
/// @param pixel the convolution of single pixels
/// @param size how many pixels are computed as one, at least 1
record PixelGroup(ConvGeometry pixel, int size) {
  /// How much fewer multiplications there must be to make up for the wider window.
  private static final double LEAST_GAIN = 1.3;

  /// {@return the group that needs the fewest multiplications}
  ///
  /// @param pixel the convolution
  /// @param columns how many results are computed at the price of one
  static PixelGroup of(ConvGeometry pixel, int columns) {
    PixelGroup best = new PixelGroup(joined(pixel, columns), 1);
    double gain = LEAST_GAIN;
    if (pixel.groups() == 1 && pixel.dilationWidth() == 1) {
      for (int size = 2; size * pixel.outChannels() <= columns; size++) {
        PixelGroup group = new PixelGroup(pixel, size);
        if (pixel.outWidth() % size == 0 && group.gain() >= gain) {
          best = group;
          gain = group.gain();
        }
      }
    }
    return best;
  }

  /// The convolution with as many groups of channels computed as one as there are columns for.
  private static ConvGeometry joined(ConvGeometry g, int columns) {
    int groups = g.groups();
    int together = Math.min(groups, Math.max(1, columns / Math.max(1, g.outChannels() / groups)));
    while (groups % together != 0) {
      together--;
    }
    return g.grouped(groups / together);
  }

  private double gain() {
    return (double) size * pixel.kernelWidth() / kernelWidth();
  }

  /// {@return the columns from a pixel's window to the next one's within a group}
  int stride() {
    return size == 1 ? 1 : pixel.strideWidth();
  }

  private int kernelWidth() {
    return pixel.kernelWidth() + (size - 1) * pixel.strideWidth();
  }

  /// {@return the convolution of groups}
  ConvGeometry geometry() {
    return size == 1
        ? pixel
        : new ConvGeometry(
            pixel.batch(),
            pixel.inHeight(),
            pixel.inWidth(),
            pixel.inChannels(),
            pixel.outHeight(),
            pixel.outWidth() / size,
            pixel.outChannels() * size,
            pixel.kernelHeight(),
            kernelWidth(),
            pixel.strideHeight(),
            pixel.strideWidth() * size,
            pixel.dilationHeight(),
            pixel.dilationWidth(),
            pixel.padTop(),
            pixel.padLeft(),
            pixel.groups(),
            pixel.activation());
  }

  /// {@return the weights of the convolution of groups}
  ///
  /// @param weights those of one pixel, `[outChannels, inChannels / groups, kernelHeight,
  ///   kernelWidth]`
  Tensor weights(Tensor weights) {
    if (size == 1) {
      return joined(weights);
    }
    long rows = (long) pixel.outChannels() * pixel.inChannels() * pixel.kernelHeight();
    int narrow = pixel.kernelWidth();
    Tensor all = Tensor.allocate(DType.F32, Shape.of(size, rows, kernelWidth()));
    for (int i = 0; i < size; i++) {
      for (long row = 0; row < rows; row++) {
        long to = (i * rows + row) * kernelWidth() + (long) i * pixel.strideWidth();
        for (int column = 0; column < narrow; column++) {
          all.setDouble(to + column, weights.getDouble(row * narrow + column));
        }
      }
    }
    return all;
  }

  /// Weights of fewer inputs for each result than the convolution has, with zeros for the others.
  private Tensor joined(Tensor weights) {
    long in = pixel.inChannels() / pixel.groups();
    long own = weights.shape().dim(1);
    if (own == in) {
      return weights;
    }
    long taps = weights.shape().elements(2, weights.shape().rank());
    long results = pixel.outChannels() / pixel.groups() / (in / own);
    Tensor all = Tensor.allocate(DType.F32, Shape.of(pixel.outChannels(), in, taps));
    for (long out = 0; out < pixel.outChannels(); out++) {
      long first = out / results % (in / own) * own;
      for (long i = 0; i < own * taps; i++) {
        all.setDouble((out * in + first) * taps + i, weights.getDouble(out * own * taps + i));
      }
    }
    return all;
  }

  /// {@return the bias of the convolution of groups}
  ///
  /// @param bias that of one pixel
  Tensor bias(Tensor bias) {
    int channels = pixel.outChannels();
    Tensor all = Tensor.allocate(DType.F32, Shape.of((long) size * channels));
    for (int i = 0; i < size * channels; i++) {
      all.setDouble(i, bias.getDouble(i % channels));
    }
    return all;
  }
}
