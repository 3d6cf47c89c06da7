package dev.jiffy.protocol;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A model's answer.
///
/// @param modelName the model that answered
/// @param modelVersion its version
/// @param id the request's id
/// @param parameters what else is said of the answer
/// @param outputs the outputs; names differ
public record InferResponse(
    String modelName,
    @Nullable String modelVersion,
    @Nullable String id,
    Map<String, Parameter> parameters,
    List<InferTensor> outputs) {
  /// Copies the collections.
  public InferResponse {
    parameters = Map.copyOf(parameters);
    outputs = List.copyOf(outputs);
  }
}
