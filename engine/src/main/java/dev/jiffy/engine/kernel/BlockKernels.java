package dev.jiffy.engine.kernel;

/// Products with weights of a few bits that stay packed. Arguments of type `long` are absolute
/// addresses; methods are safe to call from several threads on disjoint parts of a result. Nothing
/// checks bounds.
public interface BlockKernels {
  /// {@return whether these kernels compute a product}
  ///
  /// @param product the product
  boolean suits(BlockProduct product);

  /// {@return the bytes of packed weights, a multiple of 64}
  ///
  /// @param product the product, of any number of rows
  long packedBytes(BlockProduct product);

  /// Packs weights.
  ///
  /// @param product the product, of any number of rows
  /// @param w for each column its blocks of weights, the first of a byte in its lowest bits
  /// @param scales for each column the scales of its blocks, f32
  /// @param zeros for each column the zero points of its blocks, packed alike; or 0
  /// @param packed where the packed form goes, 64-byte aligned and cleared
  void pack(BlockProduct product, long w, long scales, long zeros, long packed);

  /// {@return the bytes of working memory that [#multiply] needs per thread}
  ///
  /// @param product the product
  long scratchBytes(BlockProduct product);

  /// {@return the columns of a panel}
  int panelColumns();

  /// Computes a part of the product.
  ///
  /// @param product the product
  /// @param a the left-hand side, f32
  /// @param packed the packed weights
  /// @param bias one f32 per column, or 0
  /// @param residual what is added to the result, whose rows are adjacent as well, or 0; not the
  ///   result itself
  /// @param c the result, f32
  /// @param rowFrom the first row
  /// @param rowTo the row after the last
  /// @param panelFrom the first panel of columns
  /// @param panelTo the panel after the last
  /// @param scratch working memory of this thread, 64-byte aligned
  void multiply(
      BlockProduct product,
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
