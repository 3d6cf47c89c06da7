package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// An operator whose results are random: never known before a run, and never those of another node.
///
/// With a seed every run on every machine gives the same numbers.
public sealed interface RandomOp extends Op.Special {
  /// {@return where numbers start, or null where each run gives others}
  @Nullable Float seed();

  /// Numbers that are equally likely between two: `(shape)`.
  ///
  /// @param dtype the element type
  /// @param low the least number
  /// @param high what all numbers are below
  /// @param seed where numbers start, or null
  record Uniform(DType dtype, float low, float high, @Nullable Float seed) implements RandomOp {}

  /// Numbers of a normal distribution: `(shape)`.
  ///
  /// @param dtype the element type
  /// @param mean the mean
  /// @param deviation the standard deviation
  /// @param seed where numbers start, or null
  record Normal(DType dtype, float mean, float deviation, @Nullable Float seed)
      implements RandomOp {}
}
