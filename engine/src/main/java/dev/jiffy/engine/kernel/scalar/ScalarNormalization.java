package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Elements scaled by statistics.
public final class ScalarNormalization {
  private ScalarNormalization() {}

  /// Computes `(x - mean) / √(variance + epsilon) · scale + bias` for each channel.
  ///
  /// @param x the images, or a matrix of one row per image
  /// @param scale one element per channel
  /// @param bias one element per channel
  /// @param mean one element per channel
  /// @param variance one element per channel
  /// @param epsilon added to the variance
  /// @param channelsLast whether channels are the last dimension
  /// @param out the result, of the argument's shape
  public static void batchNorm(
      Tensor x,
      Tensor scale,
      Tensor bias,
      Tensor mean,
      Tensor variance,
      double epsilon,
      boolean channelsLast,
      Tensor out) {
    Shape shape = x.shape();
    int axis = channelsLast ? shape.rank() - 1 : Math.min(1, shape.rank() - 1);
    long inner = shape.elements(axis + 1, shape.rank());
    for (long i = 0; i < shape.elements(); i++) {
      long c = i / inner % shape.dim(axis);
      double deviation = Math.sqrt(variance.getDouble(c) + epsilon);
      double normal = (x.getDouble(i) - mean.getDouble(c)) / deviation;
      out.setDouble(i, normal * scale.getDouble(c) + bias.getDouble(c));
    }
  }

  /// Computes `(x - mean) / √(variance + epsilon) · scale + bias` over the trailing dimensions.
  ///
  /// @param x the argument
  /// @param residual what is added to the argument first, of its shape, or null
  /// @param scale broadcast to the trailing dimensions, or null
  /// @param bias broadcast to the trailing dimensions, or null
  /// @param axis the first of the trailing dimensions
  /// @param epsilon added to the variance
  /// @param out the result, or null
  /// @param means the means, or null
  /// @param inverseDeviations the reciprocals of the standard deviations, or null
  public static void layerNorm(
      Tensor x,
      @Nullable Tensor residual,
      @Nullable Tensor scale,
      @Nullable Tensor bias,
      int axis,
      double epsilon,
      @Nullable Tensor out,
      @Nullable Tensor means,
      @Nullable Tensor inverseDeviations) {
    long[] dims = x.shape().dims();
    Shape trailing = Shape.of(Arrays.copyOfRange(dims, axis, dims.length));
    int inner = Math.toIntExact(trailing.elements());
    double[] values = x.toDoubles();
    for (int i = 0; i < values.length && residual != null; i++) {
      values[i] += residual.getDouble(i);
    }
    double[] scales = scale == null ? null : Elements.broadcast(scale, trailing);
    double[] biases = bias == null ? null : Elements.broadcast(bias, trailing);
    for (int row = 0; inner > 0 && row < values.length / inner; row++) {
      int base = row * inner;
      double mean = mean(values, base, inner);
      double inverse = 1 / Math.sqrt(variance(values, base, inner, mean) + epsilon);
      for (int i = 0; i < inner && out != null; i++) {
        double normal = (values[base + i] - mean) * inverse;
        double scaled = scales == null ? normal : normal * scales[i];
        out.setDouble(base + i, biases == null ? scaled : scaled + biases[i]);
      }
      if (means != null) {
        means.setDouble(row, mean);
      }
      if (inverseDeviations != null) {
        inverseDeviations.setDouble(row, inverse);
      }
    }
  }

  private static double mean(double[] values, int base, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values[base + i];
    }
    return sum / count;
  }

  private static double variance(double[] values, int base, int count, double mean) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      double distance = values[base + i] - mean;
      sum += distance * distance;
    }
    return sum / count;
  }

  /// Normalises each channel of each image.
  ///
  /// @param x the images, channels first
  /// @param scale one element per channel
  /// @param bias one element per channel
  /// @param epsilon added to the variance
  /// @param out the result, of the argument's shape
  public static void instanceNorm(Tensor x, Tensor scale, Tensor bias, double epsilon, Tensor out) {
    Shape shape = x.shape();
    int inner = Elements.count(shape, 2, shape.rank());
    int channels = Math.toIntExact(shape.dim(1));
    double[] values = x.toDoubles();
    for (int row = 0; inner > 0 && row < values.length / inner; row++) {
      int base = row * inner;
      int c = row % channels;
      double mean = mean(values, base, inner);
      double inverse = 1 / Math.sqrt(variance(values, base, inner, mean) + epsilon);
      for (int i = 0; i < inner; i++) {
        double normal = (values[base + i] - mean) * inverse;
        out.setDouble(base + i, normal * scale.getDouble(c) + bias.getDouble(c));
      }
    }
  }

  /// Computes `x / (bias + alpha / size · Σ x²)^beta`, the sum over neighbouring channels.
  ///
  /// @param x the images, channels first
  /// @param alpha the scaling factor
  /// @param beta the exponent
  /// @param bias the constant under the exponent
  /// @param size the number of channels summed
  /// @param out the result, of the argument's shape
  public static void localResponse(
      Tensor x, double alpha, double beta, double bias, long size, Tensor out) {
    Shape shape = x.shape();
    long channels = shape.dim(1);
    long inner = shape.elements(2, shape.rank());
    long before = (size - 1) / 2;
    long after = size - 1 - before;
    for (long i = 0; i < shape.elements(); i++) {
      long c = i / inner % channels;
      double sum = 0;
      for (long k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++) {
        double value = x.getDouble(i + (k - c) * inner);
        sum += value * value;
      }
      double divisor = Math.pow(bias + alpha / (double) size * sum, beta);
      out.setDouble(i, x.getDouble(i) / divisor);
    }
  }
}
