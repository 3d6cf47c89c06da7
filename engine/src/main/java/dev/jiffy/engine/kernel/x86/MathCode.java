package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Memory;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates transcendental functions of one vector register, in place, and what they consist of.
///
/// Each is a range reduction and one polynomial or rational function, without branches. The
/// coefficients are minimax fits of the stated range (Lawson's iteration, computed in binary64,
/// rounded to f32). Constants are operands in memory.
///
/// Besides the value there are three temporary registers, and a fourth or the memory just below the
/// stack pointer, which functions that call no others may use, for a value that is needed later;
/// with AVX-512 also the last mask register.
final class MathCode {
  /// The temporary registers that are needed at least.
  static final int TEMPORARIES = 3;

  static final int SIGN = Integer.MIN_VALUE;
  static final int ROUND_TO_NEAREST = 8;

  static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0x1.62e4p-1f;
  private static final float LN2_LOW = 1.4286068e-06f;

  /// `π / 2` is the sum.
  private static final float QUARTER_HIGH = 1.5707964f;

  private static final float QUARTER_LOW = -4.371139e-08f;

  /// `1.5 · 2^23`: adding it rounds to an integer, which the low bits of the sum then hold.
  static final float ROUNDER = 0x1.8p23f;

  /// The largest argument whose exponential is finite.
  private static final float EXP_LIMIT = 0x1.62e42ep6f;

  /// The smallest argument whose exponential is a normal number.
  static final float EXP_FLOOR = -0x1.5d589ep6f;

  static final int ONE_BITS = 0x3f800000;

  private static final Mask CHOSEN = new Mask(7);

  private final Assembler code;
  private final int bytes;
  private final boolean wide;
  private final Vector[] free;
  private final Vector t0;
  private final Vector t1;
  private final Vector t2;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param free the temporary registers, at least [#TEMPORARIES]
  MathCode(Assembler code, Vector... free) {
    this.code = code;
    this.free = free;
    bytes = free[0].bytes();
    wide = bytes == 64;
    t0 = free[0];
    t1 = free[1];
    t2 = free[2];
  }

  // ---- pieces

  /// `dst = op(x, number)`
  void op(VectorOp op, Vector dst, Vector x, float number) {
    code.op(op, dst, x, code.constant(number, bytes));
  }

  /// `dst = op(x, bits)`
  void bits(VectorOp op, Vector dst, Vector x, int bits) {
    code.op(op, dst, x, code.constant(bits, bytes));
  }

  /// `dst = number`
  void load(Vector dst, float number) {
    code.op(VectorOp.BROADCASTSS, dst, code.constant(number, 4));
  }

  void move(Vector dst, Vector x) {
    if (dst.number() != x.number()) {
      code.op(VectorOp.MOVUPS, dst, x);
    }
  }

  /// {@return a value that stays as it is when its register changes}
  Operand keep(Vector value) {
    if (free.length > TEMPORARIES) {
      move(free[TEMPORARIES], value);
      return free[TEMPORARIES];
    }
    Operand.Address below = at(Register.RSP, -bytes);
    code.op(VectorOp.MOVUPS_TO, value, below);
    return below;
  }

  /// {@return a register that holds a kept value: its own, or another one}
  private Vector register(Operand kept, Vector other) {
    if (kept instanceof Vector vector) {
      return vector;
    }
    code.op(VectorOp.MOVUPS, other, kept);
    return other;
  }

  /// `dst = x · y ? chosen : other`; changes the first temporary register.
  void select(Vector dst, Vector x, Predicate predicate, Operand y, Operand chosen, Vector other) {
    if (wide) {
      code.compare(CHOSEN, x, y, predicate.immediate);
      code.op(VectorOp.BLENDMPS, dst, other, chosen, CHOSEN, false);
    } else {
      code.op(VectorOp.CMPPS, t0, x, y, predicate.immediate);
      code.blend(dst, other, chosen, t0);
    }
  }

  /// `dst = x · y ? dst : 0`; changes the first temporary register.
  void zeroUnless(Vector dst, Vector x, Predicate predicate, Operand y) {
    if (wide) {
      code.compare(CHOSEN, x, y, predicate.immediate);
      code.op(VectorOp.MOVUPS, dst, dst, CHOSEN, true);
    } else {
      code.op(VectorOp.CMPPS, t0, x, y, predicate.immediate);
      code.op(VectorOp.ANDPS, dst, dst, t0);
    }
  }

  /// `dst = x · y ? number : 0`
  void truth(Vector dst, Vector x, Predicate predicate, Operand y, float number) {
    if (wide) {
      code.compare(CHOSEN, x, y, predicate.immediate);
      code.op(VectorOp.BROADCASTSS, dst, code.constant(number, 4), CHOSEN, true);
    } else {
      code.op(VectorOp.CMPPS, dst, x, y, predicate.immediate);
      op(VectorOp.ANDPS, dst, dst, number);
    }
  }

  /// Jumps if `x · y` holds for no element; may change `x`.
  void unlessAny(Vector x, Predicate predicate, Operand y, Label none) {
    if (wide) {
      code.compare(CHOSEN, x, y, predicate.immediate);
      code.test(CHOSEN);
    } else {
      code.op(VectorOp.CMPPS, x, x, y, predicate.immediate);
      code.op(VectorOp.TESTPS, x, x);
    }
    code.jump(Condition.EQUAL, none);
  }

  Memory number(float number) {
    return code.constant(number, bytes);
  }

  /// `x = min(x, limit)`; NaN stays. Changes the first temporary register.
  void atMost(Vector x, float limit) {
    load(t0, limit);
    code.op(VectorOp.MINPS, x, t0, x);
  }

  /// `x = max(x, limit)`; NaN stays. Changes the first temporary register.
  void atLeast(Vector x, float limit) {
    if (Float.floatToRawIntBits(limit) == 0) {
      code.op(VectorOp.XORPS, t0, t0, t0);
    } else {
      load(t0, limit);
    }
    code.op(VectorOp.MAXPS, x, t0, x);
  }

  /// `p = Σ coefficient · x^i`, the highest power first
  void polynomial(Vector p, Vector x, float... coefficients) {
    load(p, coefficients[0]);
    for (int i = 1; i < coefficients.length; i++) {
      op(VectorOp.FMADD213PS, p, x, coefficients[i]);
    }
  }

  /// `dst = numerator / denominator`; may change the first temporary register.
  void divide(Vector dst, Operand numerator, Vector denominator) {
    code.op(VectorOp.DIVPS, dst, register(numerator, t0), denominator);
  }

  /// `x = 1 / x`; changes the first temporary register.
  void invert(Vector x) {
    load(t0, 1);
    code.op(VectorOp.DIVPS, x, t0, x);
  }

  // ---- functions

  /// Takes `n = round(x / ln 2)` from `x`.
  ///
  /// @param r becomes `x - n ln 2`; may be `x`
  /// @param rounded becomes `n` in the low bits
  /// @param n becomes `n`
  private void reduce(Vector x, Vector r, Vector rounded, Vector n) {
    load(rounded, ROUNDER);
    op(VectorOp.FMADD231PS, rounded, x, LOG2_E);
    op(VectorOp.SUBPS, n, rounded, ROUNDER);
    move(r, x);
    op(VectorOp.FNMADD231PS, r, n, LN2_HIGH);
    op(VectorOp.FNMADD231PS, r, n, LN2_LOW);
  }

  private void exponentialOfRest(Vector p, Vector r) {
    polynomial(p, r, 0.0013814318f, 0.008368852f, 0.0416684f, 0.1666652f, 0.49999994f, 1, 1);
  }

  /// `x = e^x` within 2 ulp; results below the normal numbers are 0.
  void exp(Vector x) {
    if (wide) {
      atMost(x, 89);
      expOfNegative(x);
      return;
    }
    reduce(x, t2, t0, t1);
    exponentialOfRest(t1, t2);
    code.shift(Shift.LEFT, t0, t0, 23);
    code.op(VectorOp.PADDD, t1, t1, t0);
    zeroUnless(t1, x, Predicate.NOT_LESS, number(EXP_FLOOR));
    op(VectorOp.MULPS, t2, x, Float.POSITIVE_INFINITY);
    select(x, x, Predicate.LESS_OR_EQUAL, number(EXP_LIMIT), t1, t2);
  }

  /// `x = e^x` for `x ≤ 0`, as [#exp].
  void expOfNegative(Vector x) {
    if (wide) {
      code.compare(CHOSEN, x, number(EXP_FLOOR), Predicate.NOT_LESS.immediate);
      reduce(x, x, t0, t1);
      exponentialOfRest(t0, x);
      code.op(VectorOp.SCALEFPS, x, t0, t1, CHOSEN, true);
      return;
    }
    code.op(VectorOp.CMPPS, t2, x, number(EXP_FLOOR), Predicate.NOT_LESS.immediate);
    reduce(x, x, t0, t1);
    exponentialOfRest(t1, x);
    code.shift(Shift.LEFT, t0, t0, 23);
    bits(VectorOp.PADDD, t0, t0, ONE_BITS);
    code.op(VectorOp.MULPS, x, t1, t0);
    code.op(VectorOp.ANDPS, x, x, t2);
  }

  /// `x = x > 0 ? x : alpha · (e^x - 1)`, the exponential within 2 ulp.
  void elu(Vector x, float alpha) {
    load(t2, -20);
    code.op(VectorOp.MAXPS, t2, t2, x);
    reduce(t2, t2, t0, t1);
    polynomial(t1, t2, 0.0013946667f, 0.0083667105f, 0.04166628f, 0.16666542f, 0.5f);
    code.op(VectorOp.MULPS, t1, t1, t2);
    code.op(VectorOp.FMADD213PS, t1, t2, t2);
    code.shift(Shift.LEFT, t0, t0, 23);
    bits(VectorOp.PADDD, t0, t0, ONE_BITS);
    op(VectorOp.SUBPS, t2, t0, 1);
    code.op(VectorOp.FMADD231PS, t2, t0, t1);
    if (alpha != 1) {
      op(VectorOp.MULPS, t2, t2, alpha);
    }
    select(x, x, Predicate.GREATER, number(0), x, t2);
  }

  /// `x = ln x` within 2 ulp.
  void log(Vector x) {
    Operand kept = keep(x);
    truth(t2, x, Predicate.LESS, number(Float.MIN_NORMAL), 23);
    op(VectorOp.MULPS, t1, x, 0x1p23f);
    select(x, x, Predicate.LESS, number(Float.MIN_NORMAL), t1, x);
    bits(VectorOp.PSUBD, t0, x, 0x3f3504f3);
    code.shift(Shift.RIGHT_SIGNED, t0, t0, 23);
    code.shift(Shift.LEFT, t1, t0, 23);
    code.op(VectorOp.PSUBD, x, x, t1);
    op(VectorOp.SUBPS, x, x, 1);
    code.op(VectorOp.CVTDQ2PS, t0, t0);
    code.op(VectorOp.SUBPS, t0, t0, t2); // the exponent
    polynomial(
        t1,
        x,
        -0.07859546f,
        0.12881622f,
        -0.13128768f,
        0.14181197f,
        -0.16624554f,
        0.20002286f,
        -0.2500081f,
        0.33333316f);
    code.op(VectorOp.MULPS, t2, x, x);
    code.op(VectorOp.MULPS, t1, t1, x);
    code.op(VectorOp.MULPS, t1, t1, t2);
    op(VectorOp.FMADD231PS, t1, t0, LN2_LOW);
    op(VectorOp.FMADD231PS, t1, t2, -0.5f);
    code.op(VectorOp.ADDPS, t1, t1, x);
    op(VectorOp.FMADD231PS, t1, t0, LN2_HIGH);
    Vector argument = register(kept, t2);
    select(x, argument, Predicate.LESS, number(Float.POSITIVE_INFINITY), t1, argument);
    select(x, argument, Predicate.EQUAL, number(0), number(Float.NEGATIVE_INFINITY), x);
    select(x, argument, Predicate.LESS, number(0), number(Float.NaN), x);
  }

  /// `x = ln(1 + x)` for `0 ≤ x ≤ 1`, relative error below 2e-7.
  void log1pOfUnit(Vector x) {
    polynomial(
        t0,
        x,
        0.0052326242f,
        -0.029504957f,
        0.07822549f,
        -0.13663207f,
        0.19105989f,
        -0.24842978f,
        0.33319095f,
        -0.49999493f,
        0.99999994f);
    code.op(VectorOp.MULPS, x, x, t0);
  }

  /// `x = p(x²) / q(x²) · x`, no greater in magnitude than `most`.
  ///
  /// @param limit where the function reaches `most`
  private void rational(Vector x, float limit, float most, float[] p, float[] q) {
    code.op(VectorOp.MULPS, t0, x, x);
    op(VectorOp.MINPS, t0, t0, limit * limit);
    polynomial(t1, t0, p);
    polynomial(t2, t0, q);
    code.op(VectorOp.MULPS, x, x, t1);
    code.op(VectorOp.DIVPS, x, x, t2);
    atMost(x, most);
    atLeast(x, -most);
  }

  /// `x = tanh x`, relative error below 4e-7; exactly ±1 for large arguments.
  void tanh(Vector x) {
    rational(
        x,
        9,
        1,
        new float[] {1.33548035e-08f, 2.0609195e-05f, 0.0034955954f, 0.13381033f, 1},
        new float[] {7.7766197e-07f, 0.00032856464f, 0.02587701f, 0.46714348f, 1});
  }

  /// The error function, relative error below 4e-7; exactly ±1 for large arguments.
  void erf(Vector x) {
    rational(
        x,
        3.92f,
        1,
        new float[] {
          2.0500947e-06f, 0.00028488247f, 0.003765595f, 0.052748658f, 0.19040592f, 1.1283791f
        },
        new float[] {3.8091777e-05f, 0.0011625305f, 0.014969173f, 0.11410889f, 0.5020756f, 1});
  }

  /// `x = atan x` within 3 ulp.
  void atan(Vector x) {
    Operand kept = keep(x);
    bits(VectorOp.ANDPS, x, x, ~SIGN);
    load(t2, 1);
    code.op(VectorOp.DIVPS, t2, t2, x);
    select(x, x, Predicate.GREATER, number(1), t2, x);
    code.op(VectorOp.MULPS, t2, x, x);
    polynomial(
        t1,
        t2,
        0.002849955f,
        -0.01606891f,
        0.042692013f,
        -0.07504341f,
        0.10640959f,
        -0.14203651f,
        0.19992621f,
        -0.33333072f);
    code.op(VectorOp.MULPS, t1, t1, t2);
    code.op(VectorOp.FMADD213PS, t1, x, x);
    op(VectorOp.SUBPS, x, t1, QUARTER_LOW);
    load(t2, QUARTER_HIGH);
    code.op(VectorOp.SUBPS, t2, t2, x);
    Vector argument = register(kept, x);
    bits(VectorOp.ANDPS, t0, argument, ~SIGN);
    select(t1, t0, Predicate.GREATER, number(1), t2, t1);
    bits(VectorOp.ANDPS, t0, argument, SIGN);
    code.op(VectorOp.ORPS, x, t1, t0);
  }

  /// `x = x / 2 · (1 + erf(x / √2))`, the error below 2e-7 times `x`; exactly 0 or `x` for large
  /// arguments. Takes the fourth temporary register or the memory below the stack pointer.
  void gelu(Vector x) {
    if (wide) {
      new GeluCode(code, free).apply(x);
      return;
    }
    Operand kept = keep(x);
    rational(
        x,
        5.4f,
        0.5f,
        new float[] {
          2.2825622e-08f, 6.4490214e-06f, 0.00017369929f, 0.004707456f, 0.0342639f, 0.39894217f
        },
        new float[] {1.2068982e-06f, 7.554674e-05f, 0.0019116043f, 0.028894309f, 0.25255203f, 1});
    op(VectorOp.ADDPS, x, x, 0.5f);
    code.op(VectorOp.MULPS, x, x, kept);
  }
}
