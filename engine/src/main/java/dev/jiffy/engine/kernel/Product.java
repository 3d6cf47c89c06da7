package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// The geometry of a matrix product `C = activation(alpha · A · B + bias + residual)` with `A` of m
/// rows and k columns and `B` of k rows and n columns.
///
/// Strides are in elements and lead from one row to the next; within a row elements are adjacent.
///
/// @param m rows of `A` and `C`
/// @param k columns of `A`, rows of `B`
/// @param n columns of `B` and `C`
/// @param aStride from row to row of `A`
/// @param cStride from row to row of `C`
/// @param residualStride from row to row of the residual; 0 where there is none
/// @param alpha the factor of the product
/// @param activation what is applied last, or null
public record Product(
    int m,
    int k,
    int n,
    long aStride,
    long cStride,
    long residualStride,
    float alpha,
    @Nullable Activation activation) {}
