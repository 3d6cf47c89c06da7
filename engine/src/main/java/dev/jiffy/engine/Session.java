package dev.jiffy.engine;

import dev.jiffy.tensor.Tensor;
import java.util.Map;

/// The working memory of one thread that runs a [Model].
///
/// A session belongs to one thread at a time and keeps one plan's memory per input shape that it
/// has seen lately.
public final class Session implements AutoCloseable {
  Session() {}

  /// {@return the model's answers, in memory of their own}
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  public Map<String, Tensor> run(Map<String, Tensor> inputs) {
    return Map.copyOf(inputs);
  }

  /// {@return the model's answers in the session's own memory, valid until its next run}
  ///
  /// Allocates nothing on the Java heap once a shape has been seen.
  ///
  /// @param inputs a tensor for every input of the model; read during the call only
  /// @throws ModelException if an input is missing, unknown, or has the wrong type or shape
  public Map<String, Tensor> runReusing(Map<String, Tensor> inputs) {
    return inputs;
  }

  /// Releases the session's memory. Idempotent.
  @Override
  public void close() {}
}
