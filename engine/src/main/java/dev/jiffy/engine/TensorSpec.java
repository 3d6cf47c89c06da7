package dev.jiffy.engine;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a model takes or gives under one name.
///
/// @param name the name in the model
/// @param dtype the element type
/// @param shape the extents, numbers or names; null where the model does not even say the rank
public record TensorSpec(String name, DType dtype, @Nullable List<Dim> shape) {
  /// Copies the list.
  public TensorSpec {
    shape = shape == null ? null : List.copyOf(shape);
  }
}
