package dev.jiffy.pipeline;

import java.util.List;

/// The vectors of some texts, and what they cost.
///
/// @param vectors one per text, in the order of the texts, of length 1
/// @param tokens the tokens of all texts together, special ones included and padding not
/// @param tokenizeNanos the time that the texts took to become tokens, in nanoseconds
/// @param runNanos the time that the model took, in nanoseconds
/// @param poolNanos the time that the model's answers took to become vectors, in nanoseconds
public record Embeddings(
    List<float[]> vectors, long tokens, long tokenizeNanos, long runNanos, long poolNanos) {
  /// Copies the list, not the vectors.
  public Embeddings {
    vectors = List.copyOf(vectors);
  }
}
