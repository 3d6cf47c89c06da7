package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Activation;
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

  /// Computes `activation(s · (q - z) · w · scale + bias + residual)` with the bytes `q`, the scale
  /// `s` and the zero point `z` of `x`.
  ///
  /// @param x the left operand, f32; its last dimension are the rows of `w`
  /// @param w the right operand, an i8 matrix
  /// @param scale one f32 per column
  /// @param bias one f32 per column, or null
  /// @param residual one f32 per result, or null
  /// @param activation what is applied last, or null
  /// @param out the result
  public static void matMul(
      Tensor x,
      Tensor w,
      Tensor scale,
      @Nullable Tensor bias,
      @Nullable Tensor residual,
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
          sum += left[i] * right[i * columns + column];
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
