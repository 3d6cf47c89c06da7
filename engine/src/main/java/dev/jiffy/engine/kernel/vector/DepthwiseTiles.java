package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The micro-kernels of depthwise convolutions: a vector of channels of a few adjacent pixels of
/// the result, whose sums stay in registers.
final class DepthwiseTiles {
  private DepthwiseTiles() {}

  /// Computes pixels of one row of the result.
  ///
  /// @param pixels how many
  /// @param x the window of the first pixel
  /// @param xStep bytes from window to window
  /// @param taps the offsets of the taps in a window
  /// @param count how many taps
  /// @param weights a vector per tap
  /// @param init what the sums start from
  /// @param initStep bytes from pixel to pixel, may be 0
  /// @param y the first pixel of the result
  /// @param yStep bytes from pixel to pixel
  /// @param present how many channels of the vector exist
  static void row(
      int pixels,
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long initStep,
      long y,
      long yStep,
      int present) {
    int pixel = 0;
    for (; pixel + 8 <= pixels; pixel += 8) {
      tile8(
          x + pixel * xStep,
          xStep,
          taps,
          count,
          weights,
          init + pixel * initStep,
          initStep,
          y + pixel * yStep,
          yStep,
          present);
    }
    if (pixel + 4 <= pixels) {
      tile4(
          x + pixel * xStep,
          xStep,
          taps,
          count,
          weights,
          init + pixel * initStep,
          initStep,
          y + pixel * yStep,
          yStep,
          present);
      pixel += 4;
    }
    if (pixel + 2 <= pixels) {
      tile2(
          x + pixel * xStep,
          xStep,
          taps,
          count,
          weights,
          init + pixel * initStep,
          initStep,
          y + pixel * yStep,
          yStep,
          present);
      pixel += 2;
    }
    if (pixel < pixels) {
      tile1(
          x + pixel * xStep,
          xStep,
          taps,
          count,
          weights,
          init + pixel * initStep,
          initStep,
          y + pixel * yStep,
          yStep,
          present);
    }
  }

  static void tile8(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long initStep,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = SPECIES.indexInRange(0, present);
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE, mask);
    FloatVector s1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE, mask);
    FloatVector s2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE, mask);
    FloatVector s3 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 3 * initStep, LE, mask);
    FloatVector s4 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 4 * initStep, LE, mask);
    FloatVector s5 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 5 * initStep, LE, mask);
    FloatVector s6 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 6 * initStep, LE, mask);
    FloatVector s7 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 7 * initStep, LE, mask);
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, weights + (long) BYTES * tap, LE);
      long offset = x + ALL.get(LONG, taps + 8L * tap);
      long p0 = offset & ADDRESS;
      long p4 = (offset + 4 * xStep) & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
      s2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE).fma(w, s2);
      s3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE).fma(w, s3);
      s4 = FloatVector.fromMemorySegment(SPECIES, ALL, p4, LE).fma(w, s4);
      s5 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x1, LE).fma(w, s5);
      s6 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x2, LE).fma(w, s6);
      s7 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x3, LE).fma(w, s7);
    }
    s0.intoMemorySegment(ALL, y, LE, mask);
    s1.intoMemorySegment(ALL, y + yStep, LE, mask);
    s2.intoMemorySegment(ALL, y + 2 * yStep, LE, mask);
    s3.intoMemorySegment(ALL, y + 3 * yStep, LE, mask);
    s4.intoMemorySegment(ALL, y + 4 * yStep, LE, mask);
    s5.intoMemorySegment(ALL, y + 5 * yStep, LE, mask);
    s6.intoMemorySegment(ALL, y + 6 * yStep, LE, mask);
    s7.intoMemorySegment(ALL, y + 7 * yStep, LE, mask);
  }

  static void tile4(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long initStep,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = SPECIES.indexInRange(0, present);
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE, mask);
    FloatVector s1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE, mask);
    FloatVector s2 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 2 * initStep, LE, mask);
    FloatVector s3 = FloatVector.fromMemorySegment(SPECIES, ALL, init + 3 * initStep, LE, mask);
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, weights + (long) BYTES * tap, LE);
      long offset = x + ALL.get(LONG, taps + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
      s2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE).fma(w, s2);
      s3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE).fma(w, s3);
    }
    s0.intoMemorySegment(ALL, y, LE, mask);
    s1.intoMemorySegment(ALL, y + yStep, LE, mask);
    s2.intoMemorySegment(ALL, y + 2 * yStep, LE, mask);
    s3.intoMemorySegment(ALL, y + 3 * yStep, LE, mask);
  }

  static void tile2(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long initStep,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = SPECIES.indexInRange(0, present);
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE, mask);
    FloatVector s1 = FloatVector.fromMemorySegment(SPECIES, ALL, init + initStep, LE, mask);
    long x1 = xStep & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, weights + (long) BYTES * tap, LE);
      long offset = x + ALL.get(LONG, taps + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
    }
    s0.intoMemorySegment(ALL, y, LE, mask);
    s1.intoMemorySegment(ALL, y + yStep, LE, mask);
  }

  static void tile1(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long initStep,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = SPECIES.indexInRange(0, present);
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE, mask);
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, weights + (long) BYTES * tap, LE);
      long offset = x + ALL.get(LONG, taps + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
    }
    s0.intoMemorySegment(ALL, y, LE, mask);
  }
}
