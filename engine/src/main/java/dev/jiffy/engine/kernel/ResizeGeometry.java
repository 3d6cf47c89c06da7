package dev.jiffy.engine.kernel;

/// The geometry of separable two-tap resampling of channels-last images.
///
/// Result row `y` is `(1 - rowWeights[y]) · input[rowLow[y]] + rowWeights[y] · input[rowHigh[y]]`,
/// columns likewise; nearest-element resampling has weights 0. The arrays are read only.
///
/// @param batch images
/// @param inHeight rows of an input image
/// @param inWidth columns of an input image
/// @param channels channels
/// @param rowLow for each result row the first input row
/// @param rowHigh for each result row the second input row
/// @param rowWeights for each result row the weight of the second
/// @param columnLow for each result column the first input column
/// @param columnHigh for each result column the second input column
/// @param columnWeights for each result column the weight of the second
/// @param nearest whether all weights are 0
@SuppressWarnings("ArrayRecordComponent")
public record ResizeGeometry(
    int batch,
    int inHeight,
    int inWidth,
    int channels,
    int[] rowLow,
    int[] rowHigh,
    float[] rowWeights,
    int[] columnLow,
    int[] columnHigh,
    float[] columnWeights,
    boolean nearest) {
  /// {@return the rows of all result images, the unit in which work is split}
  public int rows() {
    return batch * rowLow.length;
  }
}
