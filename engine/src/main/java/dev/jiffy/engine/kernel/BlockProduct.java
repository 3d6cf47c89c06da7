package dev.jiffy.engine.kernel;

/// A product with weights of 4 bits in blocks of rows, `C = A · ((q - zero) · scale) + bias`, where
/// each block of each column has its scale and zero point.
///
/// @param m rows of `A` and `C`, which are adjacent
/// @param k columns of `A`, rows of the weights
/// @param n columns of the weights and of `C`
/// @param block the rows of a block: a power of two, at least 16
/// @param zeros whether blocks have zero points; they are 8 otherwise
/// @param bytes whether each block of a row of `A` is rounded to signed bytes by its greatest
///   magnitude, and multiplied as such
public record BlockProduct(int m, int k, int n, int block, boolean zeros, boolean bytes) {
  /// {@return the blocks of a column}
  public int blocks() {
    return (k + block - 1) / block;
  }
}
