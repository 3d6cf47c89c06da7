package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the normalisation of rows, in three passes over a row that stays in the first-level
/// cache.
///
/// The arguments: x, residual, scale, bias, y, rows, bytes of a row, the mask of its end, the bits
/// of its number of elements and of epsilon.
///
/// @param vectorBytes the width of vectors
/// @param residual whether there are rows that are added first
/// @param scale whether there are factors
/// @param bias whether there are summands
record NormalizationCode(int vectorBytes, boolean residual, boolean scale, boolean bias) {
  private static final Register X = Register.RDI;
  private static final Register RESIDUAL = Register.RSI;
  private static final Register SCALE = Register.RDX;
  private static final Register BIAS = Register.R11;
  private static final Register Y = Register.R8;
  private static final Register ROWS = Register.R9;
  private static final Register ROW_BYTES = Register.R10;
  private static final Register SCRATCH = Register.RAX;
  private static final int ROW_BYTES_AT = 8;
  private static final int MASK_AT = 16;
  private static final int ELEMENTS_AT = 24;
  private static final int EPSILON_AT = 32;
  private static final int UNROLL = 4;

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.mov(BIAS, Register.RCX);
    code.load(ROW_BYTES, at(RSP, ROW_BYTES_AT));
    code.load(SCRATCH, at(RSP, MASK_AT));
    loop.present(SCRATCH);
    Label row = code.here();
    mean(code, loop);
    factor(code, loop);
    normalize(code, loop);
    code.alu(ADD, X, ROW_BYTES);
    code.alu(ADD, Y, ROW_BYTES);
    code.alu(ADD, RESIDUAL, ROW_BYTES);
    code.alu(SUB, ROWS, 1);
    code.jump(NOT_EQUAL, row);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  private Register from() {
    return residual ? Y : X;
  }

  /// Computes the mean in register 0, and stores the sum with the residual.
  private void mean(Assembler code, LoopCode loop) {
    Vector[] sums = loop.registers(0, UNROLL);
    for (Vector sum : sums) {
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(8);
          loop.load(value, X, vector);
          if (residual) {
            loop.load(register(9), RESIDUAL, vector);
            code.op(VectorOp.ADDPS, value, value, register(9));
            loop.store(value, Y, vector);
          }
          code.op(VectorOp.ADDPS, sums[vector], sums[vector], value);
        });
    loop.fold(sums, VectorOp.ADDPS);
    code.op(VectorOp.BROADCASTSS, register(8), at(RSP, ELEMENTS_AT));
    code.op(VectorOp.DIVPS, register(0), register(0), register(8));
  }

  /// Computes `1 / √(variance + epsilon)` in register 1.
  private void factor(Assembler code, LoopCode loop) {
    Vector[] sums = loop.registers(1, UNROLL);
    for (Vector sum : sums) {
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    Vector zeros = register(10);
    code.op(VectorOp.XORPS, zeros, zeros, zeros);
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(8);
          loop.load(value, from(), vector);
          code.op(VectorOp.SUBPS, value, value, register(0));
          loop.fill(value, zeros);
          code.op(VectorOp.FMADD231PS, sums[vector], value, value);
        });
    loop.fold(sums, VectorOp.ADDPS);
    Vector factor = sums[0];
    code.op(VectorOp.BROADCASTSS, register(8), at(RSP, ELEMENTS_AT));
    code.op(VectorOp.DIVPS, factor, factor, register(8));
    code.op(VectorOp.BROADCASTSS, register(8), at(RSP, EPSILON_AT));
    code.op(VectorOp.ADDPS, factor, factor, register(8));
    code.op(VectorOp.SQRTPS, factor, factor);
    code.op(VectorOp.BROADCASTSS, register(8), code.constant(1f, 4));
    code.op(VectorOp.DIVPS, factor, register(8), factor);
  }

  private void normalize(Assembler code, LoopCode loop) {
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(8);
          loop.load(value, from(), vector);
          code.op(VectorOp.SUBPS, value, value, register(0));
          code.op(VectorOp.MULPS, value, value, register(1));
          if (scale) {
            loop.load(register(9), SCALE, vector);
          }
          if (bias) {
            loop.load(register(10), BIAS, vector);
          }
          if (scale && bias) {
            code.op(VectorOp.FMADD213PS, value, register(9), register(10));
          } else if (scale) {
            code.op(VectorOp.MULPS, value, value, register(9));
          } else if (bias) {
            code.op(VectorOp.ADDPS, value, value, register(10));
          }
          loop.store(value, Y, vector);
        });
  }
}
