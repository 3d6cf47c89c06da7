package dev.jiffy.server.schedule;

import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// What is asked of a model.
public sealed interface Question {
  /// A run on tensors.
  ///
  /// @param inputs a tensor for every input; their memory lives until the outcome was handed over
  record Tensors(Map<String, Tensor> inputs) implements Question {}

  /// The vectors of texts.
  ///
  /// @param texts the texts, at least one
  record Texts(List<String> texts) implements Question {}

  /// The vectors of texts that are tokens already.
  ///
  /// @param texts the tokens of each text, at least one text
  record Tokens(List<int[]> texts) implements Question {}
}
