package dev.jiffy.protocol;

import java.util.Map;

/// An output that a request asks for.
///
/// @param name the model's name for it
/// @param parameters what else is said of it, such as `binary_data`
public record RequestedOutput(String name, Map<String, Parameter> parameters) {
  /// The parameter that asks for raw bytes behind the JSON.
  public static final String BINARY = "binary_data";

  /// Copies the map.
  public RequestedOutput {
    parameters = Map.copyOf(parameters);
  }
}
