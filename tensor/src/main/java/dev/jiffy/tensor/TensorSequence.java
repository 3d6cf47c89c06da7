package dev.jiffy.tensor;

import java.util.List;

/// Tensors of one element type and of any shapes, in order. Immutable where its tensors are not
/// written to.
///
/// @param dtype the element type of all tensors
/// @param tensors the tensors
public record TensorSequence(DType dtype, List<Tensor> tensors) implements Value {
  /// Copies the list and checks that all have the same element type.
  public TensorSequence {
    tensors = List.copyOf(tensors);
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != dtype) {
        throw new IllegalArgumentException(
            "a sequence of %s holds no tensor of %s".formatted(dtype, tensor.dtype()));
      }
    }
  }

  /// {@return the number of tensors}
  public int size() {
    return tensors.size();
  }
}
