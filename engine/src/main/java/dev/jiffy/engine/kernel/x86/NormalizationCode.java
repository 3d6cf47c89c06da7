package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.List;

/// Generates the normalisation of rows, in three passes over a row that stays in the first-level
/// cache. Two rows go side by side: what one waits for, sums that are folded and divisions, is time
/// for the other.
///
/// The arguments: x, residual, scale, bias, y, rows, bytes of a row, the mask of its end, the bits
/// of its number of elements and of epsilon.
///
/// @param vectorBytes the width of vectors
/// @param residual whether there are rows that are added first
/// @param scale whether there are factors
/// @param bias whether there are summands
record NormalizationCode(int vectorBytes, boolean residual, boolean scale, boolean bias) {
  private static final int TOGETHER = 2;
  private static final Register[] X = {Register.RDI, Register.RBX};
  private static final Register[] RESIDUAL = {Register.RSI, Register.RBP};
  private static final Register[] Y = {Register.R8, Register.R12};
  private static final Register SCALE = Register.RDX;
  private static final Register BIAS = Register.R11;
  private static final Register ROWS = Register.R9;
  private static final Register ROW_BYTES = Register.R10;
  private static final Register SCRATCH = Register.RAX;
  private static final int STACK = 8 * 3 + 8; // what is saved, the return address
  private static final int ROW_BYTES_AT = STACK;
  private static final int MASK_AT = STACK + 8;
  private static final int ELEMENTS_AT = STACK + 16;
  private static final int EPSILON_AT = STACK + 24;
  private static final int UNROLL = 4;

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private Vector sum(int row, int i) {
    return register(row * UNROLL + i);
  }

  private Vector value(int row) {
    return register(TOGETHER * UNROLL + row);
  }

  private Vector mean(int row) {
    return register(TOGETHER * UNROLL + TOGETHER + row);
  }

  /// A register of no row.
  private Vector common(int i) {
    return register(TOGETHER * UNROLL + 2 * TOGETHER + i);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.push(X[1], RESIDUAL[1], Y[1]);
    code.mov(BIAS, Register.RCX);
    code.load(ROW_BYTES, at(RSP, ROW_BYTES_AT));
    code.load(SCRATCH, at(RSP, MASK_AT));
    loop.present(SCRATCH);
    for (int together = TOGETHER; together > 0; together--) {
      Label end = new Label();
      Label next = code.here();
      code.alu(CMP, ROWS, together);
      code.jump(LESS, end);
      if (together == 2) {
        for (Register[] rows : List.of(X, RESIDUAL, Y)) {
          code.lea(rows[1], at(rows[0], ROW_BYTES, 1, 0));
        }
      }
      mean(code, loop, together);
      factor(code, loop, together);
      normalize(code, loop, together);
      for (Register[] rows : List.of(X, RESIDUAL, Y)) {
        code.lea(rows[0], at(rows[together - 1], ROW_BYTES, 1, 0));
      }
      code.alu(SUB, ROWS, together);
      code.jump(next);
      code.bind(end);
    }
    code.pop(X[1], RESIDUAL[1], Y[1]);
    return code.end();
  }

  private Register from(int row) {
    return residual ? Y[row] : X[row];
  }

  private void clear(Assembler code, int rows) {
    for (int i = 0; i < rows * UNROLL; i++) {
      code.op(VectorOp.XORPS, register(i), register(i), register(i));
    }
  }

  /// Adds up the sums of a row and divides the total by the number of elements.
  ///
  /// @return the short vector with the outcome: divisions of long ones take longer
  private Vector average(Assembler code, LoopCode loop, int row) {
    loop.fold(loop.registers(row * UNROLL, UNROLL), VectorOp.ADDPS);
    Vector total = sum(row, 0).as(16);
    Vector elements = value(row).as(16);
    code.op(VectorOp.BROADCASTSS, elements, at(RSP, ELEMENTS_AT));
    code.op(VectorOp.DIVPS, total, total, elements);
    return total;
  }

  /// Computes the means, and stores the sums with the residual.
  private void mean(Assembler code, LoopCode loop, int rows) {
    clear(code, rows);
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          for (int row = 0; row < rows; row++) {
            Vector value = value(row);
            loop.load(value, X[row], vector);
            if (residual) {
              loop.load(common(0), RESIDUAL[row], vector);
              code.op(VectorOp.ADDPS, value, value, common(0));
              loop.store(value, Y[row], vector);
            }
            code.op(VectorOp.ADDPS, sum(row, vector), sum(row, vector), value);
          }
        });
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.BROADCASTSS, mean(row), average(code, loop, row));
    }
  }

  /// Computes `1 / √(variance + epsilon)` in the first sum of each row.
  private void factor(Assembler code, LoopCode loop, int rows) {
    clear(code, rows);
    Vector zeros = common(0);
    code.op(VectorOp.XORPS, zeros, zeros, zeros);
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          for (int row = 0; row < rows; row++) {
            Vector value = value(row);
            loop.load(value, from(row), vector);
            code.op(VectorOp.SUBPS, value, value, mean(row));
            loop.fill(value, zeros);
            code.op(VectorOp.FMADD231PS, sum(row, vector), value, value);
          }
        });
    for (int row = 0; row < rows; row++) {
      Vector factor = average(code, loop, row);
      Vector other = value(row).as(16);
      code.op(VectorOp.BROADCASTSS, other, at(RSP, EPSILON_AT));
      code.op(VectorOp.ADDPS, factor, factor, other);
      code.op(VectorOp.SQRTPS, factor, factor);
      code.op(VectorOp.BROADCASTSS, other, code.constant(1f, 4));
      code.op(VectorOp.DIVPS, factor, other, factor);
      code.op(VectorOp.BROADCASTSS, sum(row, 0), factor);
    }
  }

  private void normalize(Assembler code, LoopCode loop, int rows) {
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          if (scale) {
            loop.load(common(0), SCALE, vector);
          }
          if (bias) {
            loop.load(common(1), BIAS, vector);
          }
          for (int row = 0; row < rows; row++) {
            Vector value = value(row);
            loop.load(value, from(row), vector);
            code.op(VectorOp.SUBPS, value, value, mean(row));
            code.op(VectorOp.MULPS, value, value, sum(row, 0));
            if (scale && bias) {
              code.op(VectorOp.FMADD213PS, value, common(0), common(1));
            } else if (scale) {
              code.op(VectorOp.MULPS, value, value, common(0));
            } else if (bias) {
              code.op(VectorOp.ADDPS, value, value, common(1));
            }
            loop.store(value, Y[row], vector);
          }
        });
  }
}
