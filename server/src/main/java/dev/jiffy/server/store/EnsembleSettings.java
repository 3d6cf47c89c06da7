package dev.jiffy.server.store;

import java.util.List;
import java.util.Map;

/// Models that answer one request one after the other: what one gives, the next ones take.
///
/// @param steps the models, in their order, at least one
/// @param outputs the values that are given to the client; none stands for all that no step takes
public record EnsembleSettings(List<Step> steps, List<String> outputs) {
  /// Copies the lists.
  public EnsembleSettings {
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("an ensemble has at least one step, got none");
    }
    steps = List.copyOf(steps);
    outputs = List.copyOf(outputs);
  }

  /// One model.
  ///
  /// @param model its name
  /// @param version its version or a label, empty for the greatest that is served
  /// @param inputs for some of its inputs the values that they take; others take the value of their
  ///   own name
  /// @param outputs for some of its outputs the values that they give; others give the value of
  ///   their own name
  public record Step(
      String model, String version, Map<String, String> inputs, Map<String, String> outputs) {
    /// Copies the maps.
    public Step {
      inputs = Map.copyOf(inputs);
      outputs = Map.copyOf(outputs);
    }
  }
}
