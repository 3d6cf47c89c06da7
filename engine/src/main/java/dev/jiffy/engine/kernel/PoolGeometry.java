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

  /// {@return the first row of taps that does not lie above the image}
  ///
  /// @param top the row of the image that a window begins at
  public int firstTapRow(int top) {
    return firstTap(top, dilationHeight);
  }

  /// {@return the row of taps after the last that does not lie below the image}
  ///
  /// @param top the row of the image that a window begins at
  public int lastTapRow(int top) {
    return lastTap(top, dilationHeight, kernelHeight, inHeight);
  }

  /// {@return the first column of taps that does not lie to the left of the image}
  ///
  /// @param left the column of the image that a window begins at
  public int firstTapColumn(int left) {
    return firstTap(left, dilationWidth);
  }

  /// {@return the column of taps after the last that does not lie to the right of the image}
  ///
  /// @param left the column of the image that a window begins at
  public int lastTapColumn(int left) {
    return lastTap(left, dilationWidth, kernelWidth, inWidth);
  }

  /// {@return the elements of a window that its mean is taken of}
  ///
  /// @param top the row of the image that it begins at
  /// @param left the column of the image that it begins at
  public int counted(int top, int left) {
    if (countPadding) {
      return lastTap(top, dilationHeight, kernelHeight, (long) inHeight + padBottom)
          * lastTap(left, dilationWidth, kernelWidth, (long) inWidth + padRight);
    }
    return Math.max(0, lastTapRow(top) - firstTapRow(top))
        * Math.max(0, lastTapColumn(left) - firstTapColumn(left));
  }

  private static int firstTap(int start, int dilation) {
    return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  }

  private static int lastTap(int start, int dilation, int taps, long extent) {
    return Math.clamp((extent - start + dilation - 1) / dilation, 0, taps);
  }
}
