package dev.jiffy.server.schedule;

/// The batches of one size that were computed.
///
/// @param rows the rows of each
/// @param count how many
/// @param nanos how long all of them took together
/// @param tokens the tokens of their requests, 0 where a model's inputs have no length that may be
///   padded
/// @param padding the tokens that were computed beyond those
public record BatchCount(int rows, long count, long nanos, long tokens, long padding) {
  /// {@return both together}
  ///
  /// @param other batches of the same size
  BatchCount plus(BatchCount other) {
    return new BatchCount(
        rows,
        count + other.count,
        nanos + other.nanos,
        tokens + other.tokens,
        padding + other.padding);
  }
}
