package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.Border;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Window;
import java.util.List;

/// An operator on images that looks where other inputs tell it to, or puts pieces together; images
/// have their channels first where no layout says otherwise.
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

  /// How positions of a resized tensor map to the original.
  enum CoordinateMode {
    /// Pixel centres at half.
    HALF_PIXEL,
    /// Half pixel, corrected so that the centre stays in place.
    HALF_PIXEL_SYMMETRIC,
    /// Half pixel, but 0 where the result has extent 1.
    PYTORCH_HALF_PIXEL,
    /// Corner pixels' centres aligned.
    ALIGN_CORNERS,
    /// Position divided by scale.
    ASYMMETRIC,
    /// Half pixel for nearest as TensorFlow 1 had it.
    TF_HALF_PIXEL_FOR_NN,
    /// Positions within a region of interest.
    TF_CROP_AND_RESIZE
  }

  /// How a resized tensor is interpolated.
  enum Interpolation {
    /// The nearest element.
    NEAREST,
    /// Linear between neighbours.
    LINEAR,
    /// Cubic over four neighbours.
    CUBIC
  }

  /// How the nearest element is chosen.
  enum NearestMode {
    /// Half rounds down.
    ROUND_PREFER_FLOOR,
    /// Half rounds up.
    ROUND_PREFER_CEIL,
    /// Always down.
    FLOOR,
    /// Always up.
    CEIL
  }

  /// What happens to the aspect ratio when sizes are given.
  enum AspectPolicy {
    /// Ignored.
    STRETCH,
    /// No side larger than given.
    NOT_LARGER,
    /// No side smaller than given.
    NOT_SMALLER
  }

  /// Resampling: `(x, roi?, scales?, sizes?)`, one of scales and sizes given, both in the order of
  /// the axes.
  ///
  /// @param interpolation how elements are interpolated
  /// @param coordinates how positions map
  /// @param nearest how the nearest element is chosen
  /// @param cubicA the coefficient of the cubic
  /// @param excludeOutside whether weights outside the input are zero
  /// @param extrapolation the value outside the region of interest
  /// @param antialias whether the filter widens when shrinking
  /// @param axes the axes that scales and sizes speak of; empty stands for all
  /// @param aspect what happens to the aspect ratio
  /// @param layout the layout of input and result; scales and sizes follow it
  record Resize(
      Interpolation interpolation,
      CoordinateMode coordinates,
      NearestMode nearest,
      float cubicA,
      boolean excludeOutside,
      float extrapolation,
      boolean antialias,
      List<Long> axes,
      AspectPolicy aspect,
      Layout layout)
      implements ImageOp {
    /// Copies the list.
    public Resize {
      axes = List.copyOf(axes);
    }

    /// {@return bilinear resampling with the middles of pixels kept}
    ///
    /// @param layout the layout of input and result
    public static Resize linear(Layout layout) {
      return new Resize(
          Interpolation.LINEAR,
          CoordinateMode.HALF_PIXEL,
          NearestMode.FLOOR,
          -0.75f,
          false,
          0,
          false,
          List.of(),
          AspectPolicy.STRETCH,
          layout);
    }
  }
}
