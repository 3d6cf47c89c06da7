package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;
import static dev.jiffy.engine.kernel.vector.Epilogue.ZERO;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;

/// Convolutions with one filter per channel.
///
/// A vector of channels at a time, the rows of the input that some rows of the result need are
/// copied, with their padding, into the working memory, where the pixels of the vector are adjacent
/// and stay in the first-level cache.
final class Depthwise {
  /// What a copied part of the input should not exceed, in bytes.
  private static final long WINDOW_BYTES = 40 * 1024;

  private Depthwise() {}

  /// {@return whether a convolution has one filter per channel}
  static boolean suits(ConvGeometry g) {
    return g.groups() == g.inChannels() && g.groups() == g.outChannels() && g.groups() > 1;
  }

  private static int taps(ConvGeometry g) {
    return g.kernelHeight() * g.kernelWidth();
  }

  private static int vectors(ConvGeometry g) {
    return (g.inChannels() + LANES - 1) / LANES;
  }

  static long packedBytes(ConvGeometry g) {
    return Math.multiplyExact((long) vectors(g) * taps(g), (long) BYTES) + 63 & -64;
  }

  /// Packs the weights: for each vector of channels a vector per tap.
  static void pack(ConvGeometry g, long weights, long packed) {
    int taps = taps(g);
    for (int channel = 0; channel < vectors(g) * LANES; channel++) {
      int vector = channel / LANES;
      for (int tap = 0; tap < taps; tap++) {
        boolean present = channel < g.inChannels();
        float weight = present ? Memory.getFloat(weights + 4L * (channel * taps + tap)) : 0;
        long to = packed + 4L * ((long) (vector * taps + tap) * LANES + channel % LANES);
        Memory.setFloat(to, weight);
      }
    }
  }

  private static long windowRows(ConvGeometry g, int rows) {
    return (rows - 1L) * g.strideHeight() + (g.kernelHeight() - 1L) * g.dilationHeight() + 1;
  }

  private static long pitch(ConvGeometry g) {
    return BYTES
        * ((g.outWidth() - 1L) * g.strideWidth() + (g.kernelWidth() - 1L) * g.dilationWidth() + 1);
  }

  private static int blockRows(ConvGeometry g) {
    long fixed = windowRows(g, 1);
    long fit = WINDOW_BYTES / pitch(g);
    long rows = fit > fixed ? 1 + (fit - fixed) / g.strideHeight() : 1;
    return (int) Math.min(rows, Math.max(1, g.outHeight()));
  }

  private static long tapsBytes(ConvGeometry g) {
    return (8L * taps(g) + 63) & -64;
  }

  static long scratchBytes(ConvGeometry g) {
    return tapsBytes(g) + windowRows(g, blockRows(g)) * pitch(g);
  }

  static void convolve(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    long pitch = pitch(g);
    for (int row = 0; row < g.kernelHeight(); row++) {
      for (int column = 0; column < g.kernelWidth(); column++) {
        long offset =
            (long) row * g.dilationHeight() * pitch + (long) column * g.dilationWidth() * BYTES;
        ALL.set(LONG, scratch + 8L * (row * g.kernelWidth() + column), offset);
      }
    }
    int block = blockRows(g);
    int row = rowFrom;
    while (row < rowTo) {
      int image = row / g.outHeight();
      int rows = Math.min(block, Math.min(rowTo, (image + 1) * g.outHeight()) - row);
      block(g, x, packed, bias, residual, y, row, rows, scratch);
      row += rows;
    }
  }

  /// Computes some rows of one result image.
  private static void block(
      ConvGeometry g,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int row,
      int rows,
      long taps) {
    int channels = g.outChannels();
    long step = 4L * channels;
    int image = row / g.outHeight();
    int top = (row - image * g.outHeight()) * g.strideHeight() - g.padTop();
    long images = x + image * (long) g.inHeight() * g.inWidth() * step;
    long pixels = (long) rows * g.outWidth();
    long result = y + (long) row * g.outWidth() * step;
    long init = bias == 0 ? ZERO : bias;
    long initStep = 0;
    if (residual != 0) {
      long rest = residual + (long) row * g.outWidth() * step;
      if (bias != 0) {
        Epilogue.preset(rest, step, bias, 1, result, step, pixels, channels);
      }
      init = bias == 0 ? rest : result;
      initStep = step;
    }
    long window = taps + tapsBytes(g);
    long pitch = pitch(g);
    long aStep = (long) BYTES * g.strideWidth();
    for (int vector = 0; vector < vectors(g); vector++) {
      int present = Math.min(LANES, channels - vector * LANES);
      copy(g, images + (long) BYTES * vector, present, top, (int) windowRows(g, rows), window);
      long weights = packed + (long) BYTES * vector * taps(g);
      long start = init == ZERO ? ZERO : init + (long) BYTES * vector;
      for (int i = 0; i < rows; i++) {
        long done = (long) i * g.outWidth() * step;
        DepthwiseTiles.row(
            g.outWidth(),
            window + (long) i * g.strideHeight() * pitch,
            aStep,
            taps,
            taps(g),
            weights,
            initStep == 0 ? start : start + done,
            initStep,
            result + done + (long) BYTES * vector,
            step,
            present);
      }
    }
    Epilogue.finish(1, 0, 0, 0, g.activation(), result, step, pixels, channels);
  }

  /// Copies a vector of channels of some rows, with padding.
  private static void copy(ConvGeometry g, long x, int present, int top, int rows, long window) {
    long step = 4L * g.inChannels();
    long pitch = pitch(g);
    long left = Math.min(pitch, (long) BYTES * g.padLeft());
    long columns = Math.max(0, Math.min(g.inWidth(), pitch / BYTES - g.padLeft()));
    for (int row = 0; row < rows; row++) {
      long to = window + row * pitch;
      int source = top + row;
      if (source < 0 || source >= g.inHeight()) {
        Copies.zero(to, pitch);
        continue;
      }
      Copies.zero(to, left);
      Copies.gather(x + (long) source * g.inWidth() * step, step, columns, present, to + left);
      long done = left + columns * BYTES;
      Copies.zero(to + done, pitch - done);
    }
  }
}
