package dev.jiffy.bench;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import java.util.List;

/// Where the inputs of runs come from.
public sealed interface InputSource permits CaseFolder, SyntheticInputs {
  /// {@return the cases for a model, at least one}
  ///
  /// @param inputs what the model takes
  /// @param outputs what the model gives
  /// @throws ModelException if the source does not fit the model
  List<Case> cases(List<TensorSpec> inputs, List<TensorSpec> outputs);
}
