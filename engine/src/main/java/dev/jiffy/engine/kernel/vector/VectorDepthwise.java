package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.tile.DepthwiseKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Convolutions with one filter per channel.
///
/// Pixels whose windows lie within the image, but for missing rows, are computed in tiles of a few
/// pixels by one vector of channels, a row of each vector before the next; other pixels one by one.
public final class VectorDepthwise implements DepthwiseKernels {
  /// The rows of the result that are worked on together.
  private static final int ROWS = 8;

  /// The part of the first-level cache that the input may take.
  private static final long CACHE_BYTES = 20 * 1024;

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

  private static long tapsBytes(ConvGeometry g) {
    return (8L * taps(g) + 63) & -64;
  }

  /// The bytes for the offsets of the taps, and for a row of a result that is added to itself.
  @Override
  public long scratchBytes(ConvGeometry g) {
    return tapsBytes(g) + 4L * g.outWidth() * g.outChannels();
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
      long taps) {
    long step = 4L * g.outChannels();
    for (int row = 0; row < g.kernelHeight(); row++) {
      for (int column = 0; column < g.kernelWidth(); column++) {
        long pixels =
            (long) row * g.dilationHeight() * g.inWidth() + (long) column * g.dilationWidth();
        ALL.set(LONG, taps + 8L * (row * g.kernelWidth() + column), pixels * step);
      }
    }
    boolean inPlace = residual != 0 && residual == y;
    int block = inPlace ? 1 : ROWS;
    int together = vectorsTogether(g);
    long rowBytes = g.outWidth() * step;
    for (int row = rowFrom; row < rowTo; row += block) {
      int last = Math.min(row + block, rowTo);
      long pixels = (long) (last - row) * g.outWidth();
      long result = inPlace ? taps + tapsBytes(g) : y + row * rowBytes;
      for (int vector = 0; vector < vectors(g); vector += together) {
        int until = Math.min(vector + together, vectors(g));
        for (int i = row; i < last; i++) {
          row(g, i, x, packed, bias, result + (i - row) * rowBytes, taps, vector, until);
        }
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

  /// The vectors of channels that are worked on together: those of which the rows that a row of the
  /// result sees stay in the first-level cache.
  private static int vectorsTogether(ConvGeometry g) {
    long bytes = (long) g.kernelHeight() * g.inWidth() * BYTES;
    return Math.clamp(CACHE_BYTES / Math.max(1, bytes), 1, 1 << 20);
  }

  /// Computes some vectors of channels of a row of the result.
  ///
  /// @param row the row, counted over all images
  /// @param x the images
  /// @param y the row of the result
  /// @param vectorFrom the first vector
  /// @param vectorTo the vector after the last
  private static void row(
      ConvGeometry g,
      int row,
      long x,
      long packed,
      long bias,
      long y,
      long taps,
      int vectorFrom,
      int vectorTo) {
    long step = 4L * g.outChannels();
    int top = row % g.outHeight() * g.strideHeight() - g.padTop();
    long origin = (long) row / g.outHeight() * g.inHeight() + top;
    long window = x + (origin * g.inWidth() - g.padLeft()) * step;
    int dilation = g.dilationHeight();
    int last =
        Math.clamp(((long) g.inHeight() - top + dilation - 1) / dilation, 0, g.kernelHeight());
    int first = Math.min(last, top >= 0 ? 0 : (-top + dilation - 1) / dilation);
    long width = (g.kernelWidth() - 1L) * g.dilationWidth() + 1;
    long begin = (g.padLeft() + g.strideWidth() - 1L) / g.strideWidth();
    int from = (int) Math.min(g.outWidth(), begin);
    long room = (long) g.inWidth() + g.padLeft() - width;
    int to = room < 0 ? from : Math.clamp(room / g.strideWidth() + 1, from, g.outWidth());
    for (int vector = vectorFrom; vector < vectorTo; vector++) {
      long channels = 4L * channel(g, vector);
      long weights = packed + (long) BYTES * vector * taps(g);
      long init = bias == 0 ? Zeros.ADDRESS : bias + channels;
      long at = window + channels;
      long result = y + channels;
      edges(g, 0, from, at, first, last, weights, init, result);
      interior(g, from, to, at, taps, first, last, weights, init, result);
      edges(g, to, g.outWidth(), at, first, last, weights, init, result);
    }
  }

  /// Computes a vector of channels of pixels whose windows lie within the image, but for missing
  /// rows.
  ///
  /// @param from the first pixel
  /// @param to the pixel after the last
  /// @param x the window of the row's first pixel
  /// @param taps the offsets of the taps in a window
  /// @param first the first row of taps that meets the image
  /// @param last the row of taps after the last that does
  /// @param weights the weights of the channels
  /// @param init what the sums start from
  /// @param y the row's first pixel
  private static void interior(
      ConvGeometry g,
      int from,
      int to,
      long x,
      long taps,
      int first,
      int last,
      long weights,
      long init,
      long y) {
    long step = 4L * g.outChannels();
    long xStep = step * g.strideWidth();
    long used = weights + (long) BYTES * first * g.kernelWidth();
    boolean whole = g.inChannels() >= LANES;
    boolean adjacent = whole && g.dilationWidth() == 1;
    int tile = adjacent ? DepthwiseRows.pixels(g.kernelWidth(), g.strideWidth()) : 0;
    if (tile > 0 && to - from >= tile) {
      long rowStep = step * g.inWidth() * g.dilationHeight();
      long window = x + first * rowStep;
      for (int pixel = from; pixel < to; pixel += tile) {
        // the last tile overlaps the one before it
        int at = Math.min(pixel, to - tile);
        DepthwiseRows.tile(
            g.kernelWidth(),
            g.strideWidth(),
            window + at * xStep,
            step,
            rowStep,
            last - first,
            used,
            init,
            y + at * step,
            step);
      }
      return;
    }
    int count = (last - first) * g.kernelWidth();
    long table = taps + 8L * first * g.kernelWidth();
    long window = x + from * xStep;
    long result = y + from * step;
    if (whole) {
      DepthwiseTiles.whole(to - from, window, xStep, table, count, used, init, result, step);
    } else {
      int present = g.inChannels();
      DepthwiseTiles.part(
          to - from, window, xStep, table, count, used, init, result, step, present);
    }
  }

  /// Computes a vector of channels of pixels whose windows may lie partly outside the image; for
  /// the arguments see [#interior].
  private static void edges(
      ConvGeometry g,
      int from,
      int to,
      long x,
      int first,
      int last,
      long weights,
      long init,
      long y) {
    long step = 4L * g.outChannels();
    int across = g.dilationWidth();
    for (int pixel = from; pixel < to; pixel++) {
      int left = pixel * g.strideWidth() - g.padLeft();
      int leftTap = left >= 0 ? 0 : (-left + across - 1) / across;
      int rightTap =
          Math.clamp(((long) g.inWidth() - left + across - 1) / across, 0, g.kernelWidth());
      long window = x + pixel * step * g.strideWidth();
      edge(g, window, leftTap, rightTap, first, last, weights, init, y + pixel * step);
    }
  }

  /// Computes a vector of channels of one pixel whose window may lie partly outside the image.
  ///
  /// @param x the window
  /// @param from the first column of taps that meets the image
  /// @param to the column of taps after the last that does
  /// @param first the first row of taps that meets the image
  /// @param last the row of taps after the last that does
  private static void edge(
      ConvGeometry g,
      long x,
      int from,
      int to,
      int first,
      int last,
      long weights,
      long init,
      long y) {
    int present = g.inChannels();
    int width = g.kernelWidth();
    long across = 4L * g.inChannels() * g.dilationWidth();
    long down = 4L * g.inChannels() * g.inWidth() * g.dilationHeight();
    if (present < LANES) {
      partOfEdge(x, across, down, from, to, first, last, weights, width, init, y, present);
      return;
    }
    FloatVector sum = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    for (int row = first; row < last; row++) {
      for (int column = from; column < to; column++) {
        FloatVector weight =
            FloatVector.fromMemorySegment(
                SPECIES, ALL, weights + ((long) row * width + column) * BYTES, LE);
        sum =
            FloatVector.fromMemorySegment(SPECIES, ALL, x + row * down + column * across, LE)
                .fma(weight, sum);
      }
    }
    sum.intoMemorySegment(ALL, y, LE);
  }

  private static void partOfEdge(
      long x,
      long across,
      long down,
      int from,
      int to,
      int first,
      int last,
      long weights,
      int width,
      long init,
      long y,
      int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    FloatVector sum = Tails.load(init, mask);
    for (int row = first; row < last; row++) {
      for (int column = from; column < to; column++) {
        FloatVector weight =
            FloatVector.fromMemorySegment(
                SPECIES, ALL, weights + ((long) row * width + column) * BYTES, LE);
        sum = Tails.load(x + row * down + column * across, mask).fma(weight, sum);
      }
    }
    Tails.store(sum, y, mask);
  }
}
