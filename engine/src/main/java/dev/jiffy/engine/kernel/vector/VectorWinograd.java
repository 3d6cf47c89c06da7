package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;
import static dev.jiffy.engine.kernel.vector.Tiles.TABLE;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.tile.WinogradKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import jdk.incubator.vector.FloatVector;

/// The transforms of Winograd's convolutions in the Vector API: tile by tile, a row of four pixels
/// after the other, a vector of channels at a time.
public final class VectorWinograd implements WinogradKernels {
  /// The channels of a pixel that [Zeros] can stand for.
  private static final int CHANNELS = (int) (Zeros.BYTES / 4);

  /// Creates the kernels.
  public VectorWinograd() {}

  /// A single vector of channels is little work for the addresses of sixteen pixels.
  @Override
  public int leastChannels() {
    return Math.max(16, LANES + 1);
  }

  @Override
  public void transformInput(
      ConvGeometry g, int channels, long x, int row, int column, int tiles, long to, long step) {
    long pixel = 4L * g.inChannels();
    int top = row % g.outHeight() - g.padTop();
    long image = x + (long) row / g.outHeight() * g.inHeight() * g.inWidth() * pixel;
    long table = Staging.address();
    for (int tile = 0; tile < tiles; tile++) {
      int left = column + 2 * tile * g.dilationWidth() - g.padLeft();
      int atOnce = Math.min(CHANNELS, channels);
      for (int i = 0; i < channels; i += CHANNELS) {
        int channel = Math.min(i, channels - atOnce);
        long target = to + 4L * tile * channels + 4L * channel;
        tabulate(g, image + 4L * channel, top, left, table);
        inputRow(table, table + 64, -1, atOnce, target, step);
        inputRow(table + 32, table + 64, 1, atOnce, target + 4 * step, step);
        inputRow(table + 64, table + 32, -1, atOnce, target + 8 * step, step);
        inputRow(table + 32, table + 96, -1, atOnce, target + 12 * step, step);
      }
    }
  }

  /// Writes the addresses of the four by four pixels of a tile; those outside the image are zeros.
  private static void tabulate(ConvGeometry g, long image, int top, int left, long table) {
    long pixel = 4L * g.inChannels();
    for (int i = 0; i < 16; i++) {
      int row = top + i / 4 * g.dilationHeight();
      int column = left + i % 4 * g.dilationWidth();
      boolean present = row >= 0 && row < g.inHeight() && column >= 0 && column < g.inWidth();
      long at = image + ((long) row * g.inWidth() + column) * pixel;
      TABLE.setOpaque(ALL, table + 8L * i, present ? at : Zeros.ADDRESS);
    }
  }

  /// Transforms `p + sign · q`, two rows of four pixels each, whose addresses are given.
  private static void inputRow(long p, long q, float sign, int channels, long to, long step) {
    long p0 = (long) TABLE.getOpaque(ALL, p);
    long p1 = (long) TABLE.getOpaque(ALL, p + 8);
    long p2 = (long) TABLE.getOpaque(ALL, p + 16);
    long p3 = (long) TABLE.getOpaque(ALL, p + 24);
    long q0 = (long) TABLE.getOpaque(ALL, q);
    long q1 = (long) TABLE.getOpaque(ALL, q + 8);
    long q2 = (long) TABLE.getOpaque(ALL, q + 16);
    long q3 = (long) TABLE.getOpaque(ALL, q + 24);
    for (int i = 0; i < channels; i += LANES) {
      // The last vector overlaps the one before it rather than reach beyond the channels.
      long at = 4L * Math.min(i, channels - LANES);
      FloatVector s = FloatVector.broadcast(SPECIES, sign);
      FloatVector a0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + at, LE);
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, ALL, q0 + at, LE);
      FloatVector d0 = b0.fma(s, a0);
      FloatVector a1 = FloatVector.fromMemorySegment(SPECIES, ALL, p1 + at, LE);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, ALL, q1 + at, LE);
      FloatVector d1 = b1.fma(s, a1);
      FloatVector a2 = FloatVector.fromMemorySegment(SPECIES, ALL, p2 + at, LE);
      FloatVector b2 = FloatVector.fromMemorySegment(SPECIES, ALL, q2 + at, LE);
      FloatVector d2 = b2.fma(s, a2);
      FloatVector a3 = FloatVector.fromMemorySegment(SPECIES, ALL, p3 + at, LE);
      FloatVector b3 = FloatVector.fromMemorySegment(SPECIES, ALL, q3 + at, LE);
      FloatVector d3 = b3.fma(s, a3);
      long target = to + at;
      d0.sub(d2).intoMemorySegment(ALL, target, LE);
      d1.add(d2).intoMemorySegment(ALL, target + step, LE);
      d2.sub(d1).intoMemorySegment(ALL, target + 2 * step, LE);
      d1.sub(d3).intoMemorySegment(ALL, target + 3 * step, LE);
    }
  }

  @Override
  public void transformResult(
      ConvGeometry g,
      int channels,
      long from,
      long step,
      long bias,
      long residual,
      long y,
      int row,
      int rows,
      int column,
      int tiles) {
    long pixel = 4L * g.outChannels();
    int apart = g.dilationWidth();
    int pixels = Math.min(2 * tiles, Math.ceilDiv(g.outWidth() - column, apart));
    int whole = channels - channels % LANES;
    long biasMask = bias == 0 ? 0 : -1;
    long restMask = residual == 0 ? 0 : -1;
    for (int i = 0; i < rows; i++) {
      long offset = ((row + (long) i * g.dilationHeight()) * g.outWidth() + column) * pixel;
      for (int tile = 0; tile < tiles; tile++) {
        long at = offset + 2L * tile * apart * pixel;
        long matrices = from + 4L * tile * channels + 4L * i * step;
        float sign = i == 0 ? 1 : -1;
        long added = bias == 0 ? Zeros.ADDRESS : bias;
        long rest = residual == 0 ? Zeros.ADDRESS : residual + at;
        long second = 2 * tile + 1 < pixels ? apart * pixel : 0;
        resultRow(matrices, step, sign, channels, added, biasMask, rest, restMask, y + at, second);
        if (whole < channels) {
          long end = 4L * whole;
          endOfResultRow(
              matrices + end,
              step,
              sign,
              channels - whole,
              added + (end & biasMask),
              rest + (end & restMask),
              second & restMask,
              y + at + end,
              second);
        }
      }
      boolean dense = apart == 1 && channels == g.outChannels();
      long elements = (dense ? (long) pixels : 1) * channels;
      int lines = dense ? 1 : pixels;
      Epilogue.finish(1, 0, 0, 0, g.activation(), y + offset, apart * pixel, lines, elements);
    }
  }

  /// Computes whole vectors of channels of two pixels of a result, or of one where `second` is 0:
  /// transforms `a + sign · (b + c)`, three rows of four matrices each, and adds the bias and the
  /// residual, where their masks are -1 and not 0.
  private static void resultRow(
      long a,
      long step,
      float sign,
      int channels,
      long bias,
      long biasMask,
      long rest,
      long restMask,
      long y,
      long second) {
    long b = a + 4 * step;
    long c = b + 4 * step;
    for (int i = 0; i <= channels - LANES; i += LANES) {
      long at = 4L * i;
      FloatVector s = FloatVector.broadcast(SPECIES, sign);
      FloatVector a0 = FloatVector.fromMemorySegment(SPECIES, ALL, a + at, LE);
      FloatVector b0 = FloatVector.fromMemorySegment(SPECIES, ALL, b + at, LE);
      FloatVector c0 = FloatVector.fromMemorySegment(SPECIES, ALL, c + at, LE);
      FloatVector t0 = b0.add(c0).fma(s, a0);
      FloatVector a1 = FloatVector.fromMemorySegment(SPECIES, ALL, a + at + step, LE);
      FloatVector b1 = FloatVector.fromMemorySegment(SPECIES, ALL, b + at + step, LE);
      FloatVector c1 = FloatVector.fromMemorySegment(SPECIES, ALL, c + at + step, LE);
      FloatVector t1 = b1.add(c1).fma(s, a1);
      FloatVector a2 = FloatVector.fromMemorySegment(SPECIES, ALL, a + at + 2 * step, LE);
      FloatVector b2 = FloatVector.fromMemorySegment(SPECIES, ALL, b + at + 2 * step, LE);
      FloatVector c2 = FloatVector.fromMemorySegment(SPECIES, ALL, c + at + 2 * step, LE);
      FloatVector t2 = b2.add(c2).fma(s, a2);
      FloatVector a3 = FloatVector.fromMemorySegment(SPECIES, ALL, a + at + 3 * step, LE);
      FloatVector b3 = FloatVector.fromMemorySegment(SPECIES, ALL, b + at + 3 * step, LE);
      FloatVector c3 = FloatVector.fromMemorySegment(SPECIES, ALL, c + at + 3 * step, LE);
      FloatVector t3 = b3.add(c3).fma(s, a3);
      FloatVector added = FloatVector.fromMemorySegment(SPECIES, ALL, bias + (at & biasMask), LE);
      FloatVector l = FloatVector.fromMemorySegment(SPECIES, ALL, rest + (at & restMask), LE);
      FloatVector r =
          FloatVector.fromMemorySegment(SPECIES, ALL, rest + ((at + second) & restMask), LE);
      t1.sub(t2).sub(t3).add(added).add(r).intoMemorySegment(ALL, y + at + second, LE);
      t0.add(t1).add(t2).add(added).add(l).intoMemorySegment(ALL, y + at, LE);
    }
  }

  /// The same for the last channels, less than a vector, by way of the thread's memory: what is
  /// added may be the result itself, so that no vector may overlap another.
  private static void endOfResultRow(
      long a,
      long step,
      float sign,
      int channels,
      long bias,
      long rest,
      long restStep,
      long y,
      long second) {
    long added = Staging.address();
    long to = added + 3L * BYTES;
    Staging.load(bias, 0, 1, channels, added);
    Staging.load(rest, restStep, 2, channels, added + BYTES);
    resultRow(a, step, sign, LANES, added, -1, added + BYTES, -1, to, BYTES);
    Staging.store(to, second == 0 ? 1 : 2, channels, y, second);
  }
}
