package dev.jiffy.engine.kernel;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.tensor.DType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The loops whose cost is moving data: elementwise chains, normalisation, pooling, copies.
///
/// Arguments of type `long` named `x` or `y` are absolute addresses, of f32 elements unless said; 0
/// stands for an absent one. Methods are stateless and safe to call from several threads on
/// disjoint parts of a result. Nothing checks bounds.
public interface RowKernels {
  /// An elementwise chain prepared for this implementation.
  interface PreparedPointwise {
    /// {@return the number of independent pieces, at least 1 unless there are no elements}
    int pieces();

    /// {@return the first element of a piece, whose elements are adjacent in the results; no piece
    /// has more than the first}
    ///
    /// @param piece the piece, or [#pieces] for the number of all elements
    long first(int piece);

    /// {@return the bytes of working memory that [#run] needs per thread}
    long scratchBytes();

    /// Computes some pieces.
    ///
    /// @param addresses the addresses of inputs, then of outputs
    /// @param pieceFrom the first piece
    /// @param pieceTo the piece after the last
    /// @param scratch working memory of this thread, 64-byte aligned
    void run(long[] addresses, int pieceFrom, int pieceTo, long scratch);
  }

  /// {@return an elementwise chain, prepared once and run often}
  ///
  /// @param pointwise the chain
  PreparedPointwise prepare(Pointwise pointwise);

  /// {@return an elementwise chain some of whose operands are bytes that stand for numbers, or null
  /// where it is for others to convert them}
  ///
  /// @param pointwise the chain
  /// @param bytes what the bytes stand for, by the number of the input, or of the output, counted
  ///   after all inputs; such inputs are dense
  default @Nullable PreparedPointwise prepare(Pointwise pointwise, Map<Integer, Affine> bytes) {
    return null;
  }

  /// Softmax of rows: `y = e^x / Σ e^x`, computed from `x - max x`; may be in place.
  ///
  /// @param log whether the logarithm is wanted
  /// @param x the rows
  /// @param y the result
  /// @param rows how many
  /// @param n elements of a row
  void softmax(boolean log, long x, long y, long rows, long n);

  /// Normalises rows: `y = (z - mean z) / √(var z + epsilon) · scale + bias` with `z = x +
  /// residual`; may be in place.
  ///
  /// @param x the rows
  /// @param residual rows added first, or 0
  /// @param scale one element per column, or 0
  /// @param bias one element per column, or 0
  /// @param y the result
  /// @param rows how many
  /// @param n elements of a row
  /// @param epsilon added to the variance
  void layerNorm(
      long x, long residual, long scale, long bias, long y, long rows, long n, float epsilon);

  /// Makes keys of rows of numbers, which [#walkTrees] compares: unsigned integers in the order of
  /// the numbers, none of them 0.
  ///
  /// @param x the rows
  /// @param rows how many
  /// @param features elements of a row
  /// @param twice whether second keys follow those of a row; NaN has the greatest key among the
  ///   first and 0 among the second
  /// @param keys where keys go, 32 bits each
  /// @param keyBytes bytes from the keys of a row to those of the next
  default void treeKeys(long x, int rows, int features, boolean twice, long keys, int keyBytes) {
    TreeKeys.keys(x, rows, features, twice, keys, keyBytes);
  }

  /// Walks one row down groups of trees.
  ///
  /// @param shape how all of it lies
  /// @param nodes the first node
  /// @param groups the first group of trees
  /// @param count how many groups, at least 1
  /// @param keys the keys of the row
  /// @param out an f32, to which the leaves are added; or what each of them gives, 32 bits each
  default void walkTrees(TreeShape shape, long nodes, long groups, int count, long keys, long out) {
    TreeWalk.row(shape, nodes, groups, count, keys, out);
  }

  /// Walks blocks of [TreeShape#LANES] rows down trees.
  ///
  /// @param shape how all of it lies
  /// @param nodes the first node
  /// @param trees the first tree
  /// @param count how many trees, at least 1
  /// @param keys the keys of the rows
  /// @param blocks how many blocks of rows
  /// @param out for each row an f32, to which the leaves are added; or for each block what its
  ///   leaves give, 32 bits each: those of the first tree, then those of the next
  /// @param outBytes bytes from the results of a block to those of the next
  default void walkRows(
      TreeShape shape,
      long nodes,
      long trees,
      int count,
      long keys,
      int blocks,
      long out,
      long outBytes) {
    TreeWalk.rows(shape, nodes, trees, count, keys, blocks, out, outBytes);
  }

  /// Reduces the middle dimension of `[outer, n, inner]`.
  ///
  /// @param function what is computed
  /// @param x the elements
  /// @param y the result, `[outer, inner]`
  /// @param outer extent of the first dimension
  /// @param n extent of the reduced dimension
  /// @param inner extent of the last dimension
  void reduce(ReduceFunction function, long x, long y, long outer, long n, long inner);

  /// Sums along the middle dimension of `[outer, n, inner]`; what overflows wraps around.
  ///
  /// @param type the type of all numbers, one that [Sums#isSupported]
  /// @param x the elements
  /// @param y the sums, `[outer, inner]`
  /// @param outer extent of the first dimension
  /// @param n extent of the dimension that is summed along
  /// @param inner extent of the last dimension
  default void sum(DType type, long x, long y, long outer, long n, long inner) {
    Sums.sum(type, x, y, outer, n, inner);
  }

  /// Finds where along the middle dimension of `[outer, n, inner]` the greatest or the least
  /// element is; NaN is greater than all.
  ///
  /// @param largest whether the greatest is wanted
  /// @param last whether of equal elements the last is wanted, else the first
  /// @param x the elements
  /// @param y the indices, i64, `[outer, inner]`
  /// @param outer extent of the first dimension
  /// @param n extent of the dimension that is looked along, at least 1
  /// @param inner extent of the last dimension
  default void argReduce(
      boolean largest, boolean last, long x, long y, long outer, int n, long inner) {
    Positions.find(largest, last, x, y, outer, n, inner);
  }

  /// Computes rows of a pooling.
  ///
  /// @param geometry the pooling
  /// @param x the input images
  /// @param y the result images
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  void pool(PoolGeometry geometry, long x, long y, int rowFrom, int rowTo);

  /// Computes rows of a pooling that looks for the largest elements of images of one channel, and
  /// where they are: the first of equal ones, the first NaN where there is one. Where a window sees
  /// nothing greater than minus infinity, the position is -1.
  ///
  /// @param geometry the pooling
  /// @param x the input images
  /// @param y the result images
  /// @param positions the elements' indices among those of all images, i64
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  default void poolPositions(
      PoolGeometry geometry, long x, long y, long positions, int rowFrom, int rowTo) {
    PoolPositions.find(geometry, x, y, positions, rowFrom, rowTo);
  }

  /// Computes rows of a resampling.
  ///
  /// @param geometry the resampling
  /// @param x the input images
  /// @param y the result images
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  void resize(ResizeGeometry geometry, long x, long y, int rowFrom, int rowTo);

  /// Adds weighted rows up: `y[row] = Σ weight · x[tap ..]`.
  ///
  /// @param begins where the taps of each sum begin (see [Mixtures])
  /// @param taps the taps
  /// @param x the rows
  /// @param y the sums
  /// @param rows how many sums
  /// @param n elements of a row
  default void mix(long begins, long taps, long x, long y, long rows, long n) {
    Mixtures.mix(begins, taps, x, y, rows, n);
  }

  /// Adds rows to others: `y[row, i] += x[row, i]`.
  ///
  /// @param x what is added
  /// @param xStep bytes from row to row of `x`
  /// @param y what it is added to, apart from `x`; rows do not overlap
  /// @param yStep bytes from row to row of `y`
  /// @param rows how many rows
  /// @param n elements of a row
  default void addRows(long x, long xStep, long y, long yStep, long rows, long n) {
    for (long row = 0; row < rows; row++) {
      Mixtures.add(x + row * xStep, 1, y + row * yStep, n);
    }
  }

  /// Copies elements of any type between strided views.
  ///
  /// @param copy the geometry
  /// @param x the first source element
  /// @param y the first target element
  void copy(StridedCopy copy, long x, long y);

  /// Picks slices by index.
  ///
  /// @param geometry the extents
  /// @param x the slices
  /// @param indices the indices
  /// @param y the result
  /// @throws IndexOutOfBoundsException if an index lies outside `-extent` to `extent - 1`; the
  ///   message gives position, index and extent
  default void gather(GatherGeometry geometry, long x, long indices, long y) {
    Movement.gather(geometry, x, indices, y);
  }

  /// Computes a function of two tensors of any numeric type, element by element.
  ///
  /// @param combination what is computed
  /// @param x the first argument
  /// @param y the second argument
  /// @param out the result
  /// @param scratch working memory of [Combinations#SCRATCH_BYTES]
  /// @throws ArithmeticException if an integer is divided by zero
  default void combine(Combination combination, long x, long y, long out, long scratch) {
    Combinations.combine(combination, x, y, out, scratch);
  }

  /// A function of two tensors, prepared for this implementation.
  @FunctionalInterface
  interface PreparedCombination {
    /// Computes it as [RowKernels#combine] does.
    ///
    /// @param x the first argument
    /// @param y the second argument
    /// @param out the result, which may be where an argument of the same elements is
    /// @param scratch working memory of [Combinations#SCRATCH_BYTES]
    void run(long x, long y, long out, long scratch);
  }

  /// {@return a function of two tensors, prepared once and run often}
  ///
  /// @param combination what is computed
  default PreparedCombination prepare(Combination combination) {
    return (x, y, out, scratch) -> combine(combination, x, y, out, scratch);
  }

  /// Writes indices as unit vectors: `y[o, d, i]` is `on` where `indices[o, i] = d`, else `off`; so
  /// is all of a vector whose index lies outside `-depth` to `depth - 1`.
  ///
  /// @param indices the indices, `[outer, inner]`, negative ones counted from the end
  /// @param indexType their type, a numeric one
  /// @param outer extent of the first dimension
  /// @param depth extent of the vectors
  /// @param inner extent of the last dimension
  /// @param values the off value and the on value
  /// @param valueBytes bytes of either: 1, 2, 4 or 8
  /// @param y the result
  default void oneHot(
      long indices,
      DType indexType,
      long outer,
      long depth,
      long inner,
      long values,
      int valueBytes,
      long y) {
    Movement.oneHot(this, indices, indexType, outer, depth, inner, values, valueBytes, y);
  }

  /// Multiplies rows by the unit vectors of indices: `y[o, i] = Σ_d x[o, d] · oneHot(indices)[o, d,
  /// i]`, f32.
  ///
  /// @param x the rows, `[outer, depth]`
  /// @param outer how many rows
  /// @param depth elements of a row and extent of the vectors
  /// @param indices the indices, `[outer, count]`, negative ones counted from the end
  /// @param indexType i32 or i64
  /// @param count the indices of a row
  /// @param y the result, `[outer, count]`
  default void oneHotDot(
      long x, int outer, int depth, long indices, DType indexType, int count, long y) {
    Movement.oneHotDot(x, outer, depth, indices, indexType, count, y);
  }

  /// Converts elements of any numeric type or bool.
  ///
  /// @param from the type of `x`
  /// @param to the type of `y`
  /// @param x the elements
  /// @param y the result
  /// @param n how many
  default void cast(DType from, DType to, long x, long y, long n) {
    Casts.cast(from, to, x, y, n);
  }

  /// Makes bytes of f32, as [Affine#quantize] does.
  ///
  /// @param affine what bytes stand for
  /// @param x the numbers
  /// @param y the bytes
  /// @param n how many
  default void quantize(Affine affine, long x, long y, long n) {
    if (affine.type() == DType.U8) {
      quantize(affine.scale(), affine.zero(), x, y, n);
    } else {
      affine.quantize(x, y, n);
    }
  }

  /// Finds the least and the greatest of some numbers and 0; NaN counts as 0.
  ///
  /// @param x the numbers, f32
  /// @param n how many
  /// @param to where the two go, f32
  default void range(long x, long n, long to) {
    float least = 0;
    float greatest = 0;
    for (long i = 0; i < n; i++) {
      float value = Memory.getFloat(x + 4 * i);
      least = value < least ? value : least;
      greatest = value > greatest ? value : greatest;
    }
    Memory.setFloat(to, least);
    Memory.setFloat(to + 4, greatest);
  }

  /// Makes unsigned bytes of f32, as [Affine#quantize] does.
  ///
  /// @param scale the distance between neighbours
  /// @param zero the byte that stands for 0
  /// @param x the numbers
  /// @param y the bytes
  /// @param n how many
  default void quantize(float scale, int zero, long x, long y, long n) {
    Affine.quantize(0, scale, zero, x, y, n);
  }

  /// Makes f32 of unsigned bytes, as [Affine#dequantize] does.
  ///
  /// @param scale the distance between neighbours
  /// @param zero the byte that stands for 0
  /// @param x the bytes
  /// @param y the numbers
  /// @param n how many
  default void dequantize(float scale, int zero, long x, long y, long n) {
    Affine.dequantize(0xff, scale, zero, x, y, n);
  }

  /// Makes f32 of bytes, as [Affine#dequantize] does.
  ///
  /// @param affine what bytes stand for
  /// @param x the bytes
  /// @param y the numbers
  /// @param n how many
  default void dequantize(Affine affine, long x, long y, long n) {
    if (affine.type() == DType.U8) {
      dequantize(affine.scale(), affine.zero(), x, y, n);
    } else {
      affine.dequantize(x, y, n);
    }
  }

  /// Looks bytes up: `y = table[x]`.
  ///
  /// @param table 256 bytes
  /// @param x the bytes, as unsigned numbers
  /// @param y what they become
  /// @param n how many
  default void lookUp(long table, long x, long y, long n) {
    Movement.lookUp(table, x, y, n);
  }

  /// Stores one f32 many times.
  ///
  /// @param value the value
  /// @param y where it goes
  /// @param n how often
  void fill(float value, long y, long n);
}
