package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.DepthwiseKernels;
import dev.jiffy.engine.kernel.tile.Zeros;

/// Convolutions with one filter per channel.
///
/// Rows of the result whose windows meet the same rows of taps are computed together. Pixels whose
/// windows lie within the image, but for missing rows, are computed in tiles of a few pixels by one
/// vector of channels, from the top down; of other pixels those that lie above each other.
public final class VectorDepthwise implements DepthwiseKernels {
  /// The rows of the result that are worked on together.
  private static final int ROWS = 8;

  /// Creates the kernels.
  public VectorDepthwise() {}

  @Override
  public boolean suits(ConvGeometry g) {
    return g.groups() == g.inChannels() && g.groups() == g.outChannels() && g.groups() > 1;
  }

  private static int taps(ConvGeometry g) {
    return g.kernelHeight() * g.kernelWidth();
  }

  private static int vectors(ConvGeometry g) {
    return (g.inChannels() + LANES - 1) / LANES;
  }

  @Override
  public long packedBytes(ConvGeometry g) {
    return Math.multiplyExact((long) vectors(g) * taps(g), (long) BYTES) + 63 & -64;
  }

  /// {@return the first channel of a vector; the last vector overlaps the one before it rather than
  /// reach beyond the channels}
  private static int channel(ConvGeometry g, int vector) {
    return Math.min(vector * LANES, Math.max(0, g.inChannels() - LANES));
  }

  /// Packs the weights: for each vector of channels a vector per tap.
  @Override
  public void pack(ConvGeometry g, long weights, long packed) {
    int taps = taps(g);
    for (int vector = 0; vector < vectors(g); vector++) {
      for (int tap = 0; tap < taps; tap++) {
        for (int lane = 0; lane < LANES; lane++) {
          long channel = (long) channel(g, vector) + lane;
          boolean present = channel < g.inChannels();
          float weight = present ? Memory.getFloat(weights + 4 * (channel * taps + tap)) : 0;
          Memory.setFloat(packed + 4 * (((long) vector * taps + tap) * LANES + lane), weight);
        }
      }
    }
  }

  /// The bytes for a row of a result that is added to itself.
  @Override
  public long scratchBytes(ConvGeometry g) {
    return 4L * g.outWidth() * g.outChannels();
  }

  @Override
  public void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    long step = 4L * g.outChannels();
    boolean inPlace = residual != 0 && residual == y;
    int block = inPlace ? 1 : ROWS;
    long rowBytes = g.outWidth() * step;
    for (int row = rowFrom; row < rowTo; row += block) {
      int last = Math.min(row + block, rowTo);
      long pixels = (long) (last - row) * g.outWidth();
      long result = inPlace ? scratch : y + row * rowBytes;
      for (int from = row, to; from < last; from = to) {
        to = Math.min(last, alike(g, from));
        lines(g, from, to - from, x, packed, bias, result + (from - row) * rowBytes);
      }
      long rest = residual == 0 ? 0 : residual + row * rowBytes;
      if (inPlace) {
        Epilogue.add(result, rest, pixels * g.outChannels());
        result = rest;
        rest = 0;
      }
      Epilogue.finish(1, rest, step, 0, g.activation(), result, step, pixels, g.outChannels());
    }
  }

  /// {@return the first result along a dimension whose window begins within the image}
  private static int begin(int pad, int stride, int out) {
    return (int) Math.min(out, (pad + stride - 1L) / stride);
  }

  /// {@return the result along a dimension after the last whose window ends within the image, not
  /// before the first whose window begins there}
  private static int end(int in, int pad, int kernel, int dilation, int stride, int out) {
    long room = (long) in + pad - ((kernel - 1L) * dilation + 1);
    int begin = begin(pad, stride, out);
    return room < 0 ? begin : Math.clamp(room / stride + 1, begin, out);
  }

  /// {@return the end of the rows of the result from one on, counted over all images, whose windows
  /// meet the same rows of taps}
  private static int alike(ConvGeometry g, int row) {
    int inImage = row % g.outHeight();
    int from = begin(g.padTop(), g.strideHeight(), g.outHeight());
    int to =
        end(
            g.inHeight(),
            g.padTop(),
            g.kernelHeight(),
            g.dilationHeight(),
            g.strideHeight(),
            g.outHeight());
    return inImage >= from && inImage < to ? row + to - inImage : row + 1;
  }

  /// Computes some rows of the result whose windows meet the same rows of taps.
  ///
  /// @param row the first row, counted over all images
  /// @param lines how many
  /// @param x the images
  /// @param y the first row of the result
  private static void lines(
      ConvGeometry g, int row, int lines, long x, long packed, long bias, long y) {
    long step = 4L * g.outChannels();
    int top = row % g.outHeight() * g.strideHeight() - g.padTop();
    long origin = (long) row / g.outHeight() * g.inHeight() + top;
    int dilation = g.dilationHeight();
    int last =
        Math.clamp(((long) g.inHeight() - top + dilation - 1) / dilation, 0, g.kernelHeight());
    int first = Math.min(last, top >= 0 ? 0 : (-top + dilation - 1) / dilation);
    long window = x + ((origin + (long) first * dilation) * g.inWidth() - g.padLeft()) * step;
    int from = begin(g.padLeft(), g.strideWidth(), g.outWidth());
    int to =
        end(
            g.inWidth(),
            g.padLeft(),
            g.kernelWidth(),
            g.dilationWidth(),
            g.strideWidth(),
            g.outWidth());
    for (int vector = 0; vector < vectors(g); vector++) {
      long channels = 4L * channel(g, vector);
      long weights =
          packed + (long) BYTES * (vector * (long) taps(g) + (long) first * g.kernelWidth());
      long init = bias == 0 ? Zeros.ADDRESS : bias + channels;
      long at = window + channels;
      long result = y + channels;
      edges(g, 0, from, lines, at, last - first, weights, init, result);
      interior(g, from, to, lines, at, last - first, weights, init, result);
      edges(g, to, g.outWidth(), lines, at, last - first, weights, init, result);
    }
  }

  /// Computes a vector of channels of pixels whose windows lie within the image, but for missing
  /// rows.
  ///
  /// @param from the first pixel of each row
  /// @param to the pixel after the last
  /// @param lines the rows of the result
  /// @param x the first tap that is used of the window of the first row's first pixel
  /// @param rows the rows of taps that are used
  /// @param weights the weights of the channels, from that tap on
  /// @param init what the sums start from
  /// @param y the first row's first pixel
  private static void interior(
      ConvGeometry g,
      int from,
      int to,
      int lines,
      long x,
      int rows,
      long weights,
      long init,
      long y) {
    long step = 4L * g.outChannels();
    long xStep = step * g.strideWidth();
    boolean adjacent = g.inChannels() >= LANES && g.dilationWidth() == 1;
    int tile = adjacent ? DepthwiseRows.pixels(g.kernelWidth(), g.strideWidth()) : 0;
    long xLine = step * g.inWidth() * g.strideHeight();
    long yLine = step * g.outWidth();
    if (tile == 0 || to - from < tile) {
      int all = g.kernelWidth();
      for (int i = 0; i < lines && lines < to - from; i++) {
        long window = x + i * xLine + from * xStep;
        long result = y + i * yLine + from * step;
        pixels(g, to - from, window, xStep, rows, 0, all, weights, init, result, step);
      }
      for (int i = from; i < to && lines >= to - from; i++) {
        long result = y + i * step;
        pixels(g, lines, x + i * xStep, xLine, rows, 0, all, weights, init, result, yLine);
      }
      return;
    }
    for (int pixel = from; pixel < to; pixel += tile) {
      // the last tile overlaps the one before it
      int at = Math.min(pixel, to - tile);
      DepthwiseRows.tile(
          g.kernelWidth(),
          g.strideWidth(),
          x + at * xStep,
          step,
          step * g.inWidth() * g.dilationHeight(),
          rows,
          weights,
          init,
          y + at * step,
          step,
          lines,
          xLine,
          yLine);
    }
  }

  /// Computes a vector of channels of pixels whose windows may lie partly outside the image; for
  /// the arguments see [#interior].
  private static void edges(
      ConvGeometry g,
      int from,
      int to,
      int lines,
      long x,
      int rows,
      long weights,
      long init,
      long y) {
    long step = 4L * g.outChannels();
    long xLine = step * g.inWidth() * g.strideHeight();
    long yLine = step * g.outWidth();
    int dilation = g.dilationWidth();
    for (int pixel = from; pixel < to; pixel++) {
      int left = pixel * g.strideWidth() - g.padLeft();
      int first = left >= 0 ? 0 : (-left + dilation - 1) / dilation;
      int last =
          Math.clamp(((long) g.inWidth() - left + dilation - 1) / dilation, 0, g.kernelWidth());
      long window = x + pixel * step * g.strideWidth();
      long result = y + pixel * step;
      pixels(g, lines, window, xLine, rows, first, last, weights, init, result, yLine);
    }
  }

  /// Computes a vector of channels of pixels that are made of the same taps.
  ///
  /// @param count how many
  /// @param x the first tap that is used of a row of the first pixel's window, were all columns
  ///   used
  /// @param xStep bytes from window to window
  /// @param rows the rows of taps that are used
  /// @param first the first column of taps that is
  /// @param last the column of taps after the last that is
  /// @param weights the weights of the channels, from the first row that is used on
  /// @param init what the sums start from
  /// @param y the first pixel
  /// @param yStep bytes from pixel to pixel
  private static void pixels(
      ConvGeometry g,
      int count,
      long x,
      long xStep,
      int rows,
      int first,
      int last,
      long weights,
      long init,
      long y,
      long yStep) {
    long step = 4L * g.outChannels();
    long across = step * g.dilationWidth();
    DepthwiseTiles.pixels(
        count,
        x + first * across,
        xStep,
        rows,
        step * g.inWidth() * g.dilationHeight(),
        last - first,
        across,
        weights + (long) BYTES * first,
        (long) BYTES * g.kernelWidth(),
        init,
        y,
        yStep,
        Math.min(LANES, g.inChannels()));
  }
}
