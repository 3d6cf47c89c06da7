package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.UnaryFunction;
import org.jspecify.annotations.Nullable;

/// What a product or convolution applies to each result before storing it.
///
/// @param function the function
/// @param alpha its first parameter
/// @param beta its second parameter
public record Activation(UnaryFunction function, float alpha, float beta) {
  /// Replaces a block of a matrix element by element, for kernels that have no code of their own
  /// for the function.
  ///
  /// @param c the block's first element
  /// @param cStep bytes from row to row
  /// @param rows the block's rows
  /// @param columns the block's columns
  public void apply(long c, long cStep, long rows, long columns) {
    for (long row = 0; row < rows; row++) {
      for (long column = 0; column < columns; column++) {
        long at = c + row * cStep + 4 * column;
        Memory.setFloat(at, (float) function.apply(Memory.getFloat(at), alpha, beta));
      }
    }
  }

  // written out, as what the JVM makes for records takes milliseconds when it is first asked

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Activation activation
        && function == activation.function
        && Float.compare(alpha, activation.alpha) == 0
        && Float.compare(beta, activation.beta) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * (31 * function.hashCode() + Float.hashCode(alpha)) + Float.hashCode(beta);
  }
}
