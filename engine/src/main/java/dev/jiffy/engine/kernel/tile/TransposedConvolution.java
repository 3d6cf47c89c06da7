package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;

/// Transposed convolutions as products whose results are scattered: for each row of taps that meets
/// a row of the result, the input row that it reads is multiplied by the weights of that row of
/// taps, and each product is added to the pixel that it belongs to.
final class TransposedConvolution {
  private final MicroKernels micro;
  private final Panels panels;

  /// Cuts transposed convolutions for some kernels.
  ///
  /// @param micro the kernels
  TransposedConvolution(MicroKernels micro) {
    this.micro = micro;
    this.panels = new Panels(micro);
  }

  private static int in(ConvGeometry g) {
    return g.inChannels() / g.groups();
  }

  /// The columns of a product: the channels of a group for each tap of a row.
  private static int columns(ConvGeometry g) {
    return g.outChannels() / g.groups() * g.kernelWidth();
  }

  long packedBytes(ConvGeometry g) {
    return (long) g.groups() * g.kernelHeight() * panels.bytes(in(g), columns(g));
  }

  /// Packs the weights: a matrix per group and row of taps, whose columns are ordered by tap.
  void pack(ConvGeometry g, long weights, long packed) {
    int in = in(g);
    int out = g.outChannels() / g.groups();
    int taps = g.kernelHeight() * g.kernelWidth();
    long bytes = panels.bytes(in, columns(g));
    micro.zero(packed, packedBytes(g));
    for (int channel = 0; channel < g.inChannels(); channel++) {
      long to = packed + (long) (channel / in) * g.kernelHeight() * bytes;
      for (int result = 0; result < out; result++) {
        for (int tap = 0; tap < taps; tap++) {
          int column = tap % g.kernelWidth() * out + result;
          long at = panels.index(channel % in, column, in, columns(g));
          float weight =
              Memory.getFloat(weights + 4L * (((long) channel * out + result) * taps + tap));
          Memory.setFloat(to + tap / g.kernelWidth() * bytes + 4 * at, weight);
        }
      }
    }
  }

  long scratchBytes(ConvGeometry g) {
    return panels.bytes(g.inWidth(), columns(g)) + 64;
  }

  void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    long step = 4L * g.outChannels();
    long bytes = panels.bytes(in(g), columns(g));
    for (int row = rowFrom; row < rowTo; row++) {
      int image = row / g.outHeight();
      int below = row - image * g.outHeight() + g.padTop();
      long result = y + (long) row * g.outWidth() * step;
      micro.preset(0, 0, bias, 1, result, step, g.outWidth(), g.outChannels());
      for (int tap = 0; tap < g.kernelHeight(); tap++) {
        int scaled = below - tap * g.dilationHeight();
        int source = scaled / g.strideHeight();
        if (scaled < 0 || scaled % g.strideHeight() != 0 || source >= g.inHeight()) {
          continue;
        }
        long from = x + 4L * ((long) image * g.inHeight() + source) * g.inWidth() * g.inChannels();
        for (int group = 0; group < g.groups(); group++) {
          micro.multiply(
              g.inWidth(),
              from + 4L * group * in(g),
              4L * g.inChannels(),
              Zeros.ADDRESS,
              1,
              in(g),
              packed + (long) (group * g.kernelHeight() + tap) * bytes,
              columns(g),
              Zeros.ADDRESS,
              0,
              0,
              0,
              null,
              scratch,
              4L * columns(g));
          scatter(g, scratch, result + 4L * group * (g.outChannels() / g.groups()));
        }
      }
      micro.finish(1, 0, 0, 0, g.activation(), result, step, g.outWidth(), g.outChannels());
    }
  }

  /// Adds the products of one input row to a row of the result.
  private void scatter(ConvGeometry g, long products, long row) {
    int out = g.outChannels() / g.groups();
    for (int column = 0; column < g.inWidth(); column++) {
      for (int tap = 0; tap < g.kernelWidth(); tap++) {
        int at = column * g.strideWidth() - g.padLeft() + tap * g.dilationWidth();
        if (at >= 0 && at < g.outWidth()) {
          long from = products + 4L * ((long) column * g.kernelWidth() + tap) * out;
          micro.add(from, row + 4L * at * g.outChannels(), out);
        }
      }
    }
  }
}
