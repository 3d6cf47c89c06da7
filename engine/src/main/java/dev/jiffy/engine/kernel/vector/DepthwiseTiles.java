package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The micro-kernels of depthwise convolutions with any windows: a vector of channels of a few
/// pixels of the result, whose sums stay in registers.
final class DepthwiseTiles {
  private DepthwiseTiles() {}

  /// Computes a vector of channels of pixels of the result that are made of the same taps.
  ///
  /// @param pixels how many
  /// @param x the first tap of the first pixel
  /// @param xStep bytes from window to window
  /// @param rows the rows of taps
  /// @param down bytes from row to row of taps
  /// @param columns the columns of taps
  /// @param across bytes from column to column of taps
  /// @param weights a vector per tap
  /// @param weightStep bytes from row to row of taps
  /// @param init what the sums start from
  /// @param y the first pixel of the result
  /// @param yStep bytes from pixel to pixel
  /// @param present how many channels of the vector exist
  static void pixels(
      int pixels,
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep,
      int present) {
    long from = x;
    long to = y;
    for (int left = pixels, height; left > 0; left -= height) {
      if (present < LANES) {
        height = Math.min(left, 2);
        if (height == 2) {
          part2(
              from,
              xStep,
              rows,
              down,
              columns,
              across,
              weights,
              weightStep,
              init,
              to,
              yStep,
              present);
        } else {
          part1(
              from,
              xStep,
              rows,
              down,
              columns,
              across,
              weights,
              weightStep,
              init,
              to,
              yStep,
              present);
        }
      } else if (left >= 8) {
        height = 8;
        whole8(from, xStep, rows, down, columns, across, weights, weightStep, init, to, yStep);
      } else if (left >= 4) {
        height = 4;
        whole4(from, xStep, rows, down, columns, across, weights, weightStep, init, to, yStep);
      } else if (left >= 2) {
        height = 2;
        whole2(from, xStep, rows, down, columns, across, weights, weightStep, init, to, yStep);
      } else {
        height = 1;
        whole1(from, xStep, rows, down, columns, across, weights, weightStep, init, to, yStep);
      }
      from += height * xStep;
      to += height * yStep;
    }
  }

  static void whole8(
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep) {
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
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
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
        offset += across;
        vector += BYTES;
      }
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
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
        long p0 = offset & ADDRESS;
        s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
        s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
        s2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE).fma(w, s2);
        s3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE).fma(w, s3);
        offset += across;
        vector += BYTES;
      }
    }
    s0.intoMemorySegment(ALL, y, LE);
    s1.intoMemorySegment(ALL, y + yStep, LE);
    s2.intoMemorySegment(ALL, y + 2 * yStep, LE);
    s3.intoMemorySegment(ALL, y + 3 * yStep, LE);
  }

  static void whole2(
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    FloatVector s1 = s0;
    long x1 = xStep & ADDRESS;
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
        long p0 = offset & ADDRESS;
        s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
        s1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE).fma(w, s1);
        offset += across;
        vector += BYTES;
      }
    }
    s0.intoMemorySegment(ALL, y, LE);
    s1.intoMemorySegment(ALL, y + yStep, LE);
  }

  static void whole1(
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep) {
    FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init, LE);
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
        long p0 = offset & ADDRESS;
        s0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE).fma(w, s0);
        offset += across;
        vector += BYTES;
      }
    }
    s0.intoMemorySegment(ALL, y, LE);
  }

  static void part2(
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    FloatVector s0 = Tails.load(init, mask);
    FloatVector s1 = s0;
    long x1 = xStep & ADDRESS;
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
        long p0 = offset & ADDRESS;
        s0 = Tails.load(p0, mask).fma(w, s0);
        s1 = Tails.load(p0 + x1, mask).fma(w, s1);
        offset += across;
        vector += BYTES;
      }
    }
    Tails.store(s0, y, mask);
    Tails.store(s1, y + yStep, mask);
  }

  static void part1(
      long x,
      long xStep,
      int rows,
      long down,
      int columns,
      long across,
      long weights,
      long weightStep,
      long init,
      long y,
      long yStep,
      int present) {
    VectorMask<Float> mask = Tails.mask(0, present);
    FloatVector s0 = Tails.load(init, mask);
    for (int row = 0; row < rows; row++) {
      long offset = x + row * down;
      long vector = weights + row * weightStep;
      for (int column = 0; column < columns; column++) {
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, ALL, vector & ADDRESS, LE);
        long p0 = offset & ADDRESS;
        s0 = Tails.load(p0, mask).fma(w, s0);
        offset += across;
        vector += BYTES;
      }
    }
    Tails.store(s0, y, mask);
  }
}
