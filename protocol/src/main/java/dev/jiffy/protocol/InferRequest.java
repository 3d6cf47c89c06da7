package dev.jiffy.protocol;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A question to a model.
///
/// @param id the sender's name for the request, given back with the answer
/// @param parameters what else is said of the request, such as `binary_data_output`
/// @param inputs the model's inputs; names differ
/// @param outputs the outputs asked for, names differ; empty asks for all
public record InferRequest(
    @Nullable String id,
    Map<String, Parameter> parameters,
    List<InferTensor> inputs,
    List<RequestedOutput> outputs) {
  /// The parameter that asks for raw bytes behind the JSON for all outputs.
  public static final String BINARY = "binary_data_output";

  private static final Parameter FALSE = new Parameter.Flag(false);

  /// Copies the collections.
  public InferRequest {
    parameters = Map.copyOf(parameters);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /// A request for all outputs.
  ///
  /// @param inputs the model's inputs; names differ
  public InferRequest(List<InferTensor> inputs) {
    this(null, Map.of(), inputs, List.of());
  }

  /// {@return whether an output is to travel as raw bytes behind the JSON}
  ///
  /// @param name the model's name for the output
  public boolean wantsBinary(String name) {
    Parameter wanted = parameters.getOrDefault(BINARY, FALSE);
    for (RequestedOutput output : outputs) {
      if (output.name().equals(name)) {
        wanted = output.parameters().getOrDefault(RequestedOutput.BINARY, wanted);
      }
    }
    return wanted instanceof Parameter.Flag(boolean binary) && binary;
  }

  /// {@return whether the request asks for an output}
  ///
  /// @param name the model's name for the output
  public boolean wants(String name) {
    if (outputs.isEmpty()) {
      return true;
    }
    for (RequestedOutput output : outputs) {
      if (output.name().equals(name)) {
        return true;
      }
    }
    return false;
  }
}
