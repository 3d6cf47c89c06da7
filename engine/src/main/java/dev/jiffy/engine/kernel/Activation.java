package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.UnaryFunction;

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
}
