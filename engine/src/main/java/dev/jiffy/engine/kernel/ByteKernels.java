package dev.jiffy.engine.kernel;

/// Convolutions of bytes in integer arithmetic. Arguments of type `long` are absolute addresses;
/// methods are safe to call from several threads on disjoint parts of a result. Nothing checks
/// bounds.
public interface ByteKernels {
  /// {@return whether these kernels compute a convolution}
  ///
  /// @param convolution the convolution
  boolean suits(ByteConvolution convolution);

  /// {@return the bytes of packed weights, a multiple of 64}
  ///
  /// @param convolution the convolution
  long packedBytes(ByteConvolution convolution);

  /// Packs the weights and what is known of result channels. The form depends on all of the
  /// convolution but the extents of images.
  ///
  /// @param convolution the convolution
  /// @param weights `[outChannels, inChannels / groups, kernelHeight, kernelWidth]`, i8
  /// @param scales an f32 for each result channel
  /// @param bias an f32 for each result channel, or 0
  /// @param packed where the packed form goes, 64-byte aligned and cleared
  void pack(ByteConvolution convolution, long weights, long scales, long bias, long packed);

  /// {@return the bytes of working memory that [#convolve] needs per thread}
  ///
  /// @param convolution the convolution
  long scratchBytes(ByteConvolution convolution);

  /// Computes rows of a convolution's result.
  ///
  /// @param convolution the convolution
  /// @param x the input images, u8
  /// @param quantization where the input is quantized dynamically, its scale, an f32, and its zero
  ///   point, an i32; else 0
  /// @param packed the packed weights
  /// @param y the result images, f32 or u8
  /// @param rowFrom the first row, counted over all images
  /// @param rowTo the row after the last
  /// @param scratch working memory of this thread, 64-byte aligned
  void convolve(
      ByteConvolution convolution,
      long x,
      long quantization,
      long packed,
      long y,
      int rowFrom,
      int rowTo,
      long scratch);
}
