package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// Products that multiply narrower numbers than f32. Arguments and threads are as with
/// [MatrixKernels].
public interface NarrowKernels {
  /// {@return convolutions of bytes}
  ByteKernels bytes();

  /// {@return products with weights of a few bits}
  BlockKernels blocks();

  /// {@return attention whose products multiply bf16 numbers, or null if there is none}
  @Nullable AttentionKernels bf16Attention();

  /// {@return whether there are products of such numbers}
  ///
  /// @param format the numbers
  /// @param activation what is applied last, or null
  boolean computes(Format format, @Nullable Activation activation);

  /// {@return the bytes of a packed right-hand side, a multiple of 64}
  ///
  /// @param format what it is packed as
  /// @param k its rows
  /// @param n its columns
  long packedBytes(Format format, int k, int n);

  /// Packs a right-hand side.
  ///
  /// @param format what it is packed as
  /// @param b its elements, f32
  /// @param rowStride elements from row to row
  /// @param columnStride elements from column to column
  /// @param k its rows
  /// @param n its columns
  /// @param packed where the packed form goes, 64-byte aligned
  void pack(Format format, long b, long rowStride, long columnStride, int k, int n, long packed);

  /// Packs a right-hand side that is quantized already, as [Format#INT8].
  ///
  /// @param b its bytes, signed, row after row
  /// @param scales the factor of each column, f32
  /// @param k its rows
  /// @param n its columns
  /// @param packed where the packed form goes, 64-byte aligned
  void packBytes(long b, long scales, int k, int n, long packed);

  /// {@return a product of bytes whose whole left-hand side has one scale and zero point, as ONNX's
  /// DynamicQuantizeLinear chooses them; its rows are adjacent}
  ///
  /// @param product the geometry
  Prepared prepareQuantized(Product product);

  /// {@return a product, prepared once and computed often}
  ///
  /// @param format what its right-hand side is packed as
  /// @param product the geometry
  Prepared prepare(Format format, Product product);

  /// A product prepared for this implementation.
  interface Prepared {
    /// {@return the numbers that are multiplied}
    Format format();

    /// {@return the bytes of working memory that [#multiply] needs per thread}
    long scratchBytes();

    /// Computes a block of the product.
    ///
    /// @param a the left-hand side
    /// @param packed the packed right-hand side
    /// @param bias one element per column, or 0
    /// @param residual what is added to the result, or 0; may be the result itself
    /// @param c the result
    /// @param rowFrom the first row
    /// @param rowTo the row after the last
    /// @param panelFrom the first panel of columns, of as many as f32 panels have
    /// @param panelTo the panel after the last
    /// @param scratch working memory of this thread, 64-byte aligned
    void multiply(
        long a,
        long packed,
        long bias,
        long residual,
        long c,
        int rowFrom,
        int rowTo,
        int panelFrom,
        int panelTo,
        long scratch);
  }
}
