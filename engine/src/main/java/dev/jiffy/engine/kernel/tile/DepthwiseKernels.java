package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.ConvGeometry;

/// Convolutions with one filter per channel: nothing in them is a product of matrices, so they have
/// a packed form and loops of their own. Likewise those with groups of a few channels, where
/// kernels have such loops.
///
/// Arguments are as in [dev.jiffy.engine.kernel.MatrixKernels].
public interface DepthwiseKernels {
  /// {@return whether these kernels compute a convolution; others are cut into products}
  ///
  /// @param geometry the convolution
  boolean suits(ConvGeometry geometry);

  /// {@return the bytes of packed weights, a multiple of 64}
  ///
  /// @param geometry the convolution
  long packedBytes(ConvGeometry geometry);

  /// Packs weights.
  ///
  /// @param geometry the convolution
  /// @param weights `[channels, channels / groups, kernelHeight, kernelWidth]`
  /// @param packed where the packed form goes, 64-byte aligned
  void pack(ConvGeometry geometry, long weights, long packed);

  /// {@return the bytes of working memory that [#convolve] needs per thread}
  ///
  /// @param geometry the convolution
  long scratchBytes(ConvGeometry geometry);

  /// Computes rows of a convolution's result.
  ///
  /// @param geometry the convolution
  /// @param x the input images
  /// @param packed the packed weights
  /// @param bias one element per channel, or 0
  /// @param residual what is added to the result, laid out like it, or 0; may be the result itself
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
}
