package dev.jiffy.engine.kernel;

/// Scaled dot-product attention of f32. Arguments and threads are as with [MatrixKernels].
public interface AttentionKernels {
  /// {@return the bytes of working memory that [#attend] needs}
  ///
  /// @param geometry the head
  long attentionScratchBytes(AttentionGeometry geometry);

  /// Computes the attention of one head over one sequence.
  ///
  /// @param geometry the head
  /// @param seen how many keys the first query sees, from the first key on; bounds need not hold
  /// @param q the queries
  /// @param k the keys
  /// @param v the values
  /// @param mask what is added to the scores, a row per query or one for all, or 0
  /// @param out the result
  /// @param scratch working memory of this thread, 64-byte aligned
  void attend(
      AttentionGeometry geometry,
      int seen,
      long q,
      long k,
      long v,
      long mask,
      long out,
      long scratch);
}
