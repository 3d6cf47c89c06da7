package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.Activation;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// The loops that keep their sums in registers, and those around them that move and finish f32
/// elements.
///
/// Arguments of type `long` named after a matrix or a row are absolute addresses of f32 elements; 0
/// stands for an absent one, where that is allowed. Steps are in bytes and lead from one row to the
/// next; within a row elements are adjacent. Of a row only the columns that exist are read and
/// written, except where whole vectors are named. Methods are stateless, safe to call from several
/// threads, and do not allocate. Nothing checks bounds.
public interface MicroKernels {
  /// {@return the f32 elements of a vector; a panel of a packed matrix has twice as many columns}
  int lanes();

  /// {@return what allocates cleared memory for packed forms, safe for use by several threads}
  ///
  /// @param arena decides when the memory is freed
  default SegmentAllocator memory(Arena arena) {
    return arena;
  }

  /// Packs rows of a panel: for each row of the source as many elements as the panel has columns,
  /// one row after another.
  ///
  /// @param b the first element
  /// @param rowStep bytes from row to row
  /// @param columnStep bytes from column to column
  /// @param rows how many rows
  /// @param columns the columns that exist; the panel's others become zeros
  /// @param width the columns of the panel: one vector or two, all of which exist where it is two
  /// @param panel where the first row goes
  default void pack(
      long b, long rowStep, long columnStep, int rows, int columns, int width, long panel) {
    Panels.copy(b, rowStep, columnStep, rows, columns, width, panel);
  }

  /// {@return the most rows of a tile two vectors wide: how many rows share one pass over a panel}
  int tileRows();

  /// Computes `C = activation(init + A · B + residual)` for columns that start with a panel.
  ///
  /// A row of `A` is read in runs: run `j` is the `k` elements at `a + row · aStep + taps[j]`, so
  /// that a window of an image is a row as well as a row of a matrix is. `B` is packed and has
  /// `runs · k` rows: columns are cut into panels of two vectors, whose rows lie one after another,
  /// and so do the panels. Where fewer than `2 · lanes` columns are left, one or two panels of one
  /// vector follow, filled up with zeros.
  ///
  /// @param rows rows of `A` and `C`
  /// @param a the left-hand side
  /// @param aStep from row to row of `A`; rows may overlap
  /// @param taps the offsets of the runs, i64 in bytes
  /// @param runs how many runs
  /// @param k elements of a run
  /// @param b the first panel
  /// @param columns how many columns
  /// @param init what the sums start from, or [Zeros#ADDRESS] with a step of 0 for zeros in any
  ///   number of columns; may be `c`
  /// @param initStep from row to row of `init`; 0 where one row serves all
  /// @param residual what is added to the sums, or 0; may be `c`, with its step, where `initStep`
  ///   is 0
  /// @param residualStep from row to row of the residual
  /// @param activation what is applied last, or null
  /// @param c the result
  /// @param cStep from row to row of `C`
  void multiply(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep);

  /// Computes several products that differ in the rows of `A` only, as [#multiply] does. Their rows
  /// of `C`, of the residual and of what the sums start from follow one another.
  ///
  /// @param lines how many products
  /// @param lineStep bytes from the first row of `A` of a product to that of the next
  /// @param rows rows of a product
  /// @param a the left-hand side of the first product
  /// @param aStep from row to row of `A`
  /// @param taps the offsets of the runs, i64 in bytes
  /// @param runs how many runs
  /// @param k elements of a run
  /// @param b the first panel
  /// @param columns how many columns
  /// @param init what the sums start from, or [Zeros#ADDRESS] with a step of 0
  /// @param initStep from row to row of `init`
  /// @param residual what is added to the sums, or 0
  /// @param residualStep from row to row of the residual
  /// @param activation what is applied last, or null
  /// @param c the result
  /// @param cStep from row to row of `C`
  default void multiplyLines(
      int lines,
      long lineStep,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    for (int line = 0; line < lines; line++) {
      long done = (long) line * rows;
      multiply(
          rows,
          a + line * lineStep,
          aStep,
          taps,
          runs,
          k,
          b,
          columns,
          init + done * initStep,
          initStep,
          residual == 0 ? 0 : residual + done * residualStep,
          residualStep,
          activation,
          c + done * cStep,
          cStep);
    }
  }

  /// Computes several products, as [#multiply] does, whose columns of `A` and of `C` follow one
  /// another: those of groups of channels.
  ///
  /// @param groups how many products
  /// @param rows rows of `A` and `C`
  /// @param a the left-hand side of the first product; that of the next is `k` elements further
  /// @param aStep from row to row of `A`
  /// @param taps the offsets of the runs, i64 in bytes
  /// @param runs how many runs
  /// @param k elements of a run
  /// @param b the first panel of the first product
  /// @param bStep bytes from the first panel of a product to that of the next
  /// @param next the panels that are needed after these, which are brought near meanwhile where
  ///   that can be asked for
  /// @param columns columns of a product
  /// @param init what the sums of all rows start from, or [Zeros#ADDRESS]
  /// @param residual what is added to the sums, or 0
  /// @param residualStep from row to row of the residual
  /// @param activation what is applied last, or null
  /// @param c the result
  /// @param cStep from row to row of `C`
  default void multiplyGroups(
      int groups,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long next,
      int columns,
      long init,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    for (int group = 0; group < groups; group++) {
      long offset = 4L * group * columns;
      multiply(
          rows,
          a + 4L * group * k,
          aStep,
          taps,
          runs,
          k,
          b + group * bStep,
          columns,
          init == Zeros.ADDRESS ? init : init + offset,
          0,
          residual == 0 ? 0 : residual + offset,
          residualStep,
          activation,
          c + offset,
          cStep);
    }
  }

  /// Computes `C = A · B`, each row times a factor, where `B` is not packed. Nothing is read or
  /// written beyond `columns`.
  ///
  /// @param rows rows of `A` and `C`
  /// @param a the left-hand side
  /// @param aStep from row to row of `A`
  /// @param k columns of `A`, rows of `B`
  /// @param b the right-hand side
  /// @param bStep from row to row of `B`
  /// @param columns columns of `B` and `C`
  /// @param factors a factor for each row, one element after another
  /// @param c the result
  /// @param cStep from row to row of `C`
  void multiplyStrided(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      long bStep,
      int columns,
      long factors,
      long c,
      long cStep);

  /// Computes one row of a product, `c = Σ a[i] · b[i]` over the rows of `B`, which is not packed.
  /// Nothing is read or written beyond `columns`.
  ///
  /// @param a the row's first element
  /// @param k elements of the row, rows of `B`, at least 1
  /// @param b the right-hand side
  /// @param bStep from row to row of `B`
  /// @param columns columns of `B`
  /// @param c the result
  default void multiplyRow(long a, int k, long b, long bStep, int columns, long c) {
    multiplyStrided(1, a, 0, k, b, bStep, columns, Ones.ADDRESS, c, 0);
  }

  /// Computes the dot products of one row and others, `c[i] = Σ a[j] · b[i][j]`. Nothing is read
  /// beyond the elements of a row.
  ///
  /// @param a the row's first element
  /// @param k elements of a row, at least 1
  /// @param b the first of the others
  /// @param bStep from one to the next
  /// @param rows how many others
  /// @param c the result, whose elements are adjacent
  void dots(long a, int k, long b, long bStep, int rows, long c);

  /// Computes `C = init + A · B + residual` in f64.
  ///
  /// @param rows rows of `A` and `C`
  /// @param a the left-hand side
  /// @param aStep from row to row of `A`
  /// @param k columns of `A`, rows of `B`
  /// @param b the first panel: they are those of [#multiply], two columns of which are an f64
  /// @param columns how many columns of f64
  /// @param init a row that the sums of all rows start from, or [Zeros#ADDRESS]
  /// @param residual what is added to the sums, or 0; may be `c`, with its step
  /// @param residualStep from row to row of the residual
  /// @param c the result
  /// @param cStep from row to row of `C`
  void multiplyDoubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      int columns,
      long init,
      long residual,
      long residualStep,
      long c,
      long cStep);

  /// Stores `factor · (residual + bias)` into a block of a matrix.
  ///
  /// @param residual the block's first element in the residual, or 0; may be `c`
  /// @param residualStep from row to row of the residual
  /// @param bias the block's first column in the bias, or 0
  /// @param factor the factor
  /// @param c the block's first element
  /// @param cStep from row to row of `c`
  /// @param rows the block's rows
  /// @param columns the block's columns
  void preset(
      long residual,
      long residualStep,
      long bias,
      float factor,
      long c,
      long cStep,
      long rows,
      int columns);

  /// Replaces a block of a matrix by `activation(factor · c + residual + bias)`.
  ///
  /// @param factor the factor
  /// @param residual the block's first element in the residual, or 0
  /// @param residualStep from row to row of the residual
  /// @param bias the block's first column in the bias, or 0
  /// @param activation what is applied last, or null
  /// @param c the block's first element
  /// @param cStep from row to row of `c`
  /// @param rows the block's rows
  /// @param columns the block's columns
  void finish(
      float factor,
      long residual,
      long residualStep,
      long bias,
      @Nullable Activation activation,
      long c,
      long cStep,
      long rows,
      long columns);

  /// Turns scores into weights: replaces each row by `e^(x - max x)` where `x = scale · scores +
  /// mask`, and stores the inverse of its sum, which makes it a softmax.
  ///
  /// Rows are read and written in whole vectors of [#lanes] elements: what lies beyond `n` is left
  /// undefined. The mask is not read beyond `n`.
  ///
  /// @param rows how many rows
  /// @param scores the first row
  /// @param scoreStep from row to row of the scores
  /// @param n how many scores, at least 1
  /// @param scale their factor
  /// @param mask what is added to them, or 0
  /// @param maskStep from row to row of the mask; 0 where one row serves all
  /// @param inverses where the inverse sums go, one element after another
  void weigh(
      int rows,
      long scores,
      long scoreStep,
      int n,
      float scale,
      long mask,
      long maskStep,
      long inverses);

  /// Asks for rows that are read soon to be brought into the second-level cache, where that can be
  /// asked for.
  ///
  /// @param from the first row
  /// @param step from row to row
  /// @param rows how many rows
  /// @param bytes the bytes of a row, at least 1
  default void bringNear(long from, long step, int rows, long bytes) {}

  /// Clears elements.
  ///
  /// @param to the first
  /// @param bytes how many bytes, a multiple of 4, may be 0
  void zero(long to, long bytes);
}
