package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.MathCode.ONE_BITS;
import static dev.jiffy.engine.kernel.x86.MathCode.ROUND_TO_NEAREST;
import static dev.jiffy.engine.kernel.x86.MathCode.SIGN;

import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates powers of a vector register, whose exponents are those of another one, of the pieces
/// of [MathCode].
///
/// A power is the exponential of a product with a logarithm. The product multiplies the logarithm's
/// error, so that both are sums of two numbers. What is no usual number is selected in the end.
final class PowerCode {
  /// The temporary registers that are needed.
  static final int TEMPORARIES = 5;

  /// `2 / ln 2` is the sum.
  private static final float LOG2_HIGH = 2.88539f;

  private static final float LOG2_LOW = 3.851926e-08f;

  /// From this on, greater magnitudes of exponents make no difference to a power.
  private static final float MOST_EXPONENT = 0x1p60f;

  private final Assembler code;
  private final MathCode math;
  private final Vector t0;
  private final Vector t1;
  private final Vector high;
  private final Vector other;
  private final Vector low;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param math the pieces, with the same temporary registers
  /// @param free the temporary registers, at least [#TEMPORARIES]
  PowerCode(Assembler code, MathCode math, Vector... free) {
    this.code = code;
    this.math = math;
    t0 = free[0];
    t1 = free[1];
    high = free[2];
    other = free[3];
    low = free[4];
  }

  /// `dst = x^y` within 2 ulp, or 8 where `y` is not within ±64. The logarithm is a sum of two
  /// numbers. Takes [#TEMPORARIES] temporary registers.
  ///
  /// @param dst where to; may be `x` or `y`
  void power(Vector dst, Vector x, Vector y) {
    logarithm(x);
    code.op(VectorOp.ROUNDPS, other, y, ROUND_TO_NEAREST);
    math.select(other, y, Predicate.NOT_EQUAL, other, math.number(Float.NaN), high);
    math.select(high, x, Predicate.LESS, math.number(0), other, high);
    code.op(VectorOp.MULPS, other, x, x);
    math.bits(VectorOp.ANDPS, t1, x, ~SIGN);
    math.select(high, t1, Predicate.LESS, math.number(Float.POSITIVE_INFINITY), high, other);
    math.select(
        high, x, Predicate.EQUAL, math.number(0), math.number(Float.NEGATIVE_INFINITY), high);
    math.move(other, y);
    math.atMost(other, MOST_EXPONENT);
    math.atLeast(other, -MOST_EXPONENT);
    code.op(VectorOp.MULPS, t1, high, other);
    code.op(VectorOp.MULPS, low, low, other);
    math.move(t0, t1);
    code.op(VectorOp.FNMADD231PS, t0, high, other);
    code.op(VectorOp.SUBPS, low, low, t0);
    powerOfTwo(high, t1);
    math.op(VectorOp.MULPS, t1, y, 0.5f);
    code.op(VectorOp.ROUNDPS, other, t1, ROUND_TO_NEAREST);
    code.op(VectorOp.SUBPS, t1, t1, other);
    math.bits(VectorOp.ANDPS, t1, t1, ~SIGN);
    math.bits(VectorOp.ANDPS, other, x, SIGN);
    math.zeroUnless(other, t1, Predicate.EQUAL, math.number(0.5f)); // that is, unless y is odd
    code.op(VectorOp.ORPS, high, high, other);
    math.select(high, y, Predicate.EQUAL, math.number(0), math.number(1), high);
    math.select(dst, x, Predicate.EQUAL, math.number(1), math.number(1), high);
  }

  /// `high + low = log₂ |x|` of finite numbers that are not 0; changes the other temporary
  /// registers.
  private void logarithm(Vector x) {
    Vector s = t0;
    Vector e = other;
    math.bits(VectorOp.ANDPS, t1, x, ~SIGN);
    math.truth(e, t1, Predicate.LESS, math.number(Float.MIN_NORMAL), 23);
    math.op(VectorOp.MULPS, high, t1, 0x1p23f);
    math.select(t1, t1, Predicate.LESS, math.number(Float.MIN_NORMAL), high, t1);
    math.bits(VectorOp.PSUBD, t0, t1, 0x3f3504f3);
    code.shift(Shift.RIGHT_SIGNED, t0, t0, 23);
    code.shift(Shift.LEFT, high, t0, 23);
    code.op(VectorOp.PSUBD, t1, t1, high);
    code.op(VectorOp.CVTDQ2PS, t0, t0);
    code.op(VectorOp.SUBPS, e, t0, e);
    math.op(VectorOp.SUBPS, high, t1, 1);
    math.op(VectorOp.ADDPS, t1, t1, 1);
    math.op(VectorOp.SUBPS, low, t1, 2);
    code.op(VectorOp.SUBPS, low, high, low); // what the sum has lost
    code.op(VectorOp.DIVPS, s, high, t1);
    code.op(VectorOp.FNMADD231PS, high, s, t1);
    code.op(VectorOp.FNMADD231PS, high, s, low);
    code.op(VectorOp.DIVPS, high, high, t1); // what the quotient has lost
    code.op(VectorOp.MULPS, t1, s, s);
    math.polynomial(low, t1, 0.3402497f, 0.41170478f, 0.5770829f, 0.9617967f);
    code.op(VectorOp.MULPS, low, low, t1);
    code.op(VectorOp.MULPS, low, low, s);
    math.op(VectorOp.FMADD231PS, low, high, LOG2_HIGH);
    math.op(VectorOp.FMADD231PS, low, s, LOG2_LOW);
    math.op(VectorOp.MULPS, t1, s, LOG2_HIGH);
    math.move(high, t1);
    math.op(VectorOp.FNMADD231PS, high, s, LOG2_HIGH);
    code.op(VectorOp.SUBPS, low, low, high);
    code.op(VectorOp.ADDPS, high, e, t1);
    code.op(VectorOp.SUBPS, e, high, e);
    code.op(VectorOp.SUBPS, t1, t1, e);
    code.op(VectorOp.ADDPS, low, low, t1);
    code.op(VectorOp.ADDPS, e, high, low);
    code.op(VectorOp.SUBPS, high, e, high);
    code.op(VectorOp.SUBPS, low, low, high);
    math.move(high, e);
  }

  /// `dst = 2^(x + low)`, where `low` is little; NaN in `x` stays. Changes these and the first
  /// temporary register.
  private void powerOfTwo(Vector dst, Vector x) {
    math.move(dst, x);
    math.atMost(dst, 200);
    math.atLeast(dst, -200);
    math.zeroUnless(low, x, Predicate.EQUAL, dst);
    code.op(VectorOp.ROUNDPS, x, dst, ROUND_TO_NEAREST);
    code.op(VectorOp.SUBPS, dst, dst, x);
    code.op(VectorOp.ADDPS, low, low, dst);
    math.polynomial(
        dst,
        low,
        0.00015353352f,
        0.0013398906f,
        0.009618438f,
        0.055503324f,
        0.24022648f,
        0.6931472f,
        1);
    if (dst.bytes() == 64) {
      code.op(VectorOp.SCALEFPS, dst, dst, x);
      return;
    }
    code.op(VectorOp.CVTPS2DQ, x, x);
    code.shift(Shift.RIGHT_SIGNED, t0, x, 1);
    code.op(VectorOp.PSUBD, x, x, t0);
    scale(dst, x);
    scale(dst, t0);
  }

  /// `x = x · 2^n`; changes `n`.
  private void scale(Vector x, Vector n) {
    code.shift(Shift.LEFT, n, n, 23);
    math.bits(VectorOp.PADDD, n, n, ONE_BITS);
    code.op(VectorOp.MULPS, x, x, n);
  }
}
