package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// A product with weights of a few bits in blocks of rows, `C = activation(A · ((q - zero) · scale)
/// + bias + residual)`, where each block of each column has its scale and zero point.
///
/// @param m rows of `A` and `C`, which are adjacent
/// @param k columns of `A`, rows of the weights
/// @param n columns of the weights and of `C`
/// @param block the rows of a block: a power of two, at least 16
/// @param bits the bits of a weight: 2, 4 or 8
/// @param zeros whether blocks have zero points; they are half of the range otherwise
/// @param bytes whether each block of a row of `A` is rounded to signed bytes by its greatest
///   magnitude, and multiplied as such
/// @param activation what is applied last, or null
public record BlockProduct(
    int m,
    int k,
    int n,
    int block,
    int bits,
    boolean zeros,
    boolean bytes,
    @Nullable Activation activation) {
  /// {@return the blocks of a column}
  public int blocks() {
    return (k + block - 1) / block;
  }

  /// {@return the bytes of the zero points of a column}
  public long zeroBytes() {
    return ((long) blocks() * bits + 7) / 8;
  }
}
