package dev.jiffy.engine.kernel.scalar;

import static dev.jiffy.engine.kernel.Memory.getFloat;
import static dev.jiffy.engine.kernel.Memory.setFloat;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.GatherGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Elementwise chains, normalisation, pooling and copies in obvious loops that add in `double`:
/// what other implementations are compared with.
public final class ScalarRowKernels implements RowKernels {
  /// Creates the kernels.
  public ScalarRowKernels() {}

  @Override
  public PreparedPointwise prepare(Pointwise pointwise) {
    return new ScalarPointwise(pointwise);
  }

  @Override
  public void softmax(boolean log, long x, long y, long rows, long n) {
    for (long row = 0; row < rows; row++) {
      long from = x + 4 * row * n;
      double largest = Double.NEGATIVE_INFINITY;
      for (long i = 0; i < n; i++) {
        largest = Math.max(largest, getFloat(from + 4 * i));
      }
      double sum = 0;
      for (long i = 0; i < n; i++) {
        sum += Math.exp(getFloat(from + 4 * i) - largest);
      }
      for (long i = 0; i < n; i++) {
        double shifted = getFloat(from + 4 * i) - largest;
        double value = log ? shifted - Math.log(sum) : Math.exp(shifted) / sum;
        setFloat(y + 4 * (row * n + i), (float) value);
      }
    }
  }

  @Override
  public void layerNorm(
      long x, long residual, long scale, long bias, long y, long rows, long n, float epsilon) {
    double[] z = new double[Math.toIntExact(n)];
    for (long row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        long at = 4 * (row * n + i);
        float value = getFloat(x + at);
        z[i] = residual == 0 ? value : value + getFloat(residual + at);
        sum += z[i];
      }
      double mean = sum / (double) n;
      double squares = 0;
      for (double value : z) {
        squares += (value - mean) * (value - mean);
      }
      double deviation = Math.sqrt(squares / (double) n + epsilon);
      for (int i = 0; i < n; i++) {
        double value = (z[i] - mean) / deviation;
        value *= scale == 0 ? 1 : getFloat(scale + 4L * i);
        value += bias == 0 ? 0 : getFloat(bias + 4L * i);
        setFloat(y + 4 * (row * n + i), (float) value);
      }
    }
  }

  @Override
  public void reduce(ReduceFunction function, long x, long y, long outer, long n, long inner) {
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        double value = reduce(function, x + 4 * (o * n * inner + i), n, 4 * inner);
        setFloat(y + 4 * (o * inner + i), (float) value);
      }
    }
  }

  private static double reduce(ReduceFunction function, long x, long n, long step) {
    double shift = 0;
    if (function == ReduceFunction.LOG_SUM_EXP) {
      double largest = reduce(ReduceFunction.MAX, x, n, step);
      shift = Double.isFinite(largest) ? largest : 0;
    }
    double result =
        switch (function) {
          case MAX -> Double.NEGATIVE_INFINITY;
          case MIN -> Double.POSITIVE_INFINITY;
          case PROD -> 1;
          case SUM, MEAN, L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> 0;
        };
    for (long i = 0; i < n; i++) {
      double value = getFloat(x + i * step);
      result =
          switch (function) {
            case SUM, MEAN, LOG_SUM -> result + value;
            case MAX -> Math.max(result, value);
            case MIN -> Math.min(result, value);
            case PROD -> result * value;
            case L1 -> result + Math.abs(value);
            case L2, SUM_SQUARE -> result + value * value;
            case LOG_SUM_EXP -> result + Math.exp(value - shift);
          };
    }
    return switch (function) {
      case SUM, MAX, MIN, PROD, L1, SUM_SQUARE -> result;
      case MEAN -> result / (double) n;
      case L2 -> Math.sqrt(result);
      case LOG_SUM -> Math.log(result);
      case LOG_SUM_EXP -> Math.log(result) + shift;
    };
  }

  @Override
  public void pool(PoolGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    for (int row = rowFrom; row < rowTo; row++) {
      for (int column = 0; column < geometry.outWidth(); column++) {
        for (int channel = 0; channel < geometry.channels(); channel++) {
          long at = ((long) row * geometry.outWidth() + column) * geometry.channels() + channel;
          setFloat(y + 4 * at, (float) window(geometry, x, row, column, channel));
        }
      }
    }
  }

  private static double window(PoolGeometry g, long x, int row, int column, int channel) {
    int image = row / g.outHeight();
    int top = row % g.outHeight() * g.strideHeight() - g.padTop();
    int left = column * g.strideWidth() - g.padLeft();
    double largest = Double.NEGATIVE_INFINITY;
    double sum = 0;
    int count = 0;
    for (int kh = 0; kh < g.kernelHeight(); kh++) {
      for (int kw = 0; kw < g.kernelWidth(); kw++) {
        int h = top + kh * g.dilationHeight();
        int w = left + kw * g.dilationWidth();
        if (h >= 0 && h < g.inHeight() && w >= 0 && w < g.inWidth()) {
          long pixel = ((long) image * g.inHeight() + h) * g.inWidth() + w;
          double value = getFloat(x + 4 * (pixel * g.channels() + channel));
          largest = Math.max(largest, value);
          sum += value;
          count++;
        } else if (g.countPadding()
            && h < g.inHeight() + g.padBottom()
            && w < g.inWidth() + g.padRight()) {
          count++;
        }
      }
    }
    return g.max() ? largest : sum / count;
  }

  @Override
  public void resize(ResizeGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    int channels = geometry.channels();
    int height = geometry.rowLow().length;
    int width = geometry.columnLow().length;
    for (int row = rowFrom; row < rowTo; row++) {
      long image = x + 4L * (row / height) * geometry.inHeight() * geometry.inWidth() * channels;
      int r = row % height;
      for (int c = 0; c < width; c++) {
        for (int channel = 0; channel < channels; channel++) {
          double low = across(geometry, image, geometry.rowLow()[r], c, channel);
          double high = across(geometry, image, geometry.rowHigh()[r], c, channel);
          double value = mix(low, high, geometry.rowWeights()[r]);
          setFloat(y + 4 * (((long) row * width + c) * channels + channel), (float) value);
        }
      }
    }
  }

  private static double across(ResizeGeometry g, long image, int row, int column, int channel) {
    long line = image + 4 * ((long) row * g.inWidth() * g.channels() + channel);
    double low = getFloat(line + 4L * g.columnLow()[column] * g.channels());
    double high = getFloat(line + 4L * g.columnHigh()[column] * g.channels());
    return mix(low, high, g.columnWeights()[column]);
  }

  private static double mix(double low, double high, float weight) {
    return (1 - weight) * low + weight * high;
  }

  @Override
  public void copy(StridedCopy copy, long x, long y) {
    copy(copy, 0, x, y);
  }

  private static void copy(StridedCopy copy, int dimension, long x, long y) {
    if (dimension == copy.dims().length) {
      Memory.copy(x, y, copy.elementBytes());
      return;
    }
    for (long i = 0; i < copy.dims()[dimension]; i++) {
      copy(
          copy,
          dimension + 1,
          x + i * copy.sourceStrides()[dimension],
          y + i * copy.targetStrides()[dimension]);
    }
  }

  @Override
  public void gather(GatherGeometry g, long x, long indices, long y) {
    long rows = g.count() * g.inner();
    for (long i = 0; i < g.outer() * rows; i++) {
      long position = g.shared() ? i % rows : i;
      long index = TypedMemory.getLong(g.indexType(), indices + position * g.indexType().bytes());
      long row = i / rows * g.extent() + Movement.checkIndex(index, position, g.extent());
      long slice = row * g.inner() + i % g.inner();
      Memory.copy(x + slice * g.sliceBytes(), y + i * g.sliceBytes(), g.sliceBytes());
    }
  }

  @Override
  public void combine(Combination c, long x, long y, long out, long scratch) {
    long elements = c.elements();
    for (long i = 0; i < elements; i++) {
      long a = x + element(c.dims(), c.xStrides(), i) * c.in().bytes();
      long b = y + element(c.dims(), c.yStrides(), i) * c.in().bytes();
      long to = out + i * c.out().bytes();
      if (c.in().isFloat()) {
        double left = TypedMemory.getDouble(c.in(), a);
        double right = TypedMemory.getDouble(c.in(), b);
        TypedMemory.setDouble(c.out(), to, c.function().apply(left, right));
      } else {
        long left = TypedMemory.getLong(c.in(), a);
        long right = TypedMemory.getLong(c.in(), b);
        TypedMemory.setLong(c.out(), to, c.function().apply(left, right));
      }
    }
  }

  /// {@return where an element of a broadcast argument lies, in elements}
  private static long element(List<Long> dims, List<Long> strides, long index) {
    long element = 0;
    long rest = index;
    for (int i = dims.size() - 1; i >= 0; i--) {
      element += rest % dims.get(i) * strides.get(i);
      rest /= dims.get(i);
    }
    return element;
  }

  @Override
  public void oneHot(
      long indices,
      DType indexType,
      long outer,
      long depth,
      long inner,
      long values,
      int valueBytes,
      long y) {
    long at = y;
    for (long o = 0; o < outer; o++) {
      for (long d = 0; d < depth; d++) {
        for (long i = 0; i < inner; i++, at += valueBytes) {
          long index =
              TypedMemory.getLong(indexType, indices + (o * inner + i) * indexType.bytes());
          boolean on = (index < 0 ? index + depth : index) == d;
          Memory.copy(on ? values + valueBytes : values, at, valueBytes);
        }
      }
    }
  }

  @Override
  public void oneHotDot(
      long x, int outer, int depth, long indices, DType indexType, int count, long y) {
    for (long i = 0; i < (long) outer * count; i++) {
      long index = TypedMemory.getLong(indexType, indices + i * indexType.bytes());
      float sum = 0;
      for (int d = 0; d < depth; d++) {
        boolean on = (index < 0 ? index + depth : index) == d;
        sum += getFloat(x + 4 * (i / count * depth + d)) * (on ? 1 : 0);
      }
      setFloat(y + 4 * i, sum);
    }
  }

  @Override
  public void cast(DType from, DType to, long x, long y, long n) {
    TypedMemory.cast(from, to, x, y, n);
  }

  @Override
  public void fill(float value, long y, long n) {
    for (long i = 0; i < n; i++) {
      setFloat(y + 4 * i, value);
    }
  }
}
