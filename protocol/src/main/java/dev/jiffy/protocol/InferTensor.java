package dev.jiffy.protocol;

import dev.jiffy.tensor.Tensor;
import java.util.Map;

/// A tensor in a message.
///
/// @param name the model's name for it
/// @param tensor the elements
/// @param binary whether it travels as raw bytes behind the JSON
/// @param parameters what else is said of it; `binary_data_size` is told by `binary` instead. Where
///   they name a region of shared memory, the elements lie there and do not travel
public record InferTensor(
    String name, Tensor tensor, boolean binary, Map<String, Parameter> parameters) {
  /// Copies the map.
  public InferTensor {
    parameters = Map.copyOf(parameters);
  }

  /// {@return whether the elements lie in shared memory}
  public boolean isShared() {
    return parameters.containsKey(SharedRange.REGION);
  }

  /// A tensor without parameters.
  ///
  /// @param name the model's name for it
  /// @param tensor the elements
  /// @param binary whether it travels as raw bytes behind the JSON
  public InferTensor(String name, Tensor tensor, boolean binary) {
    this(name, tensor, binary, Map.of());
  }
}
