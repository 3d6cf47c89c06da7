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
    double[] values = new double[result.size()];
    double[] positions = new double[result.size()];
    int[] at = new int[Sliding.RANK];
    for (int n = 0; n < in.batch(); n++) {
      for (int c = 0; c < in.channels(); c++) {
        int base = (n * in.channels() + c) * in.size();
        for (int s = 0; s < values.length; s++) {
          double best = Double.NEGATIVE_INFINITY;
          int bestAt = -1;
          for (int tap = 0; tap < taps(sliding); tap++) {
            int offset = offset(sliding, in.spatial(), result.spatial(), s, tap, at);
            if (offset >= 0 && !(in.values()[base + offset] <= best) && !Double.isNaN(best)) {
              best = in.values()[base + offset];
              bestAt = base + (columnMajor ? columnMajor(at, in.spatial()) : offset);
            }
          }
          values[s] = best;
          positions[s] = bestAt;
        }
        if (out != null) {
          result.store(values, n, c, out, channelsLast);
        }
        if (indices != null) {
          result.store(positions, n, c, indices, channelsLast);
        }
      }
    }
  }

  private static int columnMajor(int[] at, int[] extents) {
    return at[0] + extents[0] * (at[1] + extents[1] * at[2]);
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
    int[] at = new int[Sliding.RANK];
    for (int n = 0; n < in.batch(); n++) {
      for (int c = 0; c < in.channels(); c++) {
        int base = (n * in.channels() + c) * in.size();
        for (int s = 0; s < values.length; s++) {
          double sum = 0;
          int count = 0;
          for (int tap = 0; tap < taps(sliding); tap++) {
            int offset = offset(sliding, in.spatial(), result.spatial(), s, tap, at);
            sum += offset >= 0 ? in.values()[base + offset] : 0;
            count += offset >= 0 || (countPadding && isPadding(sliding, at, in.spatial())) ? 1 : 0;
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
    int[] at = new int[Sliding.RANK];
    for (int n = 0; n < in.batch(); n++) {
      for (int c = 0; c < in.channels(); c++) {
        int base = (n * in.channels() + c) * in.size();
        for (int s = 0; s < values.length; s++) {
          double sum = 0;
          for (int tap = 0; tap < taps(sliding); tap++) {
            int offset = offset(sliding, in.spatial(), result.spatial(), s, tap, at);
            sum += offset >= 0 ? Math.pow(Math.abs(in.values()[base + offset]), (double) p) : 0;
          }
          values[s] = Math.pow(sum, 1.0 / (double) p);
        }
        result.store(values, n, c, out, channelsLast);
      }
    }
  }

  private static int taps(Sliding sliding) {
    return sliding.kernel()[0] * sliding.kernel()[1] * sliding.kernel()[2];
  }

  /// Returns the offset of a window's tap within its channel, -1 outside; leaves the position along
  /// each dimension in `at`.
  private static int offset(
      Sliding sliding, int[] extents, int[] windows, int window, int tap, int[] at) {
    int restWindow = window;
    int restTap = tap;
    boolean inside = true;
    for (int d = Sliding.RANK - 1; d >= 0; d--) {
      int w = restWindow % windows[d];
      int t = restTap % sliding.kernel()[d];
      restWindow /= windows[d];
      restTap /= sliding.kernel()[d];
      at[d] = w * sliding.strides()[d] - sliding.begins()[d] + t * sliding.dilations()[d];
      inside &= at[d] >= 0 && at[d] < extents[d];
    }
    return inside ? (at[0] * extents[1] + at[1]) * extents[2] + at[2] : -1;
  }

  /// A last window that only rounding up makes may reach beyond the padding.
  private static boolean isPadding(Sliding sliding, int[] at, int[] extents) {
    boolean within = true;
    for (int d = 0; d < Sliding.RANK; d++) {
      within &= at[d] >= -sliding.begins()[d] && at[d] < extents[d] + sliding.ends()[d];
    }
    return within;
  }
}
