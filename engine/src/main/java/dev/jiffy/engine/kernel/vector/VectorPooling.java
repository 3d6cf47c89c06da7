package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.kernel.PoolGeometry;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Pooling of channels-last images: a vector of channels at a time, over the taps of a window that
/// lie within the image; of four adjacent pixels together where their windows are whole columns.
final class VectorPooling {
  /// The adjacent pixels that are computed together.
  private static final int TOGETHER = 4;

  private VectorPooling() {}

  static void pool(PoolGeometry g, long x, long y, int rowFrom, int rowTo) {
    long pixel = 4L * g.channels();
    long line = pixel * g.inWidth();
    for (int row = rowFrom; row < rowTo; row++) {
      long image = x + (long) row / g.outHeight() * g.inHeight() * line;
      int top = row % g.outHeight() * g.strideHeight() - g.padTop();
      int tapTop = g.firstTapRow(top);
      int height = Math.max(0, g.lastTapRow(top) - tapTop);
      long taps = image + (top + (long) tapTop * g.dilationHeight()) * line;
      row(g, taps, height, top, y + (long) row * g.outWidth() * pixel);
    }
  }

  /// Computes a row of the result.
  ///
  /// @param taps the row of the image that the first row of taps lies in
  /// @param height the rows of taps within the image
  /// @param top the row of the image that windows begin at
  /// @param y the row of the result
  private static void row(PoolGeometry g, long taps, int height, int top, long y) {
    long right = 4L * g.dilationWidth() * g.channels();
    long down = 4L * g.dilationHeight() * g.channels() * g.inWidth();
    long step = 4L * g.channels();
    long xStep = g.strideWidth() * step;
    long beyond = (TOGETHER - 1L) * g.strideWidth() + (g.kernelWidth() - 1L) * g.dilationWidth();
    int column = 0;
    while (column < g.outWidth()) {
      int left = column * g.strideWidth() - g.padLeft();
      long to = y + column * step;
      boolean together = g.channels() >= LANES && column + TOGETHER <= g.outWidth();
      if (together && left >= 0 && left + beyond < g.inWidth()) {
        long from = taps + left * step;
        int width = g.kernelWidth();
        if (g.max()) {
          max4(from, xStep, down, right, height, width, to, g.channels());
        } else {
          int count = g.counted(top, left);
          average4(from, xStep, down, right, height, width, count, to, g.channels());
        }
        column += TOGETHER;
        continue;
      }
      int tapLeft = g.firstTapColumn(left);
      int width = Math.max(0, g.lastTapColumn(left) - tapLeft);
      long from = taps + (left + (long) tapLeft * g.dilationWidth()) * step;
      if (g.max()) {
        max(from, down, right, height, width, to, g.channels());
      } else {
        average(from, down, right, height, width, g.counted(top, left), to, g.channels());
      }
      column++;
    }
  }

  private static void max4(
      long x, long xStep, long down, long right, int height, int width, long y, int channels) {
    long step = 4L * channels;
    for (int i = 0; i < channels; i += LANES) {
      int c = Math.min(i, channels - LANES);
      FloatVector low = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      FloatVector m0 = low;
      FloatVector m1 = m0;
      FloatVector m2 = m0;
      FloatVector m3 = m0;
      long line = x + 4L * c;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          m0 = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN).max(m0);
          m1 = fromMemorySegment(SPECIES, ALL, at + xStep, LITTLE_ENDIAN).max(m1);
          m2 = fromMemorySegment(SPECIES, ALL, at + 2 * xStep, LITTLE_ENDIAN).max(m2);
          m3 = fromMemorySegment(SPECIES, ALL, at + 3 * xStep, LITTLE_ENDIAN).max(m3);
        }
      }
      long to = y + 4L * c;
      low.max(m0).intoMemorySegment(ALL, to, LITTLE_ENDIAN);
      low.max(m1).intoMemorySegment(ALL, to + step, LITTLE_ENDIAN);
      low.max(m2).intoMemorySegment(ALL, to + 2 * step, LITTLE_ENDIAN);
      low.max(m3).intoMemorySegment(ALL, to + 3 * step, LITTLE_ENDIAN);
    }
  }

  private static void max(
      long x, long down, long right, int height, int width, long y, int channels) {
    if (channels < LANES) {
      VectorMask<Float> mask = Tails.mask(0, channels);
      FloatVector m = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      long line = x;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          m = Tails.load(at, mask).max(m);
        }
      }
      Tails.store(broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(m), y, mask);
      return;
    }
    for (int i = 0; i < channels; i += LANES) {
      // The last vector overlaps the one before it rather than reach beyond the channels.
      int c = Math.min(i, channels - LANES);
      FloatVector m = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      long line = x + 4L * c;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          m = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN).max(m);
        }
      }
      broadcast(SPECIES, Float.NEGATIVE_INFINITY)
          .max(m)
          .intoMemorySegment(ALL, y + 4L * c, LITTLE_ENDIAN);
    }
  }

  private static void average4(
      long x,
      long xStep,
      long down,
      long right,
      int height,
      int width,
      int count,
      long y,
      int channels) {
    long step = 4L * channels;
    for (int i = 0; i < channels; i += LANES) {
      int c = Math.min(i, channels - LANES);
      FloatVector zero = broadcast(SPECIES, 0);
      FloatVector s0 = zero;
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      long line = x + 4L * c;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          s0 = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN).add(s0);
          s1 = fromMemorySegment(SPECIES, ALL, at + xStep, LITTLE_ENDIAN).add(s1);
          s2 = fromMemorySegment(SPECIES, ALL, at + 2 * xStep, LITTLE_ENDIAN).add(s2);
          s3 = fromMemorySegment(SPECIES, ALL, at + 3 * xStep, LITTLE_ENDIAN).add(s3);
        }
      }
      FloatVector counted = broadcast(SPECIES, count);
      long to = y + 4L * c;
      zero.add(s0).div(counted).intoMemorySegment(ALL, to, LITTLE_ENDIAN);
      zero.add(s1).div(counted).intoMemorySegment(ALL, to + step, LITTLE_ENDIAN);
      zero.add(s2).div(counted).intoMemorySegment(ALL, to + 2 * step, LITTLE_ENDIAN);
      zero.add(s3).div(counted).intoMemorySegment(ALL, to + 3 * step, LITTLE_ENDIAN);
    }
  }

  private static void average(
      long x, long down, long right, int height, int width, int count, long y, int channels) {
    if (channels < LANES) {
      VectorMask<Float> mask = Tails.mask(0, channels);
      FloatVector sum = broadcast(SPECIES, 0);
      long line = x;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          sum = Tails.load(at, mask).add(sum);
        }
      }
      Tails.store(broadcast(SPECIES, 0).add(sum).div(broadcast(SPECIES, count)), y, mask);
      return;
    }
    for (int i = 0; i < channels; i += LANES) {
      // The last vector overlaps the one before it rather than reach beyond the channels.
      int c = Math.min(i, channels - LANES);
      FloatVector sum = broadcast(SPECIES, 0);
      long line = x + 4L * c;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          sum = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN).add(sum);
        }
      }
      broadcast(SPECIES, 0)
          .add(sum)
          .div(broadcast(SPECIES, count))
          .intoMemorySegment(ALL, y + 4L * c, LITTLE_ENDIAN);
    }
  }
}
