package dev.jiffy.engine;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a model takes or gives under one name: a tensor nearly always.
///
/// @param name the name in the model
/// @param kind whether it is a tensor; what follows is said of each tensor in a sequence, and of
///   what is there of an optional value
/// @param dtype the element type
/// @param shape the extents, numbers or names; null where the model does not even say the rank
public record TensorSpec(String name, Value.Kind kind, DType dtype, @Nullable List<Dim> shape) {
  /// Copies the list.
  public TensorSpec {
    shape = shape == null ? null : List.copyOf(shape);
  }

  /// A tensor.
  ///
  /// @param name the name in the model
  /// @param dtype the element type
  /// @param shape the extents, numbers or names; null where the model does not even say the rank
  public TensorSpec(String name, DType dtype, @Nullable List<Dim> shape) {
    this(name, Value.Kind.TENSOR, dtype, shape);
  }

  /// {@return whether it is a tensor for certain}
  public boolean isTensor() {
    return kind == Value.Kind.TENSOR;
  }
}
