package dev.jiffy.engine.kernel;

/// The geometry of two-dimensional max or average pooling over channels-last images.
///
/// @param batch images
/// @param inHeight rows of an input image
/// @param inWidth columns of an input image
/// @param channels channels
/// @param outHeight rows of a result image
/// @param outWidth columns of a result image
/// @param kernelHeight rows of the window
/// @param kernelWidth columns of the window
/// @param strideHeight rows between windows
/// @param strideWidth columns between windows
/// @param dilationHeight rows between taps
/// @param dilationWidth columns between taps
/// @param padTop rows of padding above
/// @param padLeft columns of padding to the left
/// @param padBottom rows of padding below that an average may count
/// @param padRight columns of padding to the right that an average may count
/// @param max whether the largest element is wanted instead of the mean
/// @param countPadding whether an average counts padding
public record PoolGeometry(
    int batch,
    int inHeight,
    int inWidth,
    int channels,
    int outHeight,
    int outWidth,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth,
    int padTop,
    int padLeft,
    int padBottom,
    int padRight,
    boolean max,
    boolean countPadding) {
  /// {@return the rows of all result images, the unit in which work is split}
  public int rows() {
    return batch * outHeight;
  }
}
