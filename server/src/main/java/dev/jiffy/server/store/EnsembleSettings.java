package dev.jiffy.server.store;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// Models and functions that answer one request one after the other: what one gives, the next ones
/// take.
///
/// @param steps the steps, in their order, at least one
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

  /// {@return the names of the models among the steps}
  public List<String> models() {
    return steps.stream().map(Step::who).filter(Model.class::isInstance).map(Who::name).toList();
  }

  /// Who does a step.
  public sealed interface Who {
    /// {@return its name}
    String name();
  }

  /// A model of the repository.
  ///
  /// @param name its name
  /// @param version its version or a label, empty for the greatest that is served
  public record Model(String name, String version) implements Who {}

  /// A function in Java.
  ///
  /// @param name its name
  /// @param settings what is said of it: values by key
  /// @param timeout how long what it gives later is waited for
  public record Function(String name, Map<String, List<String>> settings, Duration timeout)
      implements Who {
    /// How long a run may take where nothing is said of it.
    public static final Duration TIMEOUT = Duration.ofSeconds(10);

    /// Copies the map.
    public Function {
      settings = Map.copyOf(settings);
    }
  }

  /// One step.
  ///
  /// @param who who does it
  /// @param inputs for some of its inputs the values that they take; others take the value of their
  ///   own name
  /// @param outputs for some of its outputs the values that they give; others give the value of
  ///   their own name
  public record Step(Who who, Map<String, String> inputs, Map<String, String> outputs) {
    /// Copies the maps.
    public Step {
      inputs = Map.copyOf(inputs);
      outputs = Map.copyOf(outputs);
    }
  }
}
