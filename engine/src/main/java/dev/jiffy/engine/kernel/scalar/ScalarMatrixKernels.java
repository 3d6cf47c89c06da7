package dev.jiffy.engine.kernel.scalar;

import static dev.jiffy.engine.kernel.Memory.getFloat;
import static dev.jiffy.engine.kernel.Memory.setFloat;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import org.jspecify.annotations.Nullable;

/// Products, convolutions and attention in obvious loops that add in `double`: what other
/// implementations are compared with.
///
/// Packed matrices are copies, row by row, and packed weights are copies as they are.
public final class ScalarMatrixKernels implements MatrixKernels {
  private static final int PANEL_COLUMNS = 8;

  /// Creates the kernels.
  public ScalarMatrixKernels() {}

  @Override
  public int panelColumns() {
    return PANEL_COLUMNS;
  }

  @Override
  public long packedBytes(int k, int n) {
    return wholeLines(Math.multiplyExact((long) k, (long) n));
  }

  @Override
  public void pack(
      long b, long rowStride, long columnStride, int k, int n, int from, int to, long packed) {
    for (int row = 0; row < k; row++) {
      for (int column = from; column < to; column++) {
        float value = getFloat(b + 4 * (row * rowStride + (column - from) * columnStride));
        setFloat(packed + 4 * ((long) row * n + column), value);
      }
    }
  }

  @Override
  public void multiply(
      Product product,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo) {
    int n = product.n();
    int columnTo = Math.min(n, panelTo * PANEL_COLUMNS);
    for (int row = rowFrom; row < rowTo; row++) {
      for (int column = panelFrom * PANEL_COLUMNS; column < columnTo; column++) {
        double sum = sum(product, a + 4L * row * product.aStride(), packed + 4L * column, n);
        if (bias != 0) {
          sum += getFloat(bias + 4L * column);
        }
        if (residual != 0) {
          sum += getFloat(residual + 4 * (row * product.residualStride() + column));
        }
        long at = c + 4 * (row * product.cStride() + column);
        setFloat(at, activate(product.activation(), sum));
      }
    }
  }

  @Override
  public void multiplyRow(
      Product product, long a, long b, long rowStride, long columnStride, long bias, long c) {
    for (int column = 0; column < product.n(); column++) {
      double sum = sum(product, a, b + 4L * column * columnStride, rowStride);
      if (bias != 0) {
        sum += getFloat(bias + 4L * column);
      }
      setFloat(c + 4L * column, activate(product.activation(), sum));
    }
  }

  /// A row times a column, and the factor.
  private static double sum(Product product, long row, long column, long stride) {
    double sum = 0;
    for (int i = 0; i < product.k(); i++) {
      sum += (double) getFloat(row + 4L * i) * getFloat(column + 4L * i * stride);
    }
    return sum * product.alpha();
  }

  @Override
  public @Nullable ProductKernels doubles() {
    return null;
  }

  @Override
  public @Nullable NarrowKernels narrow() {
    return null;
  }

  @Override
  public boolean transformsWeights(ConvGeometry geometry) {
    return false;
  }

  @Override
  public long convPackedBytes(ConvGeometry geometry) {
    return wholeLines(weights(geometry));
  }

  @Override
  public void packConv(ConvGeometry geometry, long weights, long packed) {
    Memory.copy(weights, packed, 4 * weights(geometry));
  }

  @Override
  public long convScratchBytes(ConvGeometry geometry) {
    return 0;
  }

  @Override
  public void convolve(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    int channels = geometry.outChannels();
    for (int row = rowFrom; row < rowTo; row++) {
      for (int column = 0; column < geometry.outWidth(); column++) {
        for (int channel = 0; channel < channels; channel++) {
          long at = 4 * (((long) row * geometry.outWidth() + column) * channels + channel);
          double sum = window(geometry, x, packed, row, column, channel);
          if (bias != 0) {
            sum += getFloat(bias + 4L * channel);
          }
          if (residual != 0) {
            sum += getFloat(residual + at);
          }
          setFloat(y + at, activate(geometry.activation(), sum));
        }
      }
    }
  }

  private static double window(
      ConvGeometry g, long x, long weights, int row, int column, int channel) {
    int in = g.inChannels() / g.groups();
    int first = channel / (g.outChannels() / g.groups()) * in;
    int image = row / g.outHeight();
    double sum = 0;
    for (int ky = 0; ky < g.kernelHeight(); ky++) {
      int iy = row % g.outHeight() * g.strideHeight() - g.padTop() + ky * g.dilationHeight();
      for (int kx = 0; kx < g.kernelWidth(); kx++) {
        int ix = column * g.strideWidth() - g.padLeft() + kx * g.dilationWidth();
        if (iy < 0 || iy >= g.inHeight() || ix < 0 || ix >= g.inWidth()) {
          continue;
        }
        long pixel = ((long) image * g.inHeight() + iy) * g.inWidth() + ix;
        for (int i = 0; i < in; i++) {
          float value = getFloat(x + 4 * (pixel * g.inChannels() + first + i));
          long tap = (((long) channel * in + i) * g.kernelHeight() + ky) * g.kernelWidth() + kx;
          sum += (double) value * getFloat(weights + 4 * tap);
        }
      }
    }
    return sum;
  }

  @Override
  public long convTransposePackedBytes(ConvGeometry geometry) {
    return wholeLines(weights(geometry));
  }

  @Override
  public void packConvTranspose(ConvGeometry geometry, long weights, long packed) {
    Memory.copy(weights, packed, 4 * weights(geometry));
  }

  @Override
  public long convTransposeScratchBytes(ConvGeometry geometry) {
    return 0;
  }

  @Override
  public void convolveTransposed(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    int channels = geometry.outChannels();
    for (int row = rowFrom; row < rowTo; row++) {
      for (int column = 0; column < geometry.outWidth(); column++) {
        for (int channel = 0; channel < channels; channel++) {
          long at = 4 * (((long) row * geometry.outWidth() + column) * channels + channel);
          double sum = source(geometry, x, packed, row, column, channel);
          if (bias != 0) {
            sum += getFloat(bias + 4L * channel);
          }
          setFloat(y + at, activate(geometry.activation(), sum));
        }
      }
    }
  }

  private static double source(
      ConvGeometry g, long x, long weights, int row, int column, int channel) {
    int in = g.inChannels() / g.groups();
    int out = g.outChannels() / g.groups();
    int first = channel / out * in;
    int image = row / g.outHeight();
    double sum = 0;
    for (int ky = 0; ky < g.kernelHeight(); ky++) {
      int scaledY = row % g.outHeight() + g.padTop() - ky * g.dilationHeight();
      int iy = scaledY / g.strideHeight();
      if (scaledY < 0 || scaledY % g.strideHeight() != 0 || iy >= g.inHeight()) {
        continue;
      }
      for (int kx = 0; kx < g.kernelWidth(); kx++) {
        int scaledX = column + g.padLeft() - kx * g.dilationWidth();
        int ix = scaledX / g.strideWidth();
        if (scaledX < 0 || scaledX % g.strideWidth() != 0 || ix >= g.inWidth()) {
          continue;
        }
        long pixel = ((long) image * g.inHeight() + iy) * g.inWidth() + ix;
        for (int i = first; i < first + in; i++) {
          long tap =
              (((long) i * out + channel % out) * g.kernelHeight() + ky) * g.kernelWidth() + kx;
          float value = getFloat(x + 4 * (pixel * g.inChannels() + i));
          sum += (double) value * getFloat(weights + 4 * tap);
        }
      }
    }
    return sum;
  }

  @Override
  public long attentionScratchBytes(AttentionGeometry geometry) {
    return 8L * geometry.keys();
  }

  @Override
  public void attend(
      AttentionGeometry geometry,
      int seen,
      long q,
      long k,
      long v,
      long mask,
      long out,
      long scratch) {
    for (int query = 0; query < geometry.queries(); query++) {
      long row = q + 4L * query * geometry.queryStride();
      long maskRow = mask == 0 ? 0 : mask + 4L * query * geometry.maskStride();
      int first = geometry.from(seen, query);
      double[] weights = new double[geometry.to(seen, query) - first];
      long keys = k + 4 * (first * geometry.keyStride());
      softmax(geometry, row, keys, maskRow == 0 ? 0 : maskRow + 4L * first, weights);
      for (int i = 0; i < geometry.headSize(); i++) {
        double sum = 0;
        for (int key = 0; key < weights.length; key++) {
          sum += weights[key] * getFloat(v + 4 * ((first + key) * geometry.valueStride() + i));
        }
        setFloat(out + 4 * (query * geometry.outStride() + i), (float) sum);
      }
    }
  }

  private static void softmax(
      AttentionGeometry g, long query, long keys, long mask, double[] weights) {
    double max = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < weights.length; key++) {
      double score = 0;
      for (int i = 0; i < g.headSize(); i++) {
        float left = getFloat(query + 4L * i);
        score += (double) left * getFloat(keys + 4 * (key * g.keyStride() + i));
      }
      double scaled = g.scale() * score;
      double capped = g.cap() == 0 ? scaled : g.cap() * Math.tanh(scaled / g.cap());
      weights[key] = capped + (mask == 0 ? 0 : getFloat(mask + 4L * key));
      max = Math.max(max, weights[key]);
    }
    double sum = 0;
    for (int key = 0; key < weights.length; key++) {
      weights[key] = Math.exp(weights[key] - max);
      sum += weights[key];
    }
    for (int key = 0; key < weights.length; key++) {
      weights[key] /= sum;
    }
  }

  private static float activate(@Nullable Activation activation, double x) {
    if (activation == null) {
      return (float) x;
    }
    return (float) activation.function().apply(x, activation.alpha(), activation.beta());
  }

  /// The number of weights; the same product for both kinds of convolutions.
  private static long weights(ConvGeometry g) {
    long channels = Math.multiplyExact((long) g.inChannels(), g.outChannels() / g.groups());
    return Math.multiplyExact(channels, (long) g.kernelHeight() * g.kernelWidth());
  }

  /// The bytes of some elements, rounded up to whole cache lines.
  private static long wholeLines(long elements) {
    return Math.addExact(Math.multiplyExact(elements, 4), 63) & -64;
  }
}
