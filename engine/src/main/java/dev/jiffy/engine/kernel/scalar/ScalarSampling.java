package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.function.Border;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Images sampled at positions that other tensors give.
public final class ScalarSampling {
  private static final double CUBIC = -0.75;

  private ScalarSampling() {}

  /// Where a position lies along one dimension: the pixels around it, -1 for a zero, and their
  /// weights.
  private static final class Taps {
    private final int[] pixels = new int[4];
    private final double[] weights = new double[4];

    /// Finds the pixels around a position.
    ///
    /// @param taps 1 for the nearest, 2 for linear, 4 for cubic interpolation
    void find(double at, int extent, int taps, Border border, boolean alignCorners) {
      double low = low(alignCorners);
      double high = high(extent, alignCorners);
      double near = border.within(taps == 1 ? Math.rint(at) : at, extent, low, high);
      for (int i = 0; i < taps; i++) {
        pixels[i] = border.pixel(first(near, taps) + i, extent, low, high);
        weights[i] = weight(near, taps, i);
      }
    }
  }

  private static double low(boolean alignCorners) {
    return alignCorners ? 0 : -0.5;
  }

  private static double high(int extent, boolean alignCorners) {
    return alignCorners ? extent - 1 : extent - 0.5;
  }

  /// {@return the first pixel that a position looks at}
  private static double first(double near, int taps) {
    return taps == 1 ? near : Math.floor(near) - (taps == 4 ? 1 : 0);
  }

  private static double weight(double near, int taps, int tap) {
    double rest = near - Math.floor(near);
    return switch (taps) {
      case 1 -> 1;
      case 2 -> tap == 0 ? 1 - rest : rest;
      default ->
          switch (tap) {
            case 0 -> outer(rest + 1);
            case 1 -> inner(rest);
            case 2 -> inner(1 - rest);
            default -> outer(2 - rest);
          };
    };
  }

  private static double inner(double x) {
    return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
  }

  private static double outer(double x) {
    return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC;
  }

  /// Writes the [taps][Mixtures] of a position along one dimension.
  ///
  /// @param at the position, between -1 and 1
  /// @param extent the pixels of the dimension
  /// @param step from pixel to pixel, in elements
  /// @param taps 1 for the nearest pixel, 2 for linear, 4 for cubic interpolation
  /// @param border what is seen beyond the image
  /// @param alignCorners whether -1 and 1 are centres of corner pixels instead of their outer edges
  /// @param to where the taps go
  /// @return behind the last
  public static long taps(
      double at, int extent, int step, int taps, Border border, boolean alignCorners, long to) {
    double low = low(alignCorners);
    double high = high(extent, alignCorners);
    double position = position(at, extent, alignCorners);
    double near = border.within(taps == 1 ? Math.rint(position) : position, extent, low, high);
    long tap = to;
    for (int i = 0; i < taps; i++) {
      int pixel = border.pixel(first(near, taps) + i, extent, low, high);
      if (pixel >= 0) {
        Mixtures.setTap(tap, pixel * step, (float) weight(near, taps, i));
        tap += Mixtures.TAP_BYTES;
      }
    }
    return tap;
  }

  /// Samples images at the positions of a grid.
  ///
  /// @param x the images, `[batch, channels, spatial…]`
  /// @param grid for each element of the result and each spatial dimension, the last first, a
  ///   position between -1 and 1
  /// @param taps 1 for the nearest pixel, 2 for linear, 4 for cubic interpolation
  /// @param border what is seen beyond the image
  /// @param alignCorners whether -1 and 1 are centres of corner pixels instead of their outer edges
  /// @param out the result
  public static void grid(
      Tensor x, Tensor grid, int taps, Border border, boolean alignCorners, Tensor out) {
    Shape shape = x.shape();
    int rank = shape.rank() - 2;
    int[] extents = Sliding.lead(spatial(shape), 1);
    double[] values = x.toDoubles();
    int size = extents[0] * extents[1] * extents[2];
    int channels = Math.toIntExact(shape.dim(1));
    int points = Elements.count(out.shape(), 2, out.shape().rank());
    Taps[] along = {new Taps(), new Taps(), new Taps()};
    int[] counts = {1, 1, 1};
    for (int d = 0; d < Sliding.RANK; d++) {
      along[d].find(0, 1, 1, Border.BORDER, true);
    }
    for (int n = 0; n < shape.dim(0); n++) {
      for (int p = 0; p < points; p++) {
        long position = ((long) n * points + p) * rank;
        for (int d = 0; d < rank; d++) {
          int axis = Sliding.RANK - 1 - d;
          double at = position(grid.getDouble(position + d), extents[axis], alignCorners);
          along[axis].find(at, extents[axis], taps, border, alignCorners);
          counts[axis] = taps;
        }
        for (int c = 0; c < channels; c++) {
          int from = (n * channels + c) * size;
          out.setDouble(
              ((long) n * channels + c) * points + p, sample(values, from, extents, along, counts));
        }
      }
    }
  }

  private static int[] spatial(Shape shape) {
    int[] spatial = new int[shape.rank() - 2];
    for (int d = 0; d < spatial.length; d++) {
      spatial[d] = Math.toIntExact(shape.dim(d + 2));
    }
    return spatial;
  }

  /// {@return a position between -1 and 1 in pixels}
  private static double position(double at, int extent, boolean alignCorners) {
    return alignCorners ? (at + 1) / 2 * (extent - 1) : ((at + 1) * extent - 1) / 2;
  }

  private static double sample(
      double[] values, int from, int[] extents, Taps[] along, int[] counts) {
    double sum = 0;
    for (int i = 0; i < counts[0]; i++) {
      for (int j = 0; j < counts[1]; j++) {
        for (int k = 0; k < counts[2]; k++) {
          int depth = along[0].pixels[i];
          int row = along[1].pixels[j];
          int column = along[2].pixels[k];
          if ((depth | row | column) >= 0) {
            double weight = along[0].weights[i] * along[1].weights[j] * along[2].weights[k];
            sum += weight * values[from + (depth * extents[1] + row) * extents[2] + column];
          }
        }
      }
    }
    return sum;
  }

  /// Computes a convolution whose taps are moved.
  ///
  /// @param x the images, `[batch, channels, spatial…]`
  /// @param w the weights, `[outChannels, inChannels / groups, kernel…]`
  /// @param offsets `[batch, groups of offsets · taps · spatial dimensions, windows…]`
  /// @param bias one element per output channel, or null
  /// @param mask `[batch, groups of offsets · taps, windows…]`, or null
  /// @param sliding the window
  /// @param groups the number of channel groups
  /// @param offsetGroups the number of groups of offsets
  /// @param out the result
  public static void deformed(
      Tensor x,
      Tensor w,
      Tensor offsets,
      @org.jspecify.annotations.Nullable Tensor bias,
      @org.jspecify.annotations.Nullable Tensor mask,
      Sliding sliding,
      int groups,
      int offsetGroups,
      Tensor out) {
    Shape shape = x.shape();
    int rank = shape.rank() - 2;
    int[] extents = Sliding.lead(spatial(shape), 1);
    int[] windows = Sliding.lead(spatial(out.shape()), 1);
    int[] kernel = Sliding.lead(spatial(w.shape()), 1);
    int taps = kernel[0] * kernel[1] * kernel[2];
    int points = windows[0] * windows[1] * windows[2];
    int size = extents[0] * extents[1] * extents[2];
    int channels = Math.toIntExact(shape.dim(1));
    int outChannels = Math.toIntExact(w.shape().dim(0));
    int perGroup = channels / groups;
    double[] values = x.toDoubles();
    double[] weights = w.toDoubles();
    double[] columns = new double[channels * taps];
    Taps[] along = {new Taps(), new Taps(), new Taps()};
    int[] counts = {1, 1, 1};
    along[0].find(0, 1, 1, Border.BORDER, true);
    along[1].find(0, 1, 1, Border.BORDER, true);
    for (int n = 0; n < shape.dim(0); n++) {
      for (int p = 0; p < points; p++) {
        int[] window = {p / (windows[1] * windows[2]), p / windows[2] % windows[1], p % windows[2]};
        for (int t = 0; t < offsetGroups * taps; t++) {
          int tap = t % taps;
          int[] within = {
            tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]
          };
          for (int d = 0; d < rank; d++) {
            int axis = Sliding.RANK - rank + d;
            long offset = (((long) n * offsetGroups * taps + t) * rank + d) * points + p;
            double at =
                (double) window[axis] * sliding.strides()[axis]
                    - sliding.begins()[axis]
                    + (double) within[axis] * sliding.dilations()[axis]
                    + offsets.getDouble(offset);
            along[axis].find(at, extents[axis], 2, Border.ZEROS, false);
            counts[axis] = 2;
          }
          double factor =
              mask == null ? 1 : mask.getDouble(((long) n * offsetGroups * taps + t) * points + p);
          int first = t / taps * (channels / offsetGroups);
          for (int c = first; c < first + channels / offsetGroups; c++) {
            int from = (n * channels + c) * size;
            columns[c * taps + tap] = factor * sample(values, from, extents, along, counts);
          }
        }
        for (int oc = 0; oc < outChannels; oc++) {
          int group = oc / (outChannels / groups);
          double sum = bias == null ? 0 : bias.getDouble(oc);
          for (int i = 0; i < perGroup * taps; i++) {
            sum += weights[oc * perGroup * taps + i] * columns[group * perGroup * taps + i];
          }
          out.setDouble(((long) n * outChannels + oc) * points + p, sum);
        }
      }
    }
  }
}
