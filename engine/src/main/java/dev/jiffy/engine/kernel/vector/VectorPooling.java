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
/// lie within the image.
final class VectorPooling {
  private VectorPooling() {}

  static void pool(PoolGeometry g, long x, long y, int rowFrom, int rowTo) {
    long pixel = 4L * g.channels();
    long line = pixel * g.inWidth();
    for (int row = rowFrom; row < rowTo; row++) {
      long image = x + (long) row / g.outHeight() * g.inHeight() * line;
      int top = row % g.outHeight() * g.strideHeight() - g.padTop();
      int tapTop = g.firstTapRow(top);
      int height = Math.max(0, g.lastTapRow(top) - tapTop);
      long to = y + (long) row * g.outWidth() * pixel;
      for (int column = 0; column < g.outWidth(); column++, to += pixel) {
        int left = column * g.strideWidth() - g.padLeft();
        int tapLeft = g.firstTapColumn(left);
        int width = Math.max(0, g.lastTapColumn(left) - tapLeft);
        long from =
            image
                + (top + (long) tapTop * g.dilationHeight()) * line
                + (left + (long) tapLeft * g.dilationWidth()) * pixel;
        long down = g.dilationHeight() * line;
        long right = g.dilationWidth() * pixel;
        if (g.max()) {
          max(from, down, right, height, width, to, g.channels());
        } else {
          average(from, down, right, height, width, g.counted(top, left), to, g.channels());
        }
      }
    }
  }

  private static void max(
      long x, long down, long right, int height, int width, long y, int channels) {
    if (channels < LANES) {
      VectorMask<Float> mask = SPECIES.indexInRange(0, channels);
      FloatVector m = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      long line = x;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          m = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN, mask).max(m);
        }
      }
      broadcast(SPECIES, Float.NEGATIVE_INFINITY)
          .max(m)
          .intoMemorySegment(ALL, y, LITTLE_ENDIAN, mask);
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

  private static void average(
      long x, long down, long right, int height, int width, int count, long y, int channels) {
    if (channels < LANES) {
      VectorMask<Float> mask = SPECIES.indexInRange(0, channels);
      FloatVector sum = broadcast(SPECIES, 0);
      long line = x;
      for (int h = 0; h < height; h++, line += down) {
        long at = line;
        for (int w = 0; w < width; w++, at += right) {
          sum = fromMemorySegment(SPECIES, ALL, at, LITTLE_ENDIAN, mask).add(sum);
        }
      }
      broadcast(SPECIES, 0)
          .add(sum)
          .div(broadcast(SPECIES, count))
          .intoMemorySegment(ALL, y, LITTLE_ENDIAN, mask);
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
