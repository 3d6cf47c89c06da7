package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Quantization by the range of the elements, and products of bytes.
public final class ScalarQuantization {
  private ScalarQuantization() {}

  /// How numbers become unsigned bytes: `round(x / scale) + zero`.
  private record Parameters(float scale, int zero) {
    /// Both come from the range of the elements and 0.
    static Parameters of(Tensor x) {
      float least = 0;
      float greatest = 0;
      for (long i = 0; i < x.shape().elements(); i++) {
        least = Math.min(least, (float) x.getDouble(i));
        greatest = Math.max(greatest, (float) x.getDouble(i));
      }
      float scale = greatest == least ? 1 : (greatest - least) / 255;
      return new Parameters(scale, (int) Math.rint(Math.clamp(-least / scale, 0f, 255f)));
    }

    int quantized(double x) {
      return (int) Math.clamp(Math.rint((float) x / scale) + zero, 0, 255);
    }
  }

  /// Quantizes to unsigned bytes, as ONNX's DynamicQuantizeLinear does.
  ///
  /// @param x the numbers, f32
  /// @param y the bytes, or null
  /// @param scale the scale, or null
  /// @param zero the zero point, or null
  public static void quantize(
      Tensor x, @Nullable Tensor y, @Nullable Tensor scale, @Nullable Tensor zero) {
    Parameters parameters = Parameters.of(x);
    if (y != null) {
      for (long i = 0; i < x.shape().elements(); i++) {
        y.setLong(i, parameters.quantized(x.getDouble(i)));
      }
    }
    if (scale != null) {
      scale.setDouble(0, parameters.scale);
    }
    if (zero != null) {
      zero.setLong(0, parameters.zero);
    }
  }

  /// Looks bytes up in a table.
  ///
  /// @param x the bytes
  /// @param table 256 bytes
  /// @param y what they become
  public static void lookUp(Tensor x, Tensor table, Tensor y) {
    for (long i = 0; i < x.shape().elements(); i++) {
      y.setLong(i, table.getLong(x.getLong(i) & 0xff));
    }
  }

  /// How results become unsigned bytes: `round(y · factor) + zero`.
  ///
  /// @param factor the inverse of the scale
  /// @param zero the zero point
  public record Rounding(float factor, int zero) {
    void store(double y, Tensor out, long index) {
      out.setLong(index, (long) Math.clamp(Math.rint((float) y * factor) + zero, 0, 255));
    }
  }

  /// Computes `activation((x - zero) · w · scale + bias)`, f32 or rounded.
  ///
  /// @param x the left operand, u8; its last dimension are the rows of `w`
  /// @param w the right operand, a matrix of i8 or i16
  /// @param scale one f32 per column
  /// @param bias one f32 per column, or null
  /// @param zero the zero point of `x`
  /// @param activation what is applied last, or null
  /// @param rounding how results become bytes, or null where they are f32
  /// @param out the result
  public static void bytesMatMul(
      Tensor x,
      Tensor w,
      Tensor scale,
      @Nullable Tensor bias,
      int zero,
      @Nullable Activation activation,
      @Nullable Rounding rounding,
      Tensor out) {
    int depth = (int) w.shape().dim(0);
    int columns = (int) w.shape().dim(1);
    long rows = out.shape().elements() / Math.max(1, columns);
    long[] right = w.toLongs();
    for (long row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        long sum = 0;
        for (int i = 0; i < depth; i++) {
          sum += (x.getLong(row * depth + i) - zero) * right[i * columns + column];
        }
        finish(sum, column, scale, bias, activation, rounding, out, row * columns + column);
      }
    }
  }

  /// Computes `activation((x - zero) ∗ w · scale + bias)`, f32 or rounded.
  ///
  /// @param x the images, u8
  /// @param w the weights, i8 or i16, `[outChannels, inChannels / groups, kernel…]`
  /// @param scale one f32 per output channel
  /// @param bias one f32 per output channel, or null
  /// @param zero the zero point of `x`
  /// @param sliding the window
  /// @param groups the number of channel groups
  /// @param channelsLast whether channels are the last dimension of images and result
  /// @param activation what is applied last, or null
  /// @param rounding how results become bytes, or null where they are f32
  /// @param out the result
  public static void bytesConv(
      Tensor x,
      Tensor w,
      Tensor scale,
      @Nullable Tensor bias,
      int zero,
      Sliding sliding,
      int groups,
      boolean channelsLast,
      @Nullable Activation activation,
      @Nullable Rounding rounding,
      Tensor out) {
    Tensor centred = Tensor.allocate(DType.F64, x.shape());
    for (long i = 0; i < x.shape().elements(); i++) {
      centred.setDouble(i, (double) (x.getLong(i) - zero));
    }
    Tensor sums = Tensor.allocate(DType.F64, out.shape());
    ScalarConvolution.conv(centred, w, null, null, sliding, groups, channelsLast, null, sums);
    long channels = w.shape().dim(0);
    long inner = channelsLast ? 1 : out.shape().elements(2, out.shape().rank());
    for (long i = 0; i < out.shape().elements(); i++) {
      long channel = i / inner % channels;
      finish(sums.getLong(i), channel, scale, bias, activation, rounding, out, i);
    }
  }

  private static void finish(
      long sum,
      long column,
      Tensor scale,
      @Nullable Tensor bias,
      @Nullable Activation activation,
      @Nullable Rounding rounding,
      Tensor out,
      long index) {
    double y = sum * scale.getDouble(column);
    y += bias == null ? 0 : bias.getDouble(column);
    if (activation != null) {
      y = activation.function().apply(y, activation.alpha(), activation.beta());
    }
    if (rounding == null) {
      out.setDouble(index, y);
    } else {
      rounding.store(y, out, index);
    }
  }

  /// Computes the product with weights of a few bits in blocks, and what follows it.
  ///
  /// @param x the left operand; its last dimension are the rows of the weights
  /// @param w for each column its blocks of weights, the first of a byte in its lowest bits
  /// @param scales for each column the scales of its blocks
  /// @param zeros for each column the zero points of its blocks, packed alike; or null for half of
  ///   the range
  /// @param bias one element per column, or null
  /// @param residual one element per result, or null
  /// @param k the rows of the weights
  /// @param columns their columns
  /// @param block the rows of a block
  /// @param bits the bits of a weight: 2, 4 or 8
  /// @param bytes whether each block of a row of `x` is rounded to multiples of a 127th of its
  ///   greatest magnitude
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void blockMatMul(
      Tensor x,
      Tensor w,
      Tensor scales,
      @Nullable Tensor zeros,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
      int k,
      int columns,
      int block,
      int bits,
      boolean bytes,
      @Nullable Activation activation,
      Tensor out) {
    int blocks = (k + block - 1) / block;
    float[] weights = new float[k];
    long rows = x.shape().elements() / k;
    for (int column = 0; column < columns; column++) {
      for (int i = 0; i < k; i++) {
        weights[i] = weight(w, scales, zeros, column, i, blocks, block, bits);
      }
      for (long row = 0; row < rows; row++) {
        double sum = bias == null ? 0 : bias.getDouble(column);
        for (int first = 0; first < k; first += block) {
          int end = Math.min(k, first + block);
          float step = bytes ? step(x, row * k + first, end - first) : 0;
          for (int i = first; i < end; i++) {
            double value = x.getDouble(row * k + i);
            sum += (step == 0 ? value : Math.rint((float) value * (1 / step)) * step) * weights[i];
          }
        }
        long index = row * columns + column;
        sum += residual == null ? 0 : residual.getDouble(index);
        out.setDouble(
            index,
            activation == null
                ? sum
                : activation.function().apply(sum, activation.alpha(), activation.beta()));
      }
    }
  }

  /// {@return a 127th of the greatest magnitude of some numbers, or 0 where that has no inverse}
  private static float step(Tensor x, long from, int n) {
    double greatest = 0;
    for (long i = from; i < from + n; i++) {
      greatest = Math.max(greatest, Math.abs(x.getDouble(i)));
    }
    float step = (float) greatest / 127;
    return step < Float.MIN_NORMAL ? 0 : step;
  }

  /// {@return what weights of a few bits in blocks stand for, as an f32 matrix `[k, columns]`}
  ///
  /// @param w for each column its blocks of weights, the first of a byte in its lowest bits
  /// @param scales for each column the scales of its blocks
  /// @param zeros for each column the zero points of its blocks, packed alike; or null for half of
  ///   the range
  /// @param k the rows of the weights
  /// @param columns their columns
  /// @param block the rows of a block
  /// @param bits the bits of a weight: 2, 4 or 8
  public static Tensor blocks(
      Tensor w, Tensor scales, @Nullable Tensor zeros, int k, int columns, int block, int bits) {
    int blocks = (k + block - 1) / block;
    Tensor matrix = Tensor.allocate(DType.F32, Shape.of(k, columns));
    for (int column = 0; column < columns; column++) {
      for (int i = 0; i < k; i++) {
        matrix.setDouble(
            (long) i * columns + column,
            (double) weight(w, scales, zeros, column, i, blocks, block, bits));
      }
    }
    return matrix;
  }

  private static float weight(
      Tensor w,
      Tensor scales,
      @Nullable Tensor zeros,
      int column,
      int row,
      int blocks,
      int block,
      int bits) {
    long at = (long) column * blocks + row / block;
    int perByte = 8 / bits;
    long zeroBytes = (blocks + perByte - 1L) / perByte;
    int zero =
        zeros == null
            ? 1 << (bits - 1)
            : packed(zeros, column * zeroBytes * perByte + row / block, bits);
    return (packed(w, at * block + row % block, bits) - zero) * (float) scales.getDouble(at);
  }

  /// {@return one of the numbers of a few bits that lie in bytes, the first in the lowest bits}
  private static int packed(Tensor bytes, long index, int bits) {
    int perByte = 8 / bits;
    long shift = index % perByte * bits;
    return (int) (bytes.getLong(index / perByte) >> shift) & ((1 << bits) - 1);
  }

  /// Computes `activation(s · (q - z) · (w + shift) · scale + bias + residual)` with the bytes `q`,
  /// the scale `s` and the zero point `z` of `x`.
  ///
  /// @param x the left operand, f32; its last dimension are the rows of `w`
  /// @param w the right operand, a matrix of i8 or i16
  /// @param scale one f32 per column
  /// @param bias one f32 per column, or null
  /// @param residual one f32 per result, or null
  /// @param shift what each of `w` stands for more than itself
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void matMul(
      Tensor x,
      Tensor w,
      Tensor scale,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
      int shift,
      @Nullable Activation activation,
      Tensor out) {
    Parameters parameters = Parameters.of(x);
    int depth = (int) w.shape().dim(0);
    int columns = (int) w.shape().dim(1);
    long rows = out.shape().elements() / Math.max(1, columns);
    int[] left = new int[depth];
    long[] right = w.toLongs();
    for (long row = 0; row < rows; row++) {
      for (int i = 0; i < depth; i++) {
        left[i] = parameters.quantized(x.getDouble(row * depth + i)) - parameters.zero;
      }
      for (int column = 0; column < columns; column++) {
        long sum = 0;
        for (int i = 0; i < depth; i++) {
          sum += left[i] * (right[i * columns + column] + shift);
        }
        long at = row * columns + column;
        double y = (double) parameters.scale * scale.getDouble(column) * sum;
        y += bias == null ? 0 : bias.getDouble(column);
        y += residual == null ? 0 : residual.getDouble(at);
        if (activation != null) {
          y = activation.function().apply(y, activation.alpha(), activation.beta());
        }
        out.setDouble(at, y);
      }
    }
  }
}
