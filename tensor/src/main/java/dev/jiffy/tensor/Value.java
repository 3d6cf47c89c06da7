package dev.jiffy.tensor;

import org.jspecify.annotations.Nullable;

/// What a model takes, makes or gives: a tensor nearly always, else a sequence of tensors, or
/// something that may be absent.
public sealed interface Value permits Tensor, TensorSequence, OptionalValue {
  /// What a value may be, as far as that is known before it is there.
  enum Kind {
    /// A tensor.
    TENSOR,
    /// A sequence of tensors.
    SEQUENCE,
    /// A tensor or nothing.
    OPTIONAL_TENSOR,
    /// A sequence of tensors or nothing.
    OPTIONAL_SEQUENCE;

    /// {@return what is there unless nothing is}
    public Kind present() {
      return switch (this) {
        case TENSOR, OPTIONAL_TENSOR -> TENSOR;
        case SEQUENCE, OPTIONAL_SEQUENCE -> SEQUENCE;
      };
    }

    /// {@return the kind of what is of this kind or absent}
    public Kind optional() {
      return switch (this) {
        case TENSOR, OPTIONAL_TENSOR -> OPTIONAL_TENSOR;
        case SEQUENCE, OPTIONAL_SEQUENCE -> OPTIONAL_SEQUENCE;
      };
    }

    /// {@return whether a value is of this kind; what is there counts as optional too}
    ///
    /// @param value the value
    public boolean accepts(Value value) {
      if (value instanceof OptionalValue(@Nullable Value inner)) {
        return this == optional() && (inner == null || accepts(inner));
      }
      return present() == (value instanceof Tensor ? TENSOR : SEQUENCE);
    }
  }
}
