package dev.jiffy.engine.ir;

/// An operator of attention, or on what is kept for it from one run to the next.
public sealed interface AttentionOp extends Op.Special {
  /// Scaled dot-product attention of several heads: `(q, k, v, mask?)`.
  ///
  /// Computes `softmax(scale · q · kᵀ + mask) · v` for each batch and head. Queries, keys, values
  /// and the result are `[batch, length, heads · headSize]`; the mask is added to the scores and
  /// broadcasts to `[batch, heads, queries, keys]`.
  ///
  /// @param heads the number of heads
  /// @param scale the factor of the scores
  record Attention(long heads, float scale) implements AttentionOp {}

  /// Attention of what comes to what came before: `(q, k, v, starts, mask?)`.
  ///
  /// Queries and the result are `[batch, length, heads · headSize]`, keys and values `[batch,
  /// keyHeads, keys, headSize]`: as many heads of queries as `keyHeads` goes into `heads` share
  /// those of keys and values. Query `i` of a sequence sees the keys up to number `starts[sequence]
  /// + i`, at least one and of them the last ones. The mask is added to the scores and broadcasts
  ///   to `[batch, heads, length, keys]`.
  ///
  /// @param heads the number of heads of queries
  /// @param window how many keys a query sees at most; 0 for all
  /// @param scale the factor of the scores
  /// @param cap what scores stay below before the mask is added: `cap · tanh(x / cap)` stands for
  ///   `x = scale · q · kᵀ`; 0 for none
  record CausalAttention(long heads, long window, float scale, float cap) implements AttentionOp {}

  /// Rows put behind those that there are: `(rows, starts, length, earlier?)`.
  ///
  /// Of `[batch, heads, length, size]` the rows of a sequence are those of `earlier` up to number
  /// `starts[sequence]`, then all of `rows`, then zeros or what else there is of `earlier`. What
  /// does not fit is left out.
  ///
  /// @param keepsRest whether rows of `earlier` behind the others stay
  record AppendRows(boolean keepsRest) implements AttentionOp {}
}
