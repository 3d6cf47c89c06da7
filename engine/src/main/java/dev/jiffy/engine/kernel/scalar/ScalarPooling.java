package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Pooling over one to three spatial dimensions.
public final class ScalarPooling {
  private ScalarPooling() {}

  /// Finds the largest element of each window.
  ///
  /// @param x the images
  /// @param sliding the window
  /// @param channelsLast whether channels are the last dimension of images and results
  /// @param columnMajor whether indices count the spatial dimensions column-major
  /// @param out the elements, or null
  /// @param indices their positions in the whole input with channels first, or null
  public static void max(
      Tensor x,
      Sliding sliding,
      boolean channelsLast,
      boolean columnMajor,
      @Nullable Tensor out,
      @Nullable Tensor indices) {
    Tensor shaped = out == null ? indices : out;
    if (shaped == null) {
      return;
    }
    Image in = Image.of(x, channelsLast);
    Image result = Image.like(shaped, channelsLast);
    int[][] taps = taps(sliding);
    int[] start = new int[Sliding.RANK];
    int[] offsets = new int[taps.length];
    int[] places = new int[taps.length];
    for (int s = 0; s < result.size(); s++) {
      start(sliding, result.spatial(), s, start);
      int count = 0;
      for (int[] tap : taps) {
        int offset = offset(start, tap, in.spatial());
        if (offset >= 0) {
          offsets[count] = offset;
          places[count++] = columnMajor ? columnMajor(start, tap, in.spatial()) : offset;
        }
      }
      for (int plane = 0; plane < in.batch() * in.channels(); plane++) {
        int base = plane * in.size();
        double best = Double.NEGATIVE_INFINITY;
        int bestAt = -1;
        for (int k = 0; k < count && !Double.isNaN(best); k++) {
          double value = in.values()[base + offsets[k]];
          boolean isBetter = !(value <= best); // as likely as not
          best = isBetter ? value : best;
          bestAt = isBetter ? base + places[k] : bestAt;
        }
        long at = result.index(plane, s, channelsLast);
        if (out != null) {
          out.setDouble(at, best);
        }
        if (indices != null) {
          indices.setLong(at, bestAt);
        }
      }
    }
  }

  private static int columnMajor(int[] start, int[] tap, int[] extents) {
    int column = start[2] + tap[2];
    return start[0] + tap[0] + extents[0] * (start[1] + tap[1] + extents[1] * column);
  }

  /// Computes the mean of each window.
  ///
  /// @param x the images
  /// @param sliding the window
  /// @param countPadding whether padding counts as zeros
  /// @param channelsLast whether channels are the last dimension of images and result
  /// @param out the result
  public static void average(
      Tensor x, Sliding sliding, boolean countPadding, boolean channelsLast, Tensor out) {
    Image in = Image.of(x, channelsLast);
    Image result = Image.like(out, channelsLast);
    double[] values = new double[result.size()];
    int[][] taps = taps(sliding);
    int[] start = new int[Sliding.RANK];
    for (int n = 0; n < in.batch(); n++) {
      for (int c = 0; c < in.channels(); c++) {
        int base = (n * in.channels() + c) * in.size();
        for (int s = 0; s < values.length; s++) {
          start(sliding, result.spatial(), s, start);
          double sum = 0;
          int count = 0;
          for (int[] tap : taps) {
            int offset = offset(start, tap, in.spatial());
            sum += offset >= 0 ? in.values()[base + offset] : 0;
            count +=
                offset >= 0 || (countPadding && isPadding(sliding, start, tap, in.spatial()))
                    ? 1
                    : 0;
          }
          values[s] = sum / count;
        }
        result.store(values, n, c, out, channelsLast);
      }
    }
  }

  /// Computes the p-norm of each window.
  ///
  /// @param x the images
  /// @param sliding the window
  /// @param p the exponent
  /// @param channelsLast whether channels are the last dimension of images and result
  /// @param out the result
  public static void norm(Tensor x, Sliding sliding, long p, boolean channelsLast, Tensor out) {
    Image in = Image.of(x, channelsLast);
    Image result = Image.like(out, channelsLast);
    double[] values = new double[result.size()];
    int[][] taps = taps(sliding);
    int[] start = new int[Sliding.RANK];
    for (int n = 0; n < in.batch(); n++) {
      for (int c = 0; c < in.channels(); c++) {
        int base = (n * in.channels() + c) * in.size();
        for (int s = 0; s < values.length; s++) {
          start(sliding, result.spatial(), s, start);
          double sum = 0;
          for (int[] tap : taps) {
            int offset = offset(start, tap, in.spatial());
            sum += offset >= 0 ? Math.pow(Math.abs(in.values()[base + offset]), (double) p) : 0;
          }
          values[s] = Math.pow(sum, 1.0 / (double) p);
        }
        result.store(values, n, c, out, channelsLast);
      }
    }
  }

  /// {@return for each tap of a window how far it lies from the first along each dimension}
  private static int[][] taps(Sliding sliding) {
    int[] kernel = sliding.kernel();
    int[][] taps = new int[kernel[0] * kernel[1] * kernel[2]][Sliding.RANK];
    for (int tap = 0; tap < taps.length; tap++) {
      int rest = tap;
      for (int d = Sliding.RANK - 1; d >= 0; d--) {
        taps[tap][d] = rest % kernel[d] * sliding.dilations()[d];
        rest /= kernel[d];
      }
    }
    return taps;
  }

  /// Finds where the first tap of a window lies along each dimension.
  private static void start(Sliding sliding, int[] windows, int window, int[] start) {
    int rest = window;
    for (int d = Sliding.RANK - 1; d >= 0; d--) {
      start[d] = rest % windows[d] * sliding.strides()[d] - sliding.begins()[d];
      rest /= windows[d];
    }
  }

  /// {@return the offset of a tap within its channel, -1 outside}
  private static int offset(int[] start, int[] tap, int[] extents) {
    int plane = start[0] + tap[0];
    int row = start[1] + tap[1];
    int column = start[2] + tap[2];
    boolean inside =
        plane >= 0
            && plane < extents[0]
            && row >= 0
            && row < extents[1]
            && column >= 0
            && column < extents[2];
    return inside ? (plane * extents[1] + row) * extents[2] + column : -1;
  }

  /// A last window that only rounding up makes may reach beyond the padding.
  private static boolean isPadding(Sliding sliding, int[] start, int[] tap, int[] extents) {
    boolean within = true;
    for (int d = 0; d < Sliding.RANK; d++) {
      int at = start[d] + tap[d];
      within &= at >= -sliding.begins()[d] && at < extents[d] + sliding.ends()[d];
    }
    return within;
  }
}
