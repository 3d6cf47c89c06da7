package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.kernel.scalar.ScalarAffine;
import dev.jiffy.engine.kernel.scalar.ScalarQuantization;
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
      case QuantizedOp.ByteConv c -> conv(c, o);
      case QuantizedOp.BlockMatMul b ->
          ScalarQuantization.blockMatMul(
              o.in(0),
              o.in(1),
              o.in(2),
              o.optional(3),
              o.optional(4),
              Math.toIntExact(b.k()),
              Math.toIntExact(b.columns()),
              Math.toIntExact(b.block()),
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

  private static void conv(QuantizedOp.ByteConv op, Operands o) {
    WindowGeometry geometry =
        WindowGeometry.of(
            op.conv().window(),
            ScalarNeuralOps.spatial(o.in(1), Layout.CHANNELS_FIRST),
            ScalarNeuralOps.spatial(o.in(0), op.conv().layout()),
            ScalarNeuralOps.spatial(o.out(), op.conv().layout()));
    ScalarQuantization.bytesConv(
        o.in(0),
        o.in(1),
        o.in(2),
        o.optional(3),
        op.zero(),
        geometry.sliding(),
        Math.toIntExact(op.conv().groups()),
        op.conv().layout() == Layout.CHANNELS_LAST,
        Linear.activation(op.conv().activation()),
        rounding(op.rounding()),
        o.out());
  }
}
