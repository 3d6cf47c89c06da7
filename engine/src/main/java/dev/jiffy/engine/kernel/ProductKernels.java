package dev.jiffy.engine.kernel;

/// Products of matrices of one type of numbers, whose right-hand sides are packed.
///
/// Arguments of type `long` named after a matrix are absolute addresses of elements; 0 stands for
/// an absent one. Methods are stateless and safe to call from several threads on disjoint parts of
/// a result. Nothing checks bounds.
public interface ProductKernels {
  /// {@return the columns of one packed panel, the unit in which the columns of a product are
  /// split}
  int panelColumns();

  /// {@return the bytes of a packed right-hand side, a multiple of 64}
  ///
  /// @param k its rows
  /// @param n its columns
  long packedBytes(int k, int n);

  /// Packs columns of a right-hand side.
  ///
  /// @param b the first of their elements
  /// @param rowStride elements from row to row
  /// @param columnStride elements from column to column
  /// @param k the rows of the right-hand side
  /// @param n its columns
  /// @param from the first column, a multiple of [#panelColumns]
  /// @param to the column after the last: a multiple of [#panelColumns], or all of them
  /// @param packed where the packed form of all columns goes, 64-byte aligned
  void pack(long b, long rowStride, long columnStride, int k, int n, int from, int to, long packed);

  /// Computes a block of a product.
  ///
  /// @param product the geometry
  /// @param a the left-hand side
  /// @param packed the packed right-hand side
  /// @param bias one element per column, or 0
  /// @param residual what is added to the result, or 0; may be the result itself
  /// @param c the result
  /// @param rowFrom the first row
  /// @param rowTo the row after the last
  /// @param panelFrom the first panel of columns
  /// @param panelTo the panel after the last
  void multiply(
      Product product,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo);
}
