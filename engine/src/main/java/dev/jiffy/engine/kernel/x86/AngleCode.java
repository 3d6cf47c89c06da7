package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.MathCode.SIGN;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates functions of angles, of the pieces of [MathCode].
///
/// An angle is a number of quarters of a turn, of which the last two bits matter, and a rest of at
/// most half of one. Where a vector has an angle that is too great for the arithmetic of f32, those
/// of its elements are computed one by one, in integers.
final class AngleCode {
  private static final float TWO_BY_PI = 0.63661975f;

  /// `π / 2` is the sum.
  private static final float QUARTER_HIGH = 1.5707964f;

  private static final float QUARTER_MIDDLE = -4.371139e-08f;
  private static final float QUARTER_LOW = -1.7151245e-15f;

  /// The largest magnitude of an angle that f32 suffices for.
  private static final float MOST_ANGLE = 1e5f;

  /// `2 / π · 2^192` behind zeros, the highest bits first.
  private static final long[] TWO_BY_PI_DIGITS = {
    0, 0xa2f9836e4e441529L, 0xfc2757d1f534ddc0L, 0xdb6295993c439041L
  };

  /// `π / 2 · 2^62`
  private static final long QUARTER_DIGITS = 0x6487ed5110b4611aL;

  /// What the integer code changes; the others are in use.
  private static final Register[] CHANGED = {RAX, RCX, RDX, RSI, RDI};

  private final Assembler code;
  private final MathCode math;
  private final int bytes;
  private final Vector t0;
  private final Vector t1;
  private final Vector t2;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param math the pieces, with the same temporary registers
  /// @param free the temporary registers, at least [MathCode#TEMPORARIES]
  AngleCode(Assembler code, MathCode math, Vector... free) {
    this.code = code;
    this.math = math;
    bytes = free[0].bytes();
    t0 = free[0];
    t1 = free[1];
    t2 = free[2];
  }

  /// `x = sin x` within 2 ulp.
  void sine(Vector x) {
    reduce(x);
    sineOfRest(x);
  }

  /// `x = cos x` within 2 ulp.
  void cosine(Vector x) {
    reduce(x);
    math.bits(VectorOp.PADDD, t0, t0, 1);
    sineOfRest(x);
  }

  /// `x = tan x` within 4 ulp.
  void tangent(Vector x) {
    reduce(x);
    waves(x);
    code.shift(Shift.LEFT, t0, t0, 31);
    code.shift(Shift.RIGHT_SIGNED, x, t0, 31);
    code.op(VectorOp.XORPS, t2, t2, t0); // where odd, the cosine is that of the rest and its sign
    code.op(VectorOp.XORPS, t0, t1, t2);
    code.op(VectorOp.ANDPS, x, x, t0);
    code.op(VectorOp.XORPS, t1, t1, x); // exchanged where odd
    code.op(VectorOp.XORPS, t2, t2, x);
    code.op(VectorOp.DIVPS, x, t1, t2);
  }

  /// `x` = the sine of quarters and a rest.
  private void sineOfRest(Vector x) {
    waves(x);
    code.shift(Shift.RIGHT, x, t0, 1);
    code.shift(Shift.LEFT, x, x, 31);
    code.shift(Shift.LEFT, t0, t0, 31);
    code.shift(Shift.RIGHT, t0, t0, 1); // 2 where odd
    math.select(t1, t0, Predicate.NOT_EQUAL, math.number(0), t2, t1);
    code.op(VectorOp.XORPS, x, x, t1);
  }

  /// Makes of the rest its sine and, in its place, its cosine; `u` becomes its square.
  private void waves(Vector u) {
    code.op(VectorOp.MULPS, u, t2, t2);
    math.polynomial(t1, u, -0.00019511959f, 0.008332137f, -0.16666654f);
    code.op(VectorOp.MULPS, t1, t1, u);
    code.op(VectorOp.FMADD213PS, t1, t2, t2);
    math.polynomial(t2, u, 2.4429359e-05f, -0.0013887284f, 0.041666646f, -0.5f, 1);
  }

  /// Makes of angles quarters, in the low bits of the first temporary register, and in the third
  /// one the rest; NaN for what is not finite.
  private void reduce(Vector x) {
    math.load(t0, MathCode.ROUNDER);
    math.op(VectorOp.FMADD231PS, t0, x, TWO_BY_PI);
    math.op(VectorOp.SUBPS, t1, t0, MathCode.ROUNDER);
    math.move(t2, x);
    math.op(VectorOp.FNMADD231PS, t2, t1, QUARTER_HIGH);
    math.op(VectorOp.FNMADD231PS, t2, t1, QUARTER_MIDDLE);
    math.op(VectorOp.FNMADD231PS, t2, t1, QUARTER_LOW);
    math.bits(VectorOp.ANDPS, t1, x, ~SIGN);
    Label usual = new Label();
    math.unlessAny(t1, Predicate.GREATER, math.number(MOST_ANGLE), usual);
    reduceGreat(x);
    code.bind(usual);
  }

  /// Replaces quarters and rests of great angles. The stack holds the digits of `2 / π`, angles,
  /// quarters, rests, and then what registers held.
  private void reduceGreat(Vector x) {
    int angles = 8 * TWO_BY_PI_DIGITS.length;
    int quarters = angles + bytes;
    int rests = quarters + bytes;
    code.push(CHANGED);
    code.alu(Alu.SUB, RSP, 3 * bytes);
    code.op(VectorOp.MOVUPS_TO, x, at(RSP));
    code.op(VectorOp.MOVUPS_TO, t0, at(RSP, bytes));
    code.op(VectorOp.MOVUPS_TO, t2, at(RSP, 2 * bytes));
    for (long digits : TWO_BY_PI_DIGITS) {
      code.mov(RAX, digits);
      code.push(RAX);
    }
    code.mov(RSI, 0);
    Label next = code.here();
    Label usual = new Label();
    code.loadInt(RDI, at(RSP, RSI, 4, angles));
    code.mov(RDX, RDI);
    code.alu(Alu.AND, RDX, ~SIGN);
    code.alu(Alu.CMP, RDX, Float.floatToRawIntBits(MOST_ANGLE));
    code.jump(Condition.LESS_OR_EQUAL, usual);
    code.alu(Alu.CMP, RDX, Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
    code.jump(Condition.GREATER_OR_EQUAL, usual);
    turns();
    code.mov(RCX, RAX);
    code.shift(Shift.RIGHT, RCX, 61);
    code.alu(Alu.ADD, RCX, 1);
    code.shift(Shift.RIGHT, RCX, 1);
    code.storeInt(RCX, at(RSP, RSI, 4, quarters));
    code.shift(Shift.LEFT, RAX, 2);
    code.mov(RDX, QUARTER_DIGITS);
    code.imulHigh(RDX);
    code.convert(t1.as(16), RDX);
    code.op(VectorOp.MULSS, t1.as(16), t1.as(16), code.constant(0x1p-62f, 4));
    code.op(VectorOp.MOVSS_TO, t1.as(16), at(RSP, RSI, 4, rests));
    code.bind(usual);
    code.alu(Alu.ADD, RSI, 1);
    code.alu(Alu.CMP, RSI, bytes / 4);
    code.jump(Condition.LESS, next);
    code.op(VectorOp.MOVUPS, t0, at(RSP, quarters));
    code.op(VectorOp.MOVUPS, t2, at(RSP, rests));
    code.alu(Alu.ADD, RSP, rests + bytes);
    code.pop(CHANGED);
  }

  /// `RAX` = the quarters of an angle, modulo 4, times `2^62`. The angle is an integer times a
  /// power of two; of `2 / π` times that power, 96 bits are multiplied: those above make whole
  /// turns.
  ///
  /// `RDI` holds the angle, `RDX` its magnitude; both change, and `RCX`.
  private void turns() {
    code.mov(RCX, RDX);
    code.shift(Shift.RIGHT, RCX, 23);
    code.mov(RAX, RCX);
    code.shift(Shift.RIGHT, RAX, 3);
    code.alu(Alu.XOR, RAX, 31); // the first byte of the 96 bits: one later for 8 powers less
    code.alu(Alu.AND, RCX, 7);
    code.alu(Alu.AND, RDX, 0x7fffff);
    code.alu(Alu.OR, RDX, 0x800000);
    code.shiftLeft(RDX);
    code.load(RCX, at(RSP, RAX, 1, 4));
    code.imul(RCX, RDX);
    code.loadUnsigned(RAX, at(RSP, RAX, 1, 0));
    code.imul(RAX, RDX);
    code.shift(Shift.RIGHT, RAX, 32);
    code.alu(Alu.ADD, RAX, RCX);
    code.shift(Shift.RIGHT_SIGNED, RDI, 63);
    code.alu(Alu.XOR, RAX, RDI);
    code.alu(Alu.SUB, RAX, RDI);
  }
}
