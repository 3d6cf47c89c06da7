package dev.jiffy.engine.kernel;

import dev.jiffy.tensor.DType;

/// What picks slices by index along the middle of three dimensions: `y[o, i, n] = x[o, index, n]`,
/// where the index is `indices[o, i, n]`, or `indices[i, n]` where all of the first dimension share
/// them. Negative indices count from the end.
///
/// @param outer extent of the first dimension
/// @param extent extent of the indexed dimension of `x`
/// @param inner extent of the last dimension
/// @param sliceBytes bytes of a slice
/// @param indexType i32 or i64
/// @param count extent of the indexed dimension of `y`
/// @param shared whether the indices are those of all of the first dimension
public record GatherGeometry(
    long outer,
    long extent,
    long inner,
    long sliceBytes,
    DType indexType,
    long count,
    boolean shared) {}
