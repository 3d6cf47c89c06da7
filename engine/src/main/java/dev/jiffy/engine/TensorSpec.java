package dev.jiffy.engine;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a model takes or gives under one name: a tensor nearly always.
///
/// @param name the name in the model
/// @param kind whether it is a tensor; what follows is said of each tensor in a sequence, and of
///   what is there of an optional value
/// @param dtype the element type
/// @param shape the extents, numbers or names; null where the model does not even say the rank
/// @param labels a label for each column of a table, where the model names them: an output for
///   which ONNX's `ZipMap` would make a map of each row is the table itself, and [#maps] makes the
///   maps
public record TensorSpec(
    String name, Value.Kind kind, DType dtype, @Nullable List<Dim> shape, List<String> labels) {
  /// Copies the lists.
  public TensorSpec {
    shape = shape == null ? null : List.copyOf(shape);
    labels = List.copyOf(labels);
  }

  /// A value whose columns have no labels.
  ///
  /// @param name the name in the model
  /// @param kind whether it is a tensor
  /// @param dtype the element type
  /// @param shape the extents, numbers or names; null where the model does not even say the rank
  public TensorSpec(String name, Value.Kind kind, DType dtype, @Nullable List<Dim> shape) {
    this(name, kind, dtype, shape, List.of());
  }

  /// A tensor.
  ///
  /// @param name the name in the model
  /// @param dtype the element type
  /// @param shape the extents, numbers or names; null where the model does not even say the rank
  public TensorSpec(String name, DType dtype, @Nullable List<Dim> shape) {
    this(name, Value.Kind.TENSOR, dtype, shape);
  }

  /// {@return for each row of a table a map from the label of each column to its number}
  ///
  /// @param table what the model gave under this name
  /// @throws IllegalArgumentException if it has another number of columns than there are labels
  public List<Map<String, Double>> maps(Tensor table) {
    int rank = table.shape().rank();
    long columns = rank == 0 ? 1 : table.shape().dim(rank - 1);
    if (columns != labels.size()) {
      throw new IllegalArgumentException(
          "'%s': expected %d columns, got shape %s".formatted(name, labels.size(), table.shape()));
    }
    List<Map<String, Double>> maps = new ArrayList<>();
    for (long at = 0; at < table.shape().elements(); at += columns) {
      Map<String, Double> map = new LinkedHashMap<>();
      for (int i = 0; i < columns; i++) {
        map.put(labels.get(i), table.getDouble(at + i));
      }
      maps.add(map);
    }
    return maps;
  }

  /// {@return whether it is a tensor for certain}
  public boolean isTensor() {
    return kind == Value.Kind.TENSOR;
  }
}
