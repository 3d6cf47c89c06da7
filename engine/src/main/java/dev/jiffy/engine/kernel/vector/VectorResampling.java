package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.ResizeGeometry;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Two-tap resampling of channels-last images.
final class VectorResampling {
  private VectorResampling() {}

  static void resize(ResizeGeometry g, long x, long y, int rowFrom, int rowTo) {
    int height = g.rowLow().length;
    long line = 4L * g.inWidth() * g.channels();
    long resultLine = 4L * g.columnLow().length * g.channels();
    for (int row = rowFrom; row < rowTo; row++) {
      int r = row % height;
      long image = x + (long) row / height * g.inHeight() * line;
      long low = image + g.rowLow()[r] * line;
      long high = image + g.rowHigh()[r] * line;
      long to = y + row * resultLine;
      if (!g.nearest()) {
        mix(g, low, high, g.rowWeights()[r], to);
      } else if (row > rowFrom && r > 0 && g.rowLow()[r] == g.rowLow()[r - 1]) {
        Movement.bytes(to - resultLine, to, resultLine);
      } else {
        pick(g, low, to);
      }
    }
  }

  /// A result row of nearest elements.
  private static void pick(ResizeGeometry g, long x, long y) {
    long pixel = 4L * g.channels();
    int[] columns = g.columnLow();
    for (int c = 0; c < columns.length; c++) {
      long from = x + columns[c] * pixel;
      long to = y + c * pixel;
      if (g.channels() < 4) {
        for (long i = 0; i < pixel; i += 4) {
          Memory.setFloat(to + i, Memory.getFloat(from + i));
        }
      } else {
        Movement.bytes(from, to, pixel);
      }
    }
  }

  private static void mix(ResizeGeometry g, long low, long high, float weight, long y) {
    int channels = g.channels();
    int columns = g.columnLow().length;
    for (int c = 0; c < columns; c++) {
      long left = 4L * g.columnLow()[c] * channels;
      long right = 4L * g.columnHigh()[c] * channels;
      float across = g.columnWeights()[c];
      long to = y + 4L * c * channels;
      if (channels < 4) {
        for (long i = 0; i < channels; i++) {
          float above = mix(low + left + 4 * i, low + right + 4 * i, across);
          float below = mix(high + left + 4 * i, high + right + 4 * i, across);
          Memory.setFloat(to + 4 * i, (1 - weight) * above + weight * below);
        }
      } else {
        mix(low + left, low + right, high + left, high + right, across, weight, to, channels);
      }
    }
  }

  private static float mix(long low, long high, float weight) {
    return (1 - weight) * Memory.getFloat(low) + weight * Memory.getFloat(high);
  }

  private static void mix(
      long a, long b, long c, long d, float across, float down, long y, int channels) {
    FloatVector right = broadcast(SPECIES, across);
    FloatVector left = broadcast(SPECIES, 1 - across);
    long i = 0;
    for (; i <= channels - LANES; i += LANES) {
      FloatVector above =
          fromMemorySegment(SPECIES, ALL, b + 4 * i, LITTLE_ENDIAN)
              .fma(right, fromMemorySegment(SPECIES, ALL, a + 4 * i, LITTLE_ENDIAN).mul(left));
      FloatVector below =
          fromMemorySegment(SPECIES, ALL, d + 4 * i, LITTLE_ENDIAN)
              .fma(right, fromMemorySegment(SPECIES, ALL, c + 4 * i, LITTLE_ENDIAN).mul(left));
      below
          .fma(broadcast(SPECIES, down), above.mul(broadcast(SPECIES, 1 - down)))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < channels) {
      VectorMask<Float> mask = Tails.mask(i, channels);
      FloatVector above =
          Tails.load(b + 4 * i, mask).fma(right, Tails.load(a + 4 * i, mask).mul(left));
      FloatVector below =
          Tails.load(d + 4 * i, mask).fma(right, Tails.load(c + 4 * i, mask).mul(left));
      Tails.store(
          below.fma(broadcast(SPECIES, down), above.mul(broadcast(SPECIES, 1 - down))),
          y + 4 * i,
          mask);
    }
  }
}
