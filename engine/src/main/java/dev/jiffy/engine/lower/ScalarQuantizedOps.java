package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.scalar.ScalarAffine;
import dev.jiffy.engine.kernel.scalar.ScalarQuantization;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Operators on quantized numbers, on the scalar kernels.
final class ScalarQuantizedOps {
  private ScalarQuantizedOps() {}

  static void run(QuantizedOp op, Operands o) {
    switch (op) {
      case QuantizedOp.Quantize q ->
          ScalarAffine.quantize(
              o.in(0), o.in(1), o.optional(2), axis(q.axis(), o), q.block(), o.out());
      case QuantizedOp.Dequantize d ->
          ScalarAffine.dequantize(
              o.in(0), o.in(1), o.optional(2), axis(d.axis(), o), d.block(), o.out());
      case QuantizedOp.ByteTable _ -> ScalarQuantization.lookUp(o.in(0), o.in(1), o.out());
      case QuantizedOp.ByteMatMul m ->
          ScalarQuantization.bytesMatMul(
              o.in(0),
              o.in(1),
              o.in(2),
              o.optional(3),
              m.zero(),
              Linear.activation(m.activation()),
              rounding(m.rounding()),
              o.out());
      case QuantizedOp.ByteConv c ->
          conv(c.conv(), c.zero(), o.in(0), o.in(2), rounding(c.rounding()), o);
      case QuantizedOp.ByteSums s -> sums(s, o);
      case QuantizedOp.DynamicConv c -> dynamicConv(c, o);
      case QuantizedOp.BlockMatMul b ->
          ScalarQuantization.blockMatMul(
              o.in(0),
              o.in(1),
              o.in(2),
              o.optional(3),
              o.optional(4),
              o.optional(5),
              Math.toIntExact(b.k()),
              Math.toIntExact(b.columns()),
              Math.toIntExact(b.block()),
              b.bits(),
              b.bytes(),
              Linear.activation(b.activation()),
              o.out());
    }
  }

  /// Where there is one scale, no axis counts.
  private static int axis(long axis, Operands o) {
    return o.in(1).shape().elements() == 1 || o.rank(0) == 0 ? 0 : o.axis(axis);
  }

  private static ScalarQuantization.@Nullable Rounding rounding(
      QuantizedOp.@Nullable Rounding rounding) {
    return rounding == null
        ? null
        : new ScalarQuantization.Rounding(rounding.factor(), rounding.zero());
  }

  private static void sums(QuantizedOp.ByteSums op, Operands o) {
    Shape w = o.in(1).shape();
    Tensor ones = Tensor.allocate(DType.F32, Shape.of(w.dim(op.conv() == null ? 1 : 0)));
    for (long i = 0; i < ones.shape().elements(); i++) {
      ones.setDouble(i, 1);
    }
    if (op.conv() != null) {
      conv(op.conv(), op.zero(), o.in(0), ones, null, o);
    } else {
      ScalarQuantization.bytesMatMul(o.in(0), o.in(1), ones, null, op.zero(), null, null, o.out());
    }
  }

  private static void dynamicConv(QuantizedOp.DynamicConv op, Operands o) {
    Tensor bytes = Tensor.allocate(DType.U8, o.in(0).shape());
    Tensor scale = Tensor.allocate(DType.F32, Shape.of());
    Tensor zero = Tensor.allocate(DType.U8, Shape.of());
    ScalarQuantization.quantize(o.in(0), bytes, scale, zero);
    Tensor scales = Tensor.allocate(DType.F32, o.in(2).shape());
    for (long i = 0; i < scales.shape().elements(); i++) {
      scales.setDouble(i, o.in(2).getDouble(i) * scale.getDouble(0));
    }
    conv(op.conv(), (int) zero.getLong(0), bytes, scales, null, o);
  }

  private static void conv(
      Op.Conv op,
      int zero,
      Tensor x,
      Tensor scales,
      ScalarQuantization.@Nullable Rounding rounding,
      Operands o) {
    WindowGeometry geometry =
        WindowGeometry.of(
            op.window(),
            ScalarNeuralOps.spatial(o.in(1), Layout.CHANNELS_FIRST),
            ScalarNeuralOps.spatial(x, op.layout()),
            ScalarNeuralOps.spatial(o.out(), op.layout()));
    ScalarQuantization.bytesConv(
        x,
        o.in(1),
        scales,
        o.optional(3),
        zero,
        geometry.sliding(),
        Math.toIntExact(op.groups()),
        op.layout() == Layout.CHANNELS_LAST,
        Linear.activation(op.activation()),
        rounding,
        o.out());
  }
}
