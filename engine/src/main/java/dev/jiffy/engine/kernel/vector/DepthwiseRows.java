package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.ADDRESS;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.FloatVector;

/// The micro-kernels of depthwise convolutions with windows of 3 or 5 adjacent columns: each pixel
/// of the input is loaded once per row of taps for all pixels of the result that it contributes to.
final class DepthwiseRows {
  private DepthwiseRows() {}

  /// {@return the pixels of a tile of [#tile]; 0 where there are none for such windows}
  ///
  /// @param kernelWidth the columns of a window
  /// @param strideWidth the columns between windows
  static int pixels(int kernelWidth, int strideWidth) {
    return switch (10 * kernelWidth + strideWidth) {
      case 31 -> 8;
      case 51 -> 6;
      case 32, 52 -> 4;
      default -> 0;
    };
  }

  /// Computes a tile of [#pixels] pixels in each of some rows of the result, from the top down, so
  /// that a row of the input is still in the first-level cache for those that see it next.
  ///
  /// @param kernelWidth the columns of a window
  /// @param strideWidth the columns between windows
  /// @param x the window of the first pixel
  /// @param xStep bytes from column to column of the input
  /// @param rowStep bytes from row to row of a window
  /// @param rows the rows of a window
  /// @param weights a vector per tap
  /// @param init what the sums start from
  /// @param y the first pixel of the result
  /// @param yStep bytes from pixel to pixel of the result
  /// @param lines the rows of the result
  /// @param xLine bytes from row to row of windows
  /// @param yLine bytes from row to row of the result
  static void tile(
      int kernelWidth,
      int strideWidth,
      long x,
      long xStep,
      long rowStep,
      int rows,
      long weights,
      long init,
      long y,
      long yStep,
      int lines,
      long xLine,
      long yLine) {
    switch (10 * kernelWidth + strideWidth) {
      case 31 ->
          taps3stride1(x, xStep, rowStep, rows, weights, init, y, yStep, lines, xLine, yLine);
      case 32 ->
          taps3stride2(x, xStep, rowStep, rows, weights, init, y, yStep, lines, xLine, yLine);
      case 51 ->
          taps5stride1(x, xStep, rowStep, rows, weights, init, y, yStep, lines, xLine, yLine);
      case 52 ->
          taps5stride2(x, xStep, rowStep, rows, weights, init, y, yStep, lines, xLine, yLine);
      default -> throw new IllegalStateException("columns of a window: " + kernelWidth);
    }
  }

  static void taps3stride1(
      long x,
      long xStep,
      long rowStep,
      int rows,
      long weights,
      long init,
      long y,
      long yStep,
      int lines,
      long xLine,
      long yLine) {
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long toStep = yStep & ADDRESS;
    for (int i = 0; i < lines; i++) {
      FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init & ADDRESS, LE);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      FloatVector s4 = s0;
      FloatVector s5 = s0;
      FloatVector s6 = s0;
      FloatVector s7 = s0;
      long line = x + i * xLine;
      long vector = weights;
      for (int row = 0; row < rows; row++) {
        long w = vector & ADDRESS;
        FloatVector w0 = FloatVector.fromMemorySegment(SPECIES, ALL, w, LE);
        FloatVector w1 = FloatVector.fromMemorySegment(SPECIES, ALL, w + BYTES, LE);
        FloatVector w2 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 2L * BYTES, LE);
        long p0 = line & ADDRESS;
        FloatVector v0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE);
        s0 = v0.fma(w0, s0);
        FloatVector v1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE);
        s1 = v1.fma(w0, s1);
        s0 = v1.fma(w1, s0);
        FloatVector v2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE);
        s2 = v2.fma(w0, s2);
        s1 = v2.fma(w1, s1);
        s0 = v2.fma(w2, s0);
        FloatVector v3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE);
        s3 = v3.fma(w0, s3);
        s2 = v3.fma(w1, s2);
        s1 = v3.fma(w2, s1);
        long p4 = (line + 4 * xStep) & ADDRESS;
        FloatVector v4 = FloatVector.fromMemorySegment(SPECIES, ALL, p4, LE);
        s4 = v4.fma(w0, s4);
        s3 = v4.fma(w1, s3);
        s2 = v4.fma(w2, s2);
        FloatVector v5 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x1, LE);
        s5 = v5.fma(w0, s5);
        s4 = v5.fma(w1, s4);
        s3 = v5.fma(w2, s3);
        FloatVector v6 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x2, LE);
        s6 = v6.fma(w0, s6);
        s5 = v6.fma(w1, s5);
        s4 = v6.fma(w2, s4);
        FloatVector v7 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x3, LE);
        s7 = v7.fma(w0, s7);
        s6 = v7.fma(w1, s6);
        s5 = v7.fma(w2, s5);
        long p8 = (line + 8 * xStep) & ADDRESS;
        FloatVector v8 = FloatVector.fromMemorySegment(SPECIES, ALL, p8, LE);
        s7 = v8.fma(w1, s7);
        s6 = v8.fma(w2, s6);
        FloatVector v9 = FloatVector.fromMemorySegment(SPECIES, ALL, p8 + x1, LE);
        s7 = v9.fma(w2, s7);
        line += rowStep;
        vector += 3L * BYTES;
      }
      long to = (y + i * yLine) & ADDRESS;
      s0.intoMemorySegment(ALL, to, LE);
      s1.intoMemorySegment(ALL, to + toStep, LE);
      s2.intoMemorySegment(ALL, to + 2 * toStep, LE);
      s3.intoMemorySegment(ALL, to + 3 * toStep, LE);
      s4.intoMemorySegment(ALL, to + 4 * toStep, LE);
      s5.intoMemorySegment(ALL, to + 5 * toStep, LE);
      s6.intoMemorySegment(ALL, to + 6 * toStep, LE);
      s7.intoMemorySegment(ALL, to + 7 * toStep, LE);
    }
  }

  static void taps3stride2(
      long x,
      long xStep,
      long rowStep,
      int rows,
      long weights,
      long init,
      long y,
      long yStep,
      int lines,
      long xLine,
      long yLine) {
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long toStep = yStep & ADDRESS;
    for (int i = 0; i < lines; i++) {
      FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init & ADDRESS, LE);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      long line = x + i * xLine;
      long vector = weights;
      for (int row = 0; row < rows; row++) {
        long w = vector & ADDRESS;
        FloatVector w0 = FloatVector.fromMemorySegment(SPECIES, ALL, w, LE);
        FloatVector w1 = FloatVector.fromMemorySegment(SPECIES, ALL, w + BYTES, LE);
        FloatVector w2 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 2L * BYTES, LE);
        long p0 = line & ADDRESS;
        FloatVector v0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE);
        s0 = v0.fma(w0, s0);
        FloatVector v1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE);
        s0 = v1.fma(w1, s0);
        FloatVector v2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE);
        s1 = v2.fma(w0, s1);
        s0 = v2.fma(w2, s0);
        FloatVector v3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE);
        s1 = v3.fma(w1, s1);
        long p4 = (line + 4 * xStep) & ADDRESS;
        FloatVector v4 = FloatVector.fromMemorySegment(SPECIES, ALL, p4, LE);
        s2 = v4.fma(w0, s2);
        s1 = v4.fma(w2, s1);
        FloatVector v5 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x1, LE);
        s2 = v5.fma(w1, s2);
        FloatVector v6 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x2, LE);
        s3 = v6.fma(w0, s3);
        s2 = v6.fma(w2, s2);
        FloatVector v7 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x3, LE);
        s3 = v7.fma(w1, s3);
        long p8 = (line + 8 * xStep) & ADDRESS;
        FloatVector v8 = FloatVector.fromMemorySegment(SPECIES, ALL, p8, LE);
        s3 = v8.fma(w2, s3);
        line += rowStep;
        vector += 3L * BYTES;
      }
      long to = (y + i * yLine) & ADDRESS;
      s0.intoMemorySegment(ALL, to, LE);
      s1.intoMemorySegment(ALL, to + toStep, LE);
      s2.intoMemorySegment(ALL, to + 2 * toStep, LE);
      s3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    }
  }

  static void taps5stride1(
      long x,
      long xStep,
      long rowStep,
      int rows,
      long weights,
      long init,
      long y,
      long yStep,
      int lines,
      long xLine,
      long yLine) {
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long toStep = yStep & ADDRESS;
    for (int i = 0; i < lines; i++) {
      FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init & ADDRESS, LE);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      FloatVector s4 = s0;
      FloatVector s5 = s0;
      long line = x + i * xLine;
      long vector = weights;
      for (int row = 0; row < rows; row++) {
        long w = vector & ADDRESS;
        FloatVector w0 = FloatVector.fromMemorySegment(SPECIES, ALL, w, LE);
        FloatVector w1 = FloatVector.fromMemorySegment(SPECIES, ALL, w + BYTES, LE);
        FloatVector w2 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 2L * BYTES, LE);
        FloatVector w3 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 3L * BYTES, LE);
        FloatVector w4 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 4L * BYTES, LE);
        long p0 = line & ADDRESS;
        FloatVector v0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE);
        s0 = v0.fma(w0, s0);
        FloatVector v1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE);
        s1 = v1.fma(w0, s1);
        s0 = v1.fma(w1, s0);
        FloatVector v2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE);
        s2 = v2.fma(w0, s2);
        s1 = v2.fma(w1, s1);
        s0 = v2.fma(w2, s0);
        FloatVector v3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE);
        s3 = v3.fma(w0, s3);
        s2 = v3.fma(w1, s2);
        s1 = v3.fma(w2, s1);
        s0 = v3.fma(w3, s0);
        long p4 = (line + 4 * xStep) & ADDRESS;
        FloatVector v4 = FloatVector.fromMemorySegment(SPECIES, ALL, p4, LE);
        s4 = v4.fma(w0, s4);
        s3 = v4.fma(w1, s3);
        s2 = v4.fma(w2, s2);
        s1 = v4.fma(w3, s1);
        s0 = v4.fma(w4, s0);
        FloatVector v5 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x1, LE);
        s5 = v5.fma(w0, s5);
        s4 = v5.fma(w1, s4);
        s3 = v5.fma(w2, s3);
        s2 = v5.fma(w3, s2);
        s1 = v5.fma(w4, s1);
        FloatVector v6 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x2, LE);
        s5 = v6.fma(w1, s5);
        s4 = v6.fma(w2, s4);
        s3 = v6.fma(w3, s3);
        s2 = v6.fma(w4, s2);
        FloatVector v7 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x3, LE);
        s5 = v7.fma(w2, s5);
        s4 = v7.fma(w3, s4);
        s3 = v7.fma(w4, s3);
        long p8 = (line + 8 * xStep) & ADDRESS;
        FloatVector v8 = FloatVector.fromMemorySegment(SPECIES, ALL, p8, LE);
        s5 = v8.fma(w3, s5);
        s4 = v8.fma(w4, s4);
        FloatVector v9 = FloatVector.fromMemorySegment(SPECIES, ALL, p8 + x1, LE);
        s5 = v9.fma(w4, s5);
        line += rowStep;
        vector += 5L * BYTES;
      }
      long to = (y + i * yLine) & ADDRESS;
      s0.intoMemorySegment(ALL, to, LE);
      s1.intoMemorySegment(ALL, to + toStep, LE);
      s2.intoMemorySegment(ALL, to + 2 * toStep, LE);
      s3.intoMemorySegment(ALL, to + 3 * toStep, LE);
      s4.intoMemorySegment(ALL, to + 4 * toStep, LE);
      s5.intoMemorySegment(ALL, to + 5 * toStep, LE);
    }
  }

  static void taps5stride2(
      long x,
      long xStep,
      long rowStep,
      int rows,
      long weights,
      long init,
      long y,
      long yStep,
      int lines,
      long xLine,
      long yLine) {
    long x1 = xStep & ADDRESS;
    long x2 = 2 * xStep & ADDRESS;
    long x3 = 3 * xStep & ADDRESS;
    long toStep = yStep & ADDRESS;
    for (int i = 0; i < lines; i++) {
      FloatVector s0 = FloatVector.fromMemorySegment(SPECIES, ALL, init & ADDRESS, LE);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      long line = x + i * xLine;
      long vector = weights;
      for (int row = 0; row < rows; row++) {
        long w = vector & ADDRESS;
        FloatVector w0 = FloatVector.fromMemorySegment(SPECIES, ALL, w, LE);
        FloatVector w1 = FloatVector.fromMemorySegment(SPECIES, ALL, w + BYTES, LE);
        FloatVector w2 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 2L * BYTES, LE);
        FloatVector w3 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 3L * BYTES, LE);
        FloatVector w4 = FloatVector.fromMemorySegment(SPECIES, ALL, w + 4L * BYTES, LE);
        long p0 = line & ADDRESS;
        FloatVector v0 = FloatVector.fromMemorySegment(SPECIES, ALL, p0, LE);
        s0 = v0.fma(w0, s0);
        FloatVector v1 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x1, LE);
        s0 = v1.fma(w1, s0);
        FloatVector v2 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x2, LE);
        s1 = v2.fma(w0, s1);
        s0 = v2.fma(w2, s0);
        FloatVector v3 = FloatVector.fromMemorySegment(SPECIES, ALL, p0 + x3, LE);
        s1 = v3.fma(w1, s1);
        s0 = v3.fma(w3, s0);
        long p4 = (line + 4 * xStep) & ADDRESS;
        FloatVector v4 = FloatVector.fromMemorySegment(SPECIES, ALL, p4, LE);
        s2 = v4.fma(w0, s2);
        s1 = v4.fma(w2, s1);
        s0 = v4.fma(w4, s0);
        FloatVector v5 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x1, LE);
        s2 = v5.fma(w1, s2);
        s1 = v5.fma(w3, s1);
        FloatVector v6 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x2, LE);
        s3 = v6.fma(w0, s3);
        s2 = v6.fma(w2, s2);
        s1 = v6.fma(w4, s1);
        FloatVector v7 = FloatVector.fromMemorySegment(SPECIES, ALL, p4 + x3, LE);
        s3 = v7.fma(w1, s3);
        s2 = v7.fma(w3, s2);
        long p8 = (line + 8 * xStep) & ADDRESS;
        FloatVector v8 = FloatVector.fromMemorySegment(SPECIES, ALL, p8, LE);
        s3 = v8.fma(w2, s3);
        s2 = v8.fma(w4, s2);
        FloatVector v9 = FloatVector.fromMemorySegment(SPECIES, ALL, p8 + x1, LE);
        s3 = v9.fma(w3, s3);
        FloatVector v10 = FloatVector.fromMemorySegment(SPECIES, ALL, p8 + x2, LE);
        s3 = v10.fma(w4, s3);
        line += rowStep;
        vector += 5L * BYTES;
      }
      long to = (y + i * yLine) & ADDRESS;
      s0.intoMemorySegment(ALL, to, LE);
      s1.intoMemorySegment(ALL, to + toStep, LE);
      s2.intoMemorySegment(ALL, to + 2 * toStep, LE);
      s3.intoMemorySegment(ALL, to + 3 * toStep, LE);
    }
  }
}
