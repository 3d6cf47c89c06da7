package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;

/// The operators that make, change and read sequences of tensors, and values that may be absent.
///
/// Positions count from the end where they are negative.
public sealed interface SequenceOp extends Op.Special {
  /// A sequence of tensors: `(x0, x1, …)`.
  record SequenceConstruct() implements SequenceOp {}

  /// A sequence without tensors: `()`.
  ///
  /// @param dtype the element type of tensors to come
  record SequenceEmpty(DType dtype) implements SequenceOp {}

  /// A sequence with one more tensor: `(sequence, x, position?)`; at the end where no position is
  /// given.
  record SequenceInsert() implements SequenceOp {}

  /// A sequence without one of its tensors: `(sequence, position?)`; the last where no position is
  /// given.
  record SequenceErase() implements SequenceOp {}

  /// One tensor of a sequence: `(sequence, position)`.
  record SequenceAt() implements SequenceOp {}

  /// The number of tensors as an i64 scalar: `(sequence)`.
  record SequenceLength() implements SequenceOp {}

  /// The tensors of a sequence laid end to end: `(sequence)`.
  ///
  /// @param axis the dimension that grows
  /// @param isNew whether it is a new dimension
  record ConcatFromSequence(long axis, boolean isNew) implements SequenceOp {}

  /// A tensor cut into a sequence: `(x, sizes?)`; into parts of extent 1 where no sizes are given,
  /// into parts of one size, the last one smaller, where that is a scalar.
  ///
  /// @param axis the dimension that is cut
  /// @param keepDims whether it stays where no sizes are given
  record SplitToSequence(long axis, boolean keepDims) implements SequenceOp {}

  /// A value as an optional one: `(x)`.
  record OptionalOf() implements SequenceOp {}

  /// An optional value that is absent: `()`.
  ///
  /// @param kind what might have been there
  /// @param dtype its element type
  record OptionalNone(Value.Kind kind, DType dtype) implements SequenceOp {}

  /// What is there: `(x)`.
  record OptionalGetElement() implements SequenceOp {}

  /// Whether something is there, as a truth value: `(x?)`.
  record OptionalHasElement() implements SequenceOp {}
}
