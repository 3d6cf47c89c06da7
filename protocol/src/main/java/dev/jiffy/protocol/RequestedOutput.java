package dev.jiffy.protocol;

import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  /// {@return where its elements are to lie, null where they travel}
  ///
  /// @throws ProtocolException if its parameters name half of a range
  public @Nullable SharedRange range() {
    return SharedRange.of(parameters, label());
  }

  /// {@return where in shared memory its elements are to lie, null where they travel}
  ///
  /// @param memory the memory
  /// @throws ProtocolException if there is no such place
  public SharedMemory.@Nullable Span locate(SharedMemory memory) {
    SharedRange range = range();
    return range == null ? null : memory.locate(range);
  }

  /// {@return what it is called in messages}
  public String label() {
    return "output '" + ProtocolException.shortened(name) + "'";
  }
}
