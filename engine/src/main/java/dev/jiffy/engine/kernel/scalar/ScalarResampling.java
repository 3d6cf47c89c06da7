package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Tensor;

/// Resampling by weighted neighbours, one dimension after the other.
public final class ScalarResampling {
  /// What mixtures of small whole numbers may be off: integers are what is left of a mixture
  /// without its fraction, and so much below a whole number counts as it.
  public static final double SLACK = 0x1p-14;

  private ScalarResampling() {}

  /// What one dimension of a result is made of.
  ///
  /// @param indices for each index of the result the indices of the argument
  /// @param weights for each of them its weight; no weights at all stand for a position outside,
  ///   which takes a given value
  @SuppressWarnings("ArrayRecordComponent")
  public record Taps(int[][] indices, double[][] weights) {
    /// {@return whether every index is made of itself}
    ///
    /// @param extent the argument's extent
    public boolean isIdentity(int extent) {
      if (indices.length != extent) {
        return false;
      }
      for (int i = 0; i < extent; i++) {
        if (indices[i].length != 1 || indices[i][0] != i || weights[i][0] != 1) {
          return false;
        }
      }
      return true;
    }
  }

  /// Resamples all dimensions.
  ///
  /// @param x the argument
  /// @param taps what each dimension of the result is made of
  /// @param outside the value of positions outside
  /// @param out the result
  public static void resample(Tensor x, Taps[] taps, double outside, Tensor out) {
    double[] values = x.toDoubles();
    int[] extents = Elements.extents(x.shape());
    for (int axis = 0; axis < taps.length; axis++) {
      if (!taps[axis].isIdentity(extents[axis])) {
        values = resample(values, extents, axis, taps[axis], outside);
        extents[axis] = taps[axis].indices.length;
      }
    }
    if (out.dtype().isInteger()) {
      for (int i = 0; i < values.length; i++) {
        values[i] += Math.copySign(SLACK, values[i]);
      }
    }
    Elements.store(values, out);
  }

  private static double[] resample(double[] x, int[] extents, int axis, Taps taps, double outside) {
    int outer = 1;
    int inner = 1;
    for (int d = 0; d < extents.length; d++) {
      outer *= d < axis ? extents[d] : 1;
      inner *= d > axis ? extents[d] : 1;
    }
    int count = taps.indices.length;
    double[] values = new double[Math.multiplyExact(outer * inner, count)];
    for (int o = 0; o < outer; o++) {
      for (int k = 0; k < count; k++) {
        int[] indices = taps.indices[k];
        double[] weights = taps.weights[k];
        int target = (o * count + k) * inner;
        for (int i = 0; i < inner; i++) {
          double sum = weights.length == 0 ? outside : 0;
          for (int t = 0; t < weights.length; t++) {
            sum += weights[t] * x[(o * extents[axis] + indices[t]) * inner + i];
          }
          values[target + i] = sum;
        }
      }
    }
    return values;
  }
}
