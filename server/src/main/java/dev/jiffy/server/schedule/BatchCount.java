package dev.jiffy.server.schedule;

/// The batches of one size that were computed.
///
/// @param rows the rows of each, or, of those with more than 256, the most: a power of two; clients
///   choose how many rows a request has, and must not make a count for each
/// @param count how many
/// @param allRows the rows of all of them together
/// @param nanos how long all of them took together
/// @param tokens the tokens of their requests, 0 where a model's inputs have no length that may be
///   padded
/// @param padding the tokens that were computed beyond those
public record BatchCount(
    int rows, long count, long allRows, long nanos, long tokens, long padding) {
  private static final int COUNTED_EACH = 256;

  /// {@return a batch}
  ///
  /// @param rows its rows
  /// @param nanos how long it took
  /// @param tokens the tokens of its requests
  /// @param padding the tokens that were computed beyond those
  static BatchCount of(int rows, long nanos, long tokens, long padding) {
    return new BatchCount(size(rows), 1, rows, nanos, tokens, padding);
  }

  private static int size(int rows) {
    if (rows <= COUNTED_EACH) {
      return rows;
    }
    return rows > 1 << 30 ? Integer.MAX_VALUE : Integer.highestOneBit(rows - 1) << 1;
  }

  /// {@return both together}
  ///
  /// @param other batches of the same size
  BatchCount plus(BatchCount other) {
    return new BatchCount(
        rows,
        count + other.count,
        allRows + other.allRows,
        nanos + other.nanos,
        tokens + other.tokens,
        padding + other.padding);
  }
}
