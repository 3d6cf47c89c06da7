package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Convolutions over one to three spatial dimensions.
public final class ScalarConvolution {
  private ScalarConvolution() {}

  /// Computes `activation(x ∗ w + bias + residual)`.
  ///
  /// @param x the images
  /// @param w the weights, `[outChannels, inChannels / groups, kernel…]`
  /// @param bias one element per output channel, or null
  /// @param residual one element per result, or null
  /// @param sliding the window
  /// @param groups the number of channel groups
  /// @param channelsLast whether channels are the last dimension of images, residual and result
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void conv(
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
      Sliding sliding,
      int groups,
      boolean channelsLast,
      @Nullable Activation activation,
      Tensor out) {
    convolve(x, w, bias, residual, sliding, groups, false, channelsLast, activation, out);
  }

  private static void convolve(
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
      Sliding sliding,
      int groups,
      boolean transposed,
      boolean channelsLast,
      @Nullable Activation activation,
      Tensor out) {
    Image in = Image.of(x, channelsLast);
    Image result = Image.like(out, channelsLast);
    Image added = residual == null ? null : Image.of(residual, channelsLast);
    double[] weights = w.toDoubles();
    int[] kernel = Image.window(w.shape());
    int taps = kernel[0] * kernel[1] * kernel[2];
    int inChannels = in.channels() / groups;
    int outChannels = result.channels() / groups;
    double[] sums = new double[result.size()];
    for (int n = 0; n < in.batch(); n++) {
      for (int oc = 0; oc < result.channels(); oc++) {
        Arrays.fill(sums, bias == null ? 0 : bias.getDouble(oc));
        for (int ic = 0; ic < inChannels; ic++) {
          int channel = oc / outChannels * inChannels + ic;
          int source = (n * in.channels() + channel) * in.size();
          int filter = transposed ? channel * outChannels + oc % outChannels : oc * inChannels + ic;
          int[] windows = result.spatial();
          accumulate(
              in, source, weights, filter * taps, kernel, sliding, windows, transposed, sums);
        }
        int base = (n * result.channels() + oc) * sums.length;
        for (int s = 0; s < sums.length; s++) {
          double value = added == null ? sums[s] : sums[s] + added.values()[base + s];
          sums[s] = ScalarLinear.activated(value, activation);
        }
        result.store(sums, n, oc, out, channelsLast);
      }
    }
  }

  /// Adds one input channel's part of one output channel: windows lie in the input, or of a
  /// transposed convolution in the result.
  private static void accumulate(
      Image in,
      int source,
      double[] weights,
      int weight,
      int[] kernel,
      Sliding sliding,
      int[] result,
      boolean transposed,
      double[] sums) {
    int[] extents = transposed ? result : in.spatial();
    int[] windows = transposed ? in.spatial() : result;
    int stride = sliding.strides()[2];
    for (int tap = 0; tap < kernel[0] * kernel[1] * kernel[2]; tap++) {
      int kw = tap % kernel[2];
      int kh = tap / kernel[2] % kernel[1];
      int kd = tap / (kernel[2] * kernel[1]);
      double factor = weights[weight + tap];
      int w0 = sliding.firstInside(2, kw);
      int w1 = sliding.endInside(2, kw, extents[2], windows[2]);
      int h1 = sliding.endInside(1, kh, extents[1], windows[1]);
      int d1 = sliding.endInside(0, kd, extents[0], windows[0]);
      for (int d = sliding.firstInside(0, kd); d < d1; d++) {
        int depth = at(sliding, 0, d, kd);
        for (int h = sliding.firstInside(1, kh); h < h1; h++) {
          int row = at(sliding, 1, h, kh);
          int inside = (depth * extents[1] + row) * extents[2] + at(sliding, 2, 0, kw);
          int window = (d * windows[1] + h) * windows[2];
          if (transposed) {
            axpy(factor, in.values(), source + window, 1, sums, inside, stride, w0, w1);
          } else {
            axpy(factor, in.values(), source + inside, stride, sums, window, 1, w0, w1);
          }
        }
      }
    }
  }

  private static int at(Sliding sliding, int axis, int window, int tap) {
    return window * sliding.strides()[axis]
        - sliding.begins()[axis]
        + tap * sliding.dilations()[axis];
  }

  private static void axpy(
      double factor,
      double[] x,
      int from,
      int step,
      double[] sums,
      int to,
      int sumStep,
      int w0,
      int w1) {
    if (step == 1 && sumStep == 1) {
      for (int w = w0; w < w1; w++) {
        sums[to + w] += factor * x[from + w];
      }
    } else {
      for (int w = w0; w < w1; w++) {
        sums[to + w * sumStep] += factor * x[from + w * step];
      }
    }
  }

  /// Computes a transposed convolution: `activation(xᵀ-conv(w) + bias)`.
  ///
  /// @param x the images
  /// @param w the weights, `[inChannels, outChannels / groups, kernel…]`
  /// @param bias one element per output channel, or null
  /// @param sliding the window of the convolution whose gradient this is
  /// @param groups the number of channel groups
  /// @param channelsLast whether channels are the last dimension of images and result
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void convTranspose(
      Tensor x,
      Tensor w,
      @Nullable Tensor bias,
      Sliding sliding,
      int groups,
      boolean channelsLast,
      @Nullable Activation activation,
      Tensor out) {
    convolve(x, w, bias, null, sliding, groups, true, channelsLast, activation, out);
  }
}
