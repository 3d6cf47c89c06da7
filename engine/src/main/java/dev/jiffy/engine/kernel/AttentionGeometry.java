package dev.jiffy.engine.kernel;

/// The geometry of scaled dot-product attention of one head over one sequence: `out = softmax(scale
/// · Q · Kᵀ + mask) · V`.
///
/// Strides are in elements, from row to row.
///
/// @param queries rows of `Q` and of the result
/// @param keys rows of `K` and `V`
/// @param headSize columns of all four
/// @param queryStride from row to row of `Q`
/// @param keyStride from row to row of `K`
/// @param valueStride from row to row of `V`
/// @param outStride from row to row of the result
/// @param maskStride from row to row of the mask; 0 where one row serves all queries
/// @param scale the factor of the scores
/// @param cap what scores stay below: `cap · tanh(x / cap)` stands for `x = scale · q · kᵀ`; 0 for
///   none
/// @param isCausal whether each query sees one key more than the query before it
/// @param window how many of the keys that a query sees count, the last ones; 0 for all
public record AttentionGeometry(
    int queries,
    int keys,
    int headSize,
    long queryStride,
    long keyStride,
    long valueStride,
    long outStride,
    long maskStride,
    float scale,
    float cap,
    boolean isCausal,
    int window) {
  /// The most bytes of the scores of a large block.
  private static final long SCORE_BYTES = 256 << 10;

  /// {@return the end of the keys that a query sees: one at least}
  ///
  /// @param seen how many keys the first query sees
  /// @param query the query
  public int to(int seen, int query) {
    return Math.clamp(isCausal ? (long) seen + query : seen, 1, keys);
  }

  /// {@return the first of the keys that a query sees}
  ///
  /// @param seen how many keys the first query sees
  /// @param query the query
  public int from(int seen, int query) {
    return window == 0 ? 0 : Math.max(0, to(seen, query) - window);
  }

  /// {@return how many queries are computed together}
  ///
  /// Blocks are as large as their scores fit the second-level cache beside keys and values, and as
  /// equal as possible. Where queries do not see the same keys they are small, since what one of a
  /// block does not see may be computed for it, too.
  ///
  /// @param tileRows the rows of a large tile
  public int block(int tileRows) {
    long fitting = SCORE_BYTES / (4L * Math.max(1, keys));
    boolean isWhole = !isCausal && window == 0;
    int most = isWhole ? Math.clamp(fitting, 2 * tileRows, 8 * tileRows) : 2 * tileRows;
    int blocks = Math.max(1, Math.ceilDiv(queries, most));
    return Math.ceilDiv(queries, blocks);
  }
}
