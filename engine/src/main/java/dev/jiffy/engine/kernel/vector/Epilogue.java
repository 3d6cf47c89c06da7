package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.LANES;

import dev.jiffy.engine.kernel.Activation;
import java.lang.foreign.Arena;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/// What surrounds the sums of a product: the values that they start from and what follows.
final class Epilogue {
  /// The address of zeros: a panel's worth of f32, and a table of one tap.
  static final long ZERO = Arena.global().allocate(4096, 64).address();

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
      for (int i = 0; i < columns; i += LANES) {
        FloatVector sum = Lanes.splat(0);
        if (residual != 0) {
          sum = Tails.load(residual + row * residualStep + 4L * i, columns - i);
        }
        if (bias != 0) {
          sum = sum.add(Tails.load(bias + 4L * i, columns - i));
        }
        Tails.store(sum.mul(factor), c + row * cStep + 4L * i, columns - i);
      }
    }
  }

  /// Multiplies a block of a matrix by a factor and applies an activation to it.
  ///
  /// @param factor the factor
  /// @param activation the activation, or null
  /// @param c the block's first element
  /// @param cStep bytes from row to row
  /// @param rows the block's rows
  /// @param columns the block's columns
  static void finish(
      float factor, @Nullable Activation activation, long c, long cStep, long rows, long columns) {
    if (cStep == 4 * columns && rows > 1) {
      finish(factor, activation, c, cStep, 1, rows * columns);
      return;
    }
    for (long row = 0; row < rows; row++) {
      if (factor != 1) {
        scale(factor, c + row * cStep, columns);
      }
      if (activation != null) {
        long at = c + row * cStep;
        VectorUnary.apply(
            activation.function(), activation.alpha(), activation.beta(), at, at, columns);
      }
    }
  }

  /// Multiplies elements by a factor.
  static void scale(float factor, long c, long n) {
    for (long i = 0; i < n; i += LANES) {
      Tails.store(Tails.load(c + 4 * i, n - i).mul(factor), c + 4 * i, n - i);
    }
  }
}
