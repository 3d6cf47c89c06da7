package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.Border;
import dev.jiffy.engine.ir.Op.Interpolation;
import dev.jiffy.engine.ir.Op.Window;

/// An operator on images that looks where other inputs tell it to, or puts pieces together; images
/// have their channels first.
public sealed interface ImageOp extends Op.Special {
  /// Images sampled at given positions: `(x, grid)`; the last dimension of the grid holds a
  /// position, the innermost coordinate first, -1 and 1 being the ends of a dimension.
  ///
  /// @param interpolation how pixels are interpolated
  /// @param border what is seen beyond the image
  /// @param alignCorners whether -1 and 1 are centres of corner pixels instead of their outer edges
  record SampleGrid(Interpolation interpolation, Border border, boolean alignCorners)
      implements ImageOp {}

  /// Regions of interest cut into bins, of which each is sampled: `(x, regions, images)`; regions
  /// are `[left, top, right, bottom]`, each of the image of an index.
  ///
  /// @param max whether the largest of all shares of pixels in samples is wanted instead of the
  ///   mean of samples
  /// @param height the rows of bins
  /// @param width the columns of bins
  /// @param samples how many samples a bin has along each dimension; 0 stands for one for each
  ///   pixel
  /// @param scale the factor from coordinates of regions to those of pixels
  /// @param halfPixel whether pixels' centres lie at half
  record AlignRegions(
      boolean max, long height, long width, long samples, float scale, boolean halfPixel)
      implements ImageOp {}

  /// The largest pixel of each bin of regions of interest: `(x, regions)`; regions are `[image,
  /// left, top, right, bottom]`, rounded to whole pixels.
  ///
  /// @param height the rows of bins
  /// @param width the columns of bins
  /// @param scale the factor from coordinates of regions to those of pixels
  record PoolRegions(long height, long width, float scale) implements ImageOp {}

  /// Convolution whose taps are moved: `(x, w, offsets, bias?, mask?)`; for each group of offsets
  /// and each tap, offsets hold how far it moves along each dimension, and the mask a factor.
  ///
  /// @param window the sliding window
  /// @param groups the number of channel groups
  /// @param offsetGroups the number of channel groups that have offsets of their own
  record DeformConv(Window window, long groups, long offsetGroups) implements ImageOp {}

  /// Columns put back to an image, what overlaps added: `(x, imageShape, blockShape)`; `x` is
  /// `[batch, channels · taps of a block, blocks]`.
  ///
  /// @param window how blocks lie, without their extents
  record Fold(Window window) implements ImageOp {}
}
