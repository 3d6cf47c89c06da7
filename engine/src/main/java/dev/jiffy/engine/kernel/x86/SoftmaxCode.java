package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the softmax of rows, in three passes over a row that stays in the first-level cache,
/// or in registers where a row is no longer than a vector.
///
/// The arguments: x, y, rows, bytes of a row, the mask of its end.
///
/// @param vectorBytes the width of vectors
/// @param logarithm whether the result is `ln softmax(x)`
/// @param single whether a row is no longer than a vector, and the mask that of all its elements
record SoftmaxCode(int vectorBytes, boolean logarithm, boolean single) {
  private static final Register X = Register.RDI;
  private static final Register Y = Register.RSI;
  private static final Register ROWS = Register.RDX;
  private static final Register ROW_BYTES = Register.R10;
  private static final Register SCRATCH = Register.RAX;
  private static final int UNROLL = 4;

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    MathCode math = new MathCode(code, loop.registers(6, MathCode.TEMPORARIES + 1));
    code.mov(ROW_BYTES, Register.RCX);
    loop.present(Register.R8);
    math.load(register(11), Float.NEGATIVE_INFINITY);
    math.load(register(12), 0);
    Label row = code.here();
    if (single) {
      loop.once(_ -> vector(code, loop, math));
    } else {
      largest(code, loop);
      exponentials(code, loop, math);
      divide(code, loop, math);
    }
    code.alu(ADD, X, ROW_BYTES);
    code.alu(ADD, Y, ROW_BYTES);
    code.repeat(row, ROWS);
    return code.end();
  }

  /// The softmax of a row that is one vector.
  private void vector(Assembler code, LoopCode loop, MathCode math) {
    Vector value = register(4);
    Vector[] all = {register(0), register(1)};
    loop.load(value, X, 0);
    code.op(VectorOp.MOVUPS, all[0], value);
    loop.fill(all[0], register(11));
    code.op(VectorOp.MOVUPS, all[1], all[0]);
    loop.fold(all, VectorOp.MAXPS);
    code.op(VectorOp.SUBPS, value, value, all[0]);
    code.op(VectorOp.MOVUPS, register(2), value);
    math.expOfNegative(value);
    loop.fill(value, register(12));
    code.op(VectorOp.MOVUPS, all[0], value);
    code.op(VectorOp.XORPS, all[1], all[1], all[1]);
    loop.fold(all, VectorOp.ADDPS);
    if (logarithm) {
      math.log(all[0]);
      code.op(VectorOp.SUBPS, value, register(2), all[0]);
    } else {
      code.op(VectorOp.DIVPS, value, value, all[0]);
    }
    loop.store(value, Y, 0);
  }

  /// The largest of a row that holds no NaN; one that does ends as NaN all the same.
  private void largest(Assembler code, LoopCode loop) {
    Vector[] largest = loop.registers(0, UNROLL);
    for (Vector sum : largest) {
      code.op(VectorOp.MOVUPS, sum, register(11));
    }
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(4);
          loop.load(value, X, vector);
          loop.fill(value, register(11));
          code.op(VectorOp.MAXPS, largest[vector], value, largest[vector]);
        });
    loop.fold(largest, VectorOp.MAXPS);
  }

  /// The exponentials of a row's distances from the largest, stored save for logarithms, and in the
  /// second register their sum.
  private void exponentials(Assembler code, LoopCode loop, MathCode math) {
    Vector[] sums = {register(1), register(2)};
    code.op(VectorOp.XORPS, sums[0], sums[0], sums[0]);
    code.op(VectorOp.XORPS, sums[1], sums[1], sums[1]);
    loop.each(
        ROW_BYTES,
        SCRATCH,
        2,
        vector -> {
          Vector value = register(4);
          loop.load(value, X, vector);
          code.op(VectorOp.SUBPS, value, value, register(0));
          math.expOfNegative(value);
          if (!logarithm) {
            loop.store(value, Y, vector);
          }
          loop.fill(value, register(12));
          code.op(VectorOp.ADDPS, sums[vector], sums[vector], value);
        });
    loop.fold(sums, VectorOp.ADDPS);
  }

  private void divide(Assembler code, LoopCode loop, MathCode math) {
    if (logarithm) {
      math.log(register(1));
    } else {
      math.invert(register(1));
    }
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(4);
          if (logarithm) {
            loop.load(value, X, vector);
            code.op(VectorOp.SUBPS, value, value, register(0));
            code.op(VectorOp.SUBPS, value, value, register(1));
          } else {
            loop.load(value, Y, vector);
            code.op(VectorOp.MULPS, value, value, register(1));
          }
          loop.store(value, Y, vector);
        });
  }
}
