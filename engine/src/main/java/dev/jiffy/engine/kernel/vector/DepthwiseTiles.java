package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;
import static dev.jiffy.engine.kernel.vector.Tiles.TABLE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The micro-kernels of depthwise convolutions with any windows: a vector of channels of a few
/// adjacent pixels of the result, whose sums stay in registers.
final class DepthwiseTiles {
  private DepthwiseTiles() {}

  /// Computes a vector of channels of adjacent pixels of the result, of which all channels exist.
  ///
  /// @param pixels how many
  /// @param x the window of the first pixel
  /// @param xStep bytes from window to window
  /// @param taps the offsets of the taps in a window
  /// @param count how many taps
  /// @param weights a vector per tap
  /// @param init what the sums start from
  /// @param y the first pixel of the result
  /// @param yStep bytes from pixel to pixel
  static void whole(
      int pixels,
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long y,
      long yStep) {
    int pixel = 0;
    for (; pixel + 8 <= pixels; pixel += 8) {
      whole8(x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep);
    }
    for (; pixel + 4 <= pixels; pixel += 4) {
      whole4(x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep);
    }
    for (; pixel + 2 <= pixels; pixel += 2) {
      whole2(x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep);
    }
    for (; pixel + 1 <= pixels; pixel += 1) {
      whole1(x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep);
    }
  }

  /// Computes a vector of channels of adjacent pixels of the result, of which the first channels
  /// exist.
  ///
  /// @param pixels how many
  /// @param x the window of the first pixel
  /// @param xStep bytes from window to window
  /// @param taps the offsets of the taps in a window
  /// @param count how many taps
  /// @param weights a vector per tap
  /// @param init what the sums start from
  /// @param y the first pixel of the result
  /// @param yStep bytes from pixel to pixel
  /// @param present how many channels of the vector exist
  static void part(
      int pixels,
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long y,
      long yStep,
      int present) {
    int pixel = 0;
    for (; pixel + 2 <= pixels; pixel += 2) {
      part2(
          x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep, present);
    }
    for (; pixel + 1 <= pixels; pixel += 1) {
      part1(
          x + pixel * xStep, xStep, taps, count, weights, init, y + pixel * yStep, yStep, present);
    }
  }

  static void whole8(
      long x, long xStep, long taps, int count, long weights, long init, long y, long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
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
    s0.intoMemorySegment(ALL, y, LE);
    s1.intoMemorySegment(ALL, y + yStep, LE);
    s2.intoMemorySegment(ALL, y + 2 * yStep, LE);
    s3.intoMemorySegment(ALL, y + 3 * yStep, LE);
    s4.intoMemorySegment(ALL, y + 4 * yStep, LE);
    s5.intoMemorySegment(ALL, y + 5 * yStep, LE);
    s6.intoMemorySegment(ALL, y + 6 * yStep, LE);
    s7.intoMemorySegment(ALL, y + 7 * yStep, LE);
  }

  static void whole4(
      long x, long xStep, long taps, int count, long weights, long init, long y, long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
      s2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE).fma(w, s2);
      s3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE).fma(w, s3);
    }
    s0.intoMemorySegment(ALL, y, LE);
    s1.intoMemorySegment(ALL, y + yStep, LE);
    s2.intoMemorySegment(ALL, y + 2 * yStep, LE);
    s3.intoMemorySegment(ALL, y + 3 * yStep, LE);
  }

  static void whole2(
      long x, long xStep, long taps, int count, long weights, long init, long y, long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector s1 = s0;
    long x1 = xStep & ADDRESS;
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
    }
    s0.intoMemorySegment(ALL, y, LE);
    s1.intoMemorySegment(ALL, y + yStep, LE);
  }

  static void whole1(
      long x, long xStep, long taps, int count, long weights, long init, long y, long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
    }
    s0.intoMemorySegment(ALL, y, LE);
  }

  static void part2(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    FloatVector s0 = Tails.load(init, mask);
    FloatVector s1 = s0;
    long x1 = xStep & ADDRESS;
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = Tails.load(p0, mask).fma(w, s0);
      s1 = Tails.load(p0 + x1, mask).fma(w, s1);
    }
    Tails.store(s0, y, mask);
    Tails.store(s1, y + yStep, mask);
  }

  static void part1(
      long x,
      long xStep,
      long taps,
      int count,
      long weights,
      long init,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    FloatVector s0 = Tails.load(init, mask);
    long table = taps & ADDRESS;
    long vectors = weights & ADDRESS;
    for (int tap = 0; tap < count; tap++) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vectors + (long) BYTES * tap, LE);
      long offset = x + (long) TABLE.getOpaque(ALL, table + 8L * tap);
      long p0 = offset & ADDRESS;
      s0 = Tails.load(p0, mask).fma(w, s0);
    }
    Tails.store(s0, y, mask);
  }
}
