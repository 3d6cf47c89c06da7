package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.x86.Operand.Vector;
import org.jspecify.annotations.Nullable;

/// Generates what makes bytes of f32: as many steps of a scale, rounded, counted from the byte that
/// stands for 0.
///
/// @param scale a register that has the scale in every element
/// @param zero a register that has the byte that stands for 0 in every element, as 32 bits
/// @param most a register of its own
/// @param inverse a register of its own, or null: whether to multiply by the inverse of the scale,
///   which must be finite, and correct the quotient by what it leaves over, instead of dividing:
///   rounded alike and faster
/// @param quotient a register that changes
record QuantizationCode(
    Assembler code,
    Vector scale,
    Vector zero,
    Vector most,
    @Nullable Vector inverse,
    Vector quotient) {
  /// As many steps above 0 as no byte reaches.
  private static final float BEYOND = 1024;

  /// Fills the registers that do not change; scale and zero are there.
  void prepare() {
    code.op(VectorOp.BROADCASTSS, most, code.constant(BEYOND, 4));
    code.op(VectorOp.BROADCASTSS, quotient, code.constant(Float.MAX_VALUE, 4));
    code.op(VectorOp.MULPS, most, most, scale);
    code.op(VectorOp.MINPS, most, most, quotient);
    if (inverse != null) {
      code.op(VectorOp.BROADCASTSS, inverse, code.constant(1f, 4));
      code.op(VectorOp.DIVPS, inverse, inverse, scale);
    }
  }

  /// Makes steps from the least byte of numbers; what no integer holds becomes negative.
  void steps(Vector value) {
    code.op(VectorOp.MINPS, value, most, value);
    if (inverse != null) {
      code.op(VectorOp.MULPS, quotient, value, inverse);
      code.op(VectorOp.FNMADD231PS, value, quotient, scale);
      code.op(VectorOp.FMADD213PS, value, inverse, quotient);
    } else {
      code.op(VectorOp.DIVPS, value, value, scale);
    }
    code.op(VectorOp.CVTPS2DQ, value, value);
    code.op(VectorOp.PADDD, value, value, zero);
  }
}
