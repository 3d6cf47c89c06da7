package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// Convolutions of bytes in integer arithmetic. Arguments of type `long` are absolute addresses;
/// methods are safe to call from several threads on disjoint parts of a result. Nothing checks
/// bounds.
public interface ByteKernels {
  /// Where weights, i8, lie. The taps of an input channel are adjacent, row by row.
  ///
  /// @param address the first
  /// @param filterStep bytes from the filter of a result channel to the next
  /// @param channelStep bytes from an input channel to the next
  record Filters(long address, long filterStep, long channelStep) {
    /// {@return `[outChannels, inChannels / groups, kernelHeight, kernelWidth]`}
    ///
    /// @param geometry the convolution's
    /// @param address the first weight
    public static Filters of(ConvGeometry geometry, long address) {
      long taps = (long) geometry.kernelHeight() * geometry.kernelWidth();
      return new Filters(address, geometry.inChannels() / geometry.groups() * taps, taps);
    }

    /// {@return a matrix `[inChannels, outChannels]`, for windows of one pixel and one group}
    ///
    /// @param geometry the convolution's
    /// @param address the first weight
    public static Filters matrix(ConvGeometry geometry, long address) {
      return new Filters(address, 1, geometry.outChannels());
    }
  }

  /// {@return a convolution, prepared once and computed often, or null where these kernels do not
  /// compute it}
  ///
  /// @param convolution the convolution
  @Nullable Prepared prepare(ByteConvolution convolution);

  /// A convolution prepared for this implementation.
  interface Prepared {
    /// {@return the bytes of packed weights, a multiple of 64}
    long packedBytes();

    /// Packs the weights and what is known of result channels. The form depends on all of the
    /// convolution but the extents of images.
    ///
    /// @param filters the weights
    /// @param scales an f32 for each result channel
    /// @param bias an f32 for each result channel, or 0
    /// @param packed where the packed form goes, 64-byte aligned and cleared
    void pack(Filters filters, long scales, long bias, long packed);

    /// {@return the bytes of working memory that [#convolve] needs per thread}
    long scratchBytes();

    /// Computes rows of the result.
    ///
    /// @param x the input images, u8
    /// @param quantization where the input is quantized dynamically, its scale, an f32, and its
    ///   zero point, an i32; else 0
    /// @param packed the packed weights
    /// @param y the result images, f32, u8 or i32
    /// @param rowFrom the first row, counted over all images
    /// @param rowTo the row after the last
    /// @param scratch working memory of this thread, 64-byte aligned
    void convolve(
        long x, long quantization, long packed, long y, int rowFrom, int rowTo, long scratch);
  }
}
