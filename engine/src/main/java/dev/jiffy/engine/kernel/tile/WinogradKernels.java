package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.ConvGeometry;

/// The transforms around the products of [Winograd]'s convolutions.
///
/// A tile is two by two pixels of a result, which are as far apart as the taps of a window; so are
/// the pixels of two tiles of a row of tiles, which is named by the first pixel of the first. What
/// is transformed lies in 16 matrices with a row per tile and a column per channel, a constant step
/// apart. Some adjacent channels are transformed, as many as a vector has elements at least.
/// Arguments are as in [dev.jiffy.engine.kernel.MatrixKernels], but point to the first of these
/// channels.
public interface WinogradKernels {
  /// {@return the fewest channels of a group, of the input and of the result, from which on
  /// transforms and products are faster than the direct form; no fewer than a vector has elements}
  int leastChannels();

  /// Computes `Bᵀ d B` of the four by four pixels of the input that each tile sees.
  ///
  /// @param geometry the convolution
  /// @param channels how many channels
  /// @param x the input images
  /// @param row the result's row of the first pixel, counted over all images
  /// @param column its column
  /// @param tiles how many tiles, at least 1
  /// @param to the first tile's row in the first matrix
  /// @param step bytes from matrix to matrix
  void transformInput(
      ConvGeometry geometry,
      int channels,
      long x,
      int row,
      int column,
      int tiles,
      long to,
      long step);

  /// Computes `activation(Aᵀ m A + bias + residual)`, the pixels of the result, as far as the image
  /// has them. The matrices may be read up to a vector beyond the last tile's row.
  ///
  /// @param geometry the convolution
  /// @param channels how many channels
  /// @param from the first tile's row in the first matrix
  /// @param step bytes from matrix to matrix
  /// @param bias one element per result channel, or 0
  /// @param residual what is added to the result, laid out like it, or 0; may be the result itself
  /// @param y the result images
  /// @param row the result's row of the first pixel, counted over all images
  /// @param rows the rows of the tiles that are wanted, 1 or 2
  /// @param column the column of the first pixel
  /// @param tiles how many tiles, at least 1
  void transformResult(
      ConvGeometry geometry,
      int channels,
      long from,
      long step,
      long bias,
      long residual,
      long y,
      int row,
      int rows,
      int column,
      int tiles);
}
