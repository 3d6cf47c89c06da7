package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Adjacent pixels of a convolution's result that are computed as one pixel, whose channels are
/// theirs: for results of so few channels that much of a vector would be idle.
///
/// The window grows to what all pixels of a group see; the weights outside a pixel's own window are
/// zeros. Where the input is not finite, NaN spreads over a group.
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
    PixelGroup best = new PixelGroup(pixel, 1);
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
  /// @param weights those of one pixel, `[outChannels, inChannels, kernelHeight, kernelWidth]`
  Tensor weights(Tensor weights) {
    if (size == 1) {
      return weights;
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
