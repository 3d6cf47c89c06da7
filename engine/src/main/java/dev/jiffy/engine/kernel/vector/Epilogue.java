package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Memory;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// What surrounds the sums of a product: the values that they start from and what follows.
final class Epilogue {
  private Epilogue() {}

  /// Stores `factor · (residual + bias)` into a block of a matrix.
  ///
  /// @param residual the block's first element in the residual, or 0; may be `c`
  /// @param residualStep bytes from row to row
  /// @param bias the block's first column in the bias, or 0
  /// @param factor the factor
  /// @param c the block's first element
  /// @param cStep bytes from row to row
  /// @param rows the block's rows
  /// @param columns the block's columns
  static void preset(
      long residual,
      long residualStep,
      long bias,
      float factor,
      long c,
      long cStep,
      long rows,
      int columns) {
    for (long row = 0; row < rows; row++) {
      long from = residual + row * residualStep;
      long to = c + row * cStep;
      if (residual != 0 && bias != 0) {
        scaledSum(factor, from, bias, to, columns);
      } else if (residual != 0 || bias != 0) {
        scaled(factor, residual == 0 ? bias : from, to, columns);
      } else {
        Copies.zero(to, 4L * columns);
      }
    }
  }

  /// Replaces a block of a matrix by `activation(factor · c + residual + bias)`.
  ///
  /// @param factor the factor
  /// @param residual the block's first element in the residual, or 0
  /// @param residualStep bytes from row to row
  /// @param bias the block's first column in the bias, or 0
  /// @param activation the activation, or null
  /// @param c the block's first element
  /// @param cStep bytes from row to row
  /// @param rows the block's rows
  /// @param columns the block's columns
  static void finish(
      float factor,
      long residual,
      long residualStep,
      long bias,
      @Nullable Activation activation,
      long c,
      long cStep,
      long rows,
      long columns) {
    if (factor == 1 && residual == 0 && bias == 0 && activation == null) {
      return;
    }
    boolean adjacent =
        cStep == 4 * columns && (residual == 0 || residualStep == cStep) && bias == 0;
    boolean dense = adjacent || rows == 1;
    boolean staged = !dense && columns <= 2L * LANES;
    long lines = dense ? 1 : rows;
    long n = dense ? rows * columns : columns;
    for (long line = 0; line < lines; line++) {
      long at = c + line * cStep;
      if (factor != 1) {
        scale(factor, at, n);
      }
      if (residual != 0) {
        add(residual + line * residualStep, at, n);
      }
      if (bias != 0) {
        add(bias, at, n);
      }
      if (activation != null && !staged) {
        VectorUnary.apply(activation.function(), activation.alpha(), activation.beta(), at, at, n);
      }
    }
    if (activation != null && staged) {
      activate(activation, c, cStep, rows, (int) columns);
    }
  }

  /// Applies an activation to many short rows: a call for each of them would cost more than
  /// bringing them together.
  private static void activate(Activation activation, long c, long cStep, long rows, int columns) {
    long staging = Staging.address();
    for (int column = 0; column < columns; column += LANES) {
      int present = Math.min(LANES, columns - column);
      for (long row = 0; row < rows; row += Staging.ROWS) {
        long at = c + row * cStep + 4L * column;
        int height = (int) Math.min(Staging.ROWS, rows - row);
        Staging.load(at, cStep, height, present, staging);
        VectorUnary.applyWhole(
            activation.function(),
            activation.alpha(),
            activation.beta(),
            staging,
            staging,
            (long) height * LANES);
        Staging.store(staging, height, present, at, cStep);
      }
    }
  }

  /// Adds elements to others.
  static void add(long from, long to, long n) {
    long whole = n - n % LANES;
    for (long i = 0; i < whole; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ALL, to + 4 * i, LE)
          .add(FloatVector.fromMemorySegment(SPECIES, ALL, from + 4 * i, LE))
          .intoMemorySegment(ALL, to + 4 * i, LE);
    }
    for (long i = whole; i < n; i++) {
      Memory.setFloat(to + 4 * i, Memory.getFloat(to + 4 * i) + Memory.getFloat(from + 4 * i));
    }
  }

  /// Multiplies elements by a factor.
  static void scale(float factor, long c, long n) {
    scaled(factor, c, c, n);
  }

  private static void scaled(float factor, long x, long y, long n) {
    long whole = n - n % LANES;
    for (long i = 0; i < whole; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ALL, x + 4 * i, LE)
          .mul(factor)
          .intoMemorySegment(ALL, y + 4 * i, LE);
    }
    for (long i = whole; i < n; i++) {
      Memory.setFloat(y + 4 * i, Memory.getFloat(x + 4 * i) * factor);
    }
  }

  private static void scaledSum(float factor, long a, long b, long y, long n) {
    long whole = n - n % LANES;
    for (long i = 0; i < whole; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, ALL, a + 4 * i, LE)
          .add(FloatVector.fromMemorySegment(SPECIES, ALL, b + 4 * i, LE))
          .mul(factor)
          .intoMemorySegment(ALL, y + 4 * i, LE);
    }
    for (long i = whole; i < n; i++) {
      Memory.setFloat(
          y + 4 * i, (Memory.getFloat(a + 4 * i) + Memory.getFloat(b + 4 * i)) * factor);
    }
  }
}
