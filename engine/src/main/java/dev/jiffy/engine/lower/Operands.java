package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tensors that one operator reads and writes.
///
/// @param inputs the inputs; null stands for an absent optional one
/// @param outputs the outputs; null stands for one that nobody reads
record Operands(List<@Nullable Tensor> inputs, List<@Nullable Tensor> outputs) {
  /// {@return an input that must be there}
  ///
  /// @param index the position
  Tensor in(int index) {
    Tensor tensor = optional(index);
    if (tensor == null) {
      throw new ModelException("input " + index + " is missing");
    }
    return tensor;
  }

  /// {@return an input, or null where it is absent}
  ///
  /// @param index the position
  @Nullable Tensor optional(int index) {
    return index < inputs.size() ? inputs.get(index) : null;
  }

  /// {@return the first output}
  Tensor out() {
    Tensor tensor = optionalOut(0);
    if (tensor == null) {
      throw new IllegalStateException("the first output is missing");
    }
    return tensor;
  }

  /// {@return an output, or null where nobody reads it}
  ///
  /// @param index the position
  @Nullable Tensor optionalOut(int index) {
    return index < outputs.size() ? outputs.get(index) : null;
  }

  /// {@return the rank of an input}
  ///
  /// @param index the position
  int rank(int index) {
    return in(index).shape().rank();
  }

  /// {@return a dimension of the first input counted from the beginning}
  ///
  /// @param axis the dimension, negative from the end
  int axis(long axis) {
    return axis(axis, rank(0));
  }

  /// {@return a dimension counted from the beginning}
  ///
  /// @param axis the dimension, negative from the end
  /// @param rank the number of dimensions
  static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new ModelException("axis %d is out of range for rank %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }
}
