package dev.jiffy.server.schedule;

import dev.jiffy.tensor.Tensor;
import java.util.Map;

/// What a model answers.
public sealed interface Answer {
  /// The outputs of a run.
  ///
  /// @param outputs a tensor for every output
  record Tensors(Map<String, Tensor> outputs) implements Answer {}

  /// The vectors of texts.
  ///
  /// @param embeddings one vector per text
  record Vectors(dev.jiffy.pipeline.Embeddings embeddings) implements Answer {}
}
