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
public record AttentionGeometry(
    int queries,
    int keys,
    int headSize,
    long queryStride,
    long keyStride,
    long valueStride,
    long outStride,
    long maskStride,
    float scale) {}
