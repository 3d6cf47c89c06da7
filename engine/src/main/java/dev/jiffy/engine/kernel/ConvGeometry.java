package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// The geometry of a two-dimensional convolution, or of a transposed one, over channels-last
/// images; one-dimensional ones have height 1.
///
/// Input is `[batch, inHeight, inWidth, inChannels]`, result `[batch, outHeight, outWidth,
/// outChannels]`, both dense. Padding at the end follows from the extents. For a transposed
/// convolution strides, padding and dilations are those of the convolution whose gradient it is.
///
/// @param batch images
/// @param inHeight rows of an input image
/// @param inWidth columns of an input image
/// @param inChannels channels of the input
/// @param outHeight rows of a result image
/// @param outWidth columns of a result image
/// @param outChannels channels of the result
/// @param kernelHeight rows of the window
/// @param kernelWidth columns of the window
/// @param strideHeight rows between windows
/// @param strideWidth columns between windows
/// @param dilationHeight rows between taps
/// @param dilationWidth columns between taps
/// @param padTop rows of padding above
/// @param padLeft columns of padding to the left
/// @param groups groups of channels
/// @param activation what is applied last, or null
public record ConvGeometry(
    int batch,
    int inHeight,
    int inWidth,
    int inChannels,
    int outHeight,
    int outWidth,
    int outChannels,
    int kernelHeight,
    int kernelWidth,
    int strideHeight,
    int strideWidth,
    int dilationHeight,
    int dilationWidth,
    int padTop,
    int padLeft,
    int groups,
    @Nullable Activation activation) {
  /// {@return the rows of all result images, the unit in which work is split}
  public int rows() {
    return batch * outHeight;
  }

  /// {@return the convolution that a transposed one is, of an input with zeros between its pixels}
  public ConvGeometry spread() {
    return new ConvGeometry(
        batch,
        (inHeight - 1) * strideHeight + 1,
        (inWidth - 1) * strideWidth + 1,
        inChannels,
        outHeight,
        outWidth,
        outChannels,
        kernelHeight,
        kernelWidth,
        1,
        1,
        dilationHeight,
        dilationWidth,
        (kernelHeight - 1) * dilationHeight - padTop,
        (kernelWidth - 1) * dilationWidth - padLeft,
        groups,
        activation);
  }

  /// {@return the rows of the input that the windows of some rows of the result span}
  ///
  /// @param resultRows how many rows of the result, one below the other
  public long windowRows(int resultRows) {
    return (resultRows - 1L) * strideHeight + (kernelHeight - 1L) * dilationHeight + 1;
  }

  /// {@return the columns of the input that the windows of a row of the result span}
  public long windowColumns() {
    return (outWidth - 1L) * strideWidth + (kernelWidth - 1L) * dilationWidth + 1;
  }

  /// {@return whether every window lies within the image}
  public boolean isInterior() {
    return padTop == 0
        && padLeft == 0
        && windowRows(outHeight) <= inHeight
        && windowColumns() <= inWidth;
  }

  /// {@return how many runs of adjacent pixels a window has}
  public int runs() {
    return dilationWidth == 1 ? kernelHeight : kernelHeight * kernelWidth;
  }

  /// {@return the same convolution without an activation}
  public ConvGeometry linear() {
    return with(inWidth, outWidth, padLeft, groups, null);
  }

  /// {@return the same convolution with other groups of channels}
  ///
  /// @param count how many
  public ConvGeometry grouped(int count) {
    return with(inWidth, outWidth, padLeft, count, activation);
  }

  /// {@return whether [#columns] can cut this convolution, which then has one row: its one image
  /// and its window are one row high, and no window lies to the right of the image}
  public boolean isCutByColumns() {
    return batch == 1
        && inHeight == 1
        && outHeight == 1
        && kernelHeight == 1
        && (outWidth - 1L) * strideWidth - padLeft < inWidth;
  }

  /// {@return the convolution of some columns of the result of one that [#isCutByColumns]; its
  /// input begins at [#firstColumn], and its weights are packed as those of the whole}
  ///
  /// @param from the first column
  /// @param to the last column, exclusive
  public ConvGeometry columns(int from, int to) {
    int padding = (int) Math.max(0, padLeft - (long) from * strideWidth);
    return with(inWidth - firstColumn(from), to - from, padding, groups, activation);
  }

  /// {@return the first column of the input that the windows from a column of the result on see}
  ///
  /// @param column the column of the result
  public int firstColumn(int column) {
    return (int) Math.max(0, (long) column * strideWidth - padLeft);
  }

  private ConvGeometry with(
      int inColumns, int outColumns, int padding, int count, @Nullable Activation last) {
    return new ConvGeometry(
        batch,
        inHeight,
        inColumns,
        inChannels,
        outHeight,
        outColumns,
        outChannels,
        kernelHeight,
        kernelWidth,
        strideHeight,
        strideWidth,
        dilationHeight,
        dilationWidth,
        padTop,
        padding,
        count,
        last);
  }
}
