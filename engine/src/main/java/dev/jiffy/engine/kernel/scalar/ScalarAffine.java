package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Numbers and the integers that stand for them by scales and zero points.
public final class ScalarAffine {
  /// Which scale each element has.
  private static final class Scales {
    private final long elements;
    private final long extent;
    private final long inner;
    private final long block;
    private final long blocks;

    /// @param block the indices that share a scale; 0 where each has its own
    Scales(Shape x, Shape scale, int axis, long block) {
      elements = scale.elements();
      boolean one = elements == 1 || x.rank() == 0;
      extent = one ? 1 : x.dim(axis);
      inner = one ? 1 : x.elements(axis + 1, x.rank());
      this.block = Math.max(1, block);
      blocks = block == 0 ? 0 : (extent + block - 1) / block;
    }

    long at(long index) {
      if (elements == 1) {
        return 0;
      }
      long along = index / inner % extent;
      if (blocks == 0) {
        return along;
      }
      return (index / inner / extent * blocks + along / block) * inner + index % inner;
    }
  }

  private ScalarAffine() {}

  /// {@return the zero point that goes with a scale}
  static long shift(@Nullable Tensor zero, long scale) {
    return zero == null ? 0 : zero.getLong(zero.shape().elements() == 1 ? 0 : scale);
  }

  /// Quantizes: `round(x / scale) + zero`, limited to the result's type.
  ///
  /// @param x the numbers
  /// @param scale the scales
  /// @param zero the zero points, one or as many, or null
  /// @param axis the dimension that scales go with; anything where there is one scale
  /// @param block the indices that share a scale, or 0
  /// @param out the integers
  public static void quantize(
      Tensor x, Tensor scale, @Nullable Tensor zero, int axis, long block, Tensor out) {
    Scales scales = new Scales(x.shape(), scale.shape(), axis, block);
    DType type = out.dtype();
    double least = type.isUnsigned() ? 0 : -Math.scalb(1.0, type.bits() - 1);
    double greatest = Math.scalb(1.0, type.isUnsigned() ? type.bits() : type.bits() - 1) - 1;
    for (long i = 0; i < x.shape().elements(); i++) {
      long at = scales.at(i);
      float quotient = (float) x.getDouble(i) / (float) scale.getDouble(at);
      double shift = shift(zero, at);
      out.setLong(i, (long) Math.clamp(Math.rint(quotient) + shift, least, greatest));
    }
  }

  /// Computes `(q - zero) · scale`.
  ///
  /// @param q the integers
  /// @param scale the scales
  /// @param zero the zero points, one or as many, or null
  /// @param axis the dimension that scales go with; anything where there is one scale
  /// @param block the indices that share a scale, or 0
  /// @param out the numbers
  public static void dequantize(
      Tensor q, Tensor scale, @Nullable Tensor zero, int axis, long block, Tensor out) {
    if (scale.shape().elements() == 1 && ByteNumbers.suits(q, out)) {
      ByteNumbers.of(q, (float) scale.getDouble(0), shift(zero, 0)).write(out);
      return;
    }
    dequantizeAny(q, scale, zero, axis, block, out);
  }

  /// As [#dequantize], element by element.
  static void dequantizeAny(
      Tensor q, Tensor scale, @Nullable Tensor zero, int axis, long block, Tensor out) {
    Scales scales = new Scales(q.shape(), scale.shape(), axis, block);
    for (long i = 0; i < q.shape().elements(); i++) {
      long at = scales.at(i);
      long shift = shift(zero, at);
      out.setDouble(i, (double) ((float) (q.getLong(i) - shift) * (float) scale.getDouble(at)));
    }
  }
}
