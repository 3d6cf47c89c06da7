package dev.jiffy.engine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// The f32 loops whose arithmetic dominates: products, convolutions, attention.
///
/// Arguments of type `long` named after a matrix are absolute addresses of f32 elements; 0 stands
/// for an absent one. Right-hand sides and weights are packed once into a form of the
/// implementation's own. Methods are stateless and safe to call from several threads on disjoint
/// parts of a result. Nothing checks bounds.
public interface MatrixKernels extends ProductKernels, AttentionKernels {
  /// {@return how many adjacent columns of a result are computed at the price of one}
  default int lanes() {
    return 1;
  }

  /// {@return what allocates cleared memory for packed forms and sessions, safe for use by several
  /// threads}
  ///
  /// @param arena decides when the memory is freed
  default SegmentAllocator memory(Arena arena) {
    return arena;
  }

  /// Computes a product of one row whose right-hand side is read where it lies.
  ///
  /// @param product the geometry, of one row and without a residual
  /// @param a the left-hand side
  /// @param b the right-hand side, in whose rows or columns elements are adjacent
  /// @param rowStride elements from row to row of the right-hand side, 1 where its columns lie in
  ///   one piece each
  /// @param columnStride elements from column to column, 1 where its rows do
  /// @param bias one element per column, or 0
  /// @param c the result
  void multiplyRow(
      Product product, long a, long b, long rowStride, long columnStride, long bias, long c);

  /// {@return products of f64, which know neither a factor nor an activation, or null if there are
  /// none}
  @Nullable ProductKernels doubles();

  /// {@return products of narrower numbers than f32, or null if there are none}
  @Nullable NarrowKernels narrow();

  /// {@return whether a convolution reads its weights in a transformed form; this may depend on
  /// everything in its geometry}
  ///
  /// @param geometry the convolution
  boolean transformsWeights(ConvGeometry geometry);

  /// {@return whether the groups of a convolution, of fewer channels than a vector has elements,
  /// are computed as they are; else it is faster to join groups, with zeros for the weights between
  /// them}
  ///
  /// @param geometry the convolution
  default boolean takesNarrowGroups(ConvGeometry geometry) {
    return false;
  }

  /// {@return the bytes of a convolution's packed weights, a multiple of 64}
  ///
  /// @param geometry the convolution
  long convPackedBytes(ConvGeometry geometry);

  /// Packs the weights of a convolution. The form depends on channels, kernel, groups, and on
  /// [#transformsWeights], but not on anything else of the geometry.
  ///
  /// @param geometry the convolution
  /// @param weights `[outChannels, inChannels / groups, kernelHeight, kernelWidth]`
  /// @param packed where the packed form goes, 64-byte aligned
  void packConv(ConvGeometry geometry, long weights, long packed);

  /// {@return the bytes of working memory that [#convolve] needs per thread}
  ///
  /// @param geometry the convolution
  long convScratchBytes(ConvGeometry geometry);

  /// Computes rows of a convolution's result.
  ///
  /// @param geometry the convolution
  /// @param x the input images
  /// @param packed the packed weights
  /// @param bias one element per result channel, or 0
  /// @param residual what is added to the result, laid out like it, or 0
  /// @param y the result images
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  /// @param scratch working memory of this thread, 64-byte aligned
  void convolve(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch);

  /// {@return the bytes of a transposed convolution's packed weights, a multiple of 64}
  ///
  /// @param geometry the transposed convolution
  long convTransposePackedBytes(ConvGeometry geometry);

  /// Packs the weights of a transposed convolution. The form depends on channels, kernel, groups,
  /// strides and dilations, but not on anything else of the geometry.
  ///
  /// @param geometry the transposed convolution
  /// @param weights `[inChannels, outChannels / groups, kernelHeight, kernelWidth]`
  /// @param packed where the packed form goes, 64-byte aligned
  void packConvTranspose(ConvGeometry geometry, long weights, long packed);

  /// {@return the bytes of working memory that [#convolveTransposed] needs per thread}
  ///
  /// @param geometry the transposed convolution
  long convTransposeScratchBytes(ConvGeometry geometry);

  /// Computes rows of a transposed convolution's result.
  ///
  /// @param geometry the transposed convolution
  /// @param x the input images
  /// @param packed the packed weights
  /// @param bias one element per result channel, or 0
  /// @param y the result images
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  /// @param scratch working memory of this thread, 64-byte aligned
  void convolveTransposed(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long y,
      int rowFrom,
      int rowTo,
      long scratch);
}
