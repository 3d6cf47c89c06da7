package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates what turns scores of attention into weights: each row becomes `e^(x - max x)` where `x
/// = factor · score + added`, and the inverse of its sum goes to a place of its own.
///
/// With AVX-512 two rows go side by side, so that one's arithmetic fills the time in which the
/// other's largest number or sum is folded. The arguments: scores, what is added to them, rows,
/// bytes of a row, the mask of its end, the bits of the factor, bytes from row to row of the scores
/// and of what is added, where the inverse sums go.
///
/// @param vectorBytes the width of vectors
/// @param masked whether something is added to the scores
/// @param single whether a row is no longer than a vector, and the mask that of all its elements
record ScoresCode(int vectorBytes, boolean masked, boolean single) {
  private static final Register ROWS = Register.RDX;
  private static final Register INVERSES = Register.R9;
  private static final Register ROW_BYTES = Register.R10;
  private static final Register SCRATCH = Register.RAX;

  /// The scores of the rows that go side by side, and what is added to them.
  private static final Register[] X = {Register.RDI, Register.R11};

  private static final Register[] ADDED = {Register.RSI, Register.R8};
  private static final int STEP = 8;
  private static final int ADDED_STEP = 16;
  private static final int INVERSES_AT = 24;
  private static final int UNROLL = 4;
  private static final int ROUND_TO_NEAREST = 8;

  /// `2^r` for `|r| ≤ ½` within 1e-7, the highest power first.
  private static final float[] POWER = {
    0.0013264727f, 0.009671513f, 0.055507336f, 0.24022242f, 0.693147f, 1
  };

  private static final Mask CHOSEN = new Mask(7);

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// The largest numbers or sums of a row.
  private Vector sum(int row, int i) {
    return register(row * UNROLL + i);
  }

  private Vector largest(int row) {
    return register((wide() ? 2 * UNROLL : UNROLL) + row);
  }

  private Vector value(int row) {
    return register((wide() ? 2 * UNROLL + 2 : UNROLL + 1) + row);
  }

  private int firstFree() {
    return wide() ? 2 * UNROLL + 4 : UNROLL + 2;
  }

  private Vector factor() {
    return register(LoopCode.registers(vectorBytes) - 1);
  }

  private Vector least() {
    return register(LoopCode.registers(vectorBytes) - 2);
  }

  /// The registers of numbers, with AVX-512: the coefficients, log₂ e, the floor.
  private Vector constant(int i) {
    return register(16 + i);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    MathCode math = new MathCode(code, loop.registers(firstFree(), MathCode.TEMPORARIES));
    code.mov(ROW_BYTES, Register.RCX);
    loop.present(Register.R8);
    loop.repeat(factor(), Register.R9);
    code.load(INVERSES, at(Register.RSP, INVERSES_AT));
    math.load(least(), Float.NEGATIVE_INFINITY);
    if (wide()) {
      for (int i = 0; i < POWER.length; i++) {
        math.load(constant(i), POWER[i]);
      }
      math.load(constant(POWER.length), MathCode.LOG2_E);
      math.load(constant(POWER.length + 1), MathCode.EXP_FLOOR);
    }
    for (int together = wide() ? 2 : 1; together > 0; together--) {
      Label end = new Label();
      Label next = code.here();
      code.alu(CMP, ROWS, together);
      code.jump(LESS, end);
      if (together == 2) {
        code.mov(X[1], X[0]);
        code.alu(ADD, X[1], at(Register.RSP, STEP));
        if (masked) {
          code.mov(ADDED[1], ADDED[0]);
          code.alu(ADD, ADDED[1], at(Register.RSP, ADDED_STEP));
        }
      }
      rows(code, loop, math, together);
      for (int i = 0; i < together; i++) {
        code.alu(ADD, X[0], at(Register.RSP, STEP));
        if (masked) {
          code.alu(ADD, ADDED[0], at(Register.RSP, ADDED_STEP));
        }
      }
      code.alu(ADD, INVERSES, 4 * together);
      code.alu(SUB, ROWS, together);
      code.jump(next);
      code.bind(end);
    }
    return code.end();
  }

  private void rows(Assembler code, LoopCode loop, MathCode math, int rows) {
    if (single) {
      loop.once(_ -> vectors(code, loop, math, rows));
    } else {
      for (int i = 0; i < UNROLL; i++) {
        for (int row = 0; row < rows; row++) {
          code.op(VectorOp.MOVUPS, sum(row, i), least());
        }
      }
      loop.each(ROW_BYTES, SCRATCH, UNROLL, vector -> maximum(code, loop, rows, vector));
      for (int row = 0; row < rows; row++) {
        fold(code, loop, row, UNROLL, VectorOp.MAXPS);
      }
      for (int row = 0; row < rows; row++) {
        code.op(VectorOp.MOVUPS, largest(row), sum(row, 0));
        code.op(VectorOp.XORPS, sum(row, 0), sum(row, 0), sum(row, 0));
        code.op(VectorOp.XORPS, sum(row, 1), sum(row, 1), sum(row, 1));
      }
      loop.each(ROW_BYTES, SCRATCH, 2, vector -> exponential(code, loop, math, rows, vector));
    }
    for (int row = 0; row < rows; row++) {
      finish(code, loop, math, row, single ? 1 : 2);
    }
  }

  /// Rows that are one vector each.
  private void vectors(Assembler code, LoopCode loop, MathCode math, int rows) {
    for (int row = 0; row < rows; row++) {
      load(code, loop, row, 0);
    }
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.MOVUPS, sum(row, 0), value(row));
      loop.fill(sum(row, 0), least());
    }
    for (int row = 0; row < rows; row++) {
      fold(code, loop, row, 1, VectorOp.MAXPS);
    }
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.MOVUPS, largest(row), sum(row, 0));
    }
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.XORPS, sum(row, 0), sum(row, 0), sum(row, 0));
    }
    exponentialOfLoaded(code, loop, math, rows, 0);
  }

  private void maximum(Assembler code, LoopCode loop, int rows, int vector) {
    for (int row = 0; row < rows; row++) {
      load(code, loop, row, vector);
      loop.fill(value(row), least());
      code.op(VectorOp.MAXPS, sum(row, vector), value(row), sum(row, vector));
    }
  }

  private void exponential(Assembler code, LoopCode loop, MathCode math, int rows, int vector) {
    for (int row = 0; row < rows; row++) {
      load(code, loop, row, vector);
    }
    exponentialOfLoaded(code, loop, math, rows, vector);
  }

  private void load(Assembler code, LoopCode loop, int row, int vector) {
    Vector value = value(row);
    loop.load(value, X[row], vector);
    if (masked) {
      Vector added = register(firstFree());
      loop.load(added, ADDED[row], vector);
      code.op(VectorOp.FMADD213PS, value, factor(), added);
    } else {
      code.op(VectorOp.MULPS, value, value, factor());
    }
  }

  private void fold(Assembler code, LoopCode loop, int row, int count, VectorOp op) {
    for (int i = 1; i < count; i++) {
      code.op(op, sum(row, 0), sum(row, 0), sum(row, i));
    }
    Vector other = register(firstFree());
    loop.fold(sum(row, 0), other, op);
  }

  /// Stores the exponentials of the values and adds them up.
  private void exponentialOfLoaded(
      Assembler code, LoopCode loop, MathCode math, int rows, int vector) {
    for (int row = 0; row < rows; row++) {
      Vector value = value(row);
      code.op(VectorOp.SUBPS, value, value, largest(row));
      if (wide()) {
        powerOfTwo(code, row);
      } else {
        math.expOfNegative(value);
      }
      loop.store(value, X[row], vector);
      Vector zero = register(firstFree());
      code.op(VectorOp.XORPS, zero, zero, zero);
      loop.fill(value, zero);
      code.op(VectorOp.ADDPS, sum(row, vector % 2), sum(row, vector % 2), value);
    }
  }

  /// `value = e^value` of numbers that are not above 0, as a power of 2 of which the whole part is
  /// rounded off exactly: what is lost of `value · log₂ e` is less than `e^value` hides.
  private void powerOfTwo(Assembler code, int row) {
    Vector value = value(row);
    Vector whole = register(firstFree() + 1);
    Vector power = register(firstFree() + 2);
    code.compare(CHOSEN, value, constant(POWER.length + 1), Predicate.NOT_LESS.immediate);
    code.op(VectorOp.MULPS, value, value, constant(POWER.length));
    code.op(VectorOp.ROUNDPS, whole, value, ROUND_TO_NEAREST);
    code.op(VectorOp.SUBPS, value, value, whole);
    code.op(VectorOp.MOVUPS, power, constant(0));
    for (int i = 1; i < POWER.length; i++) {
      code.op(VectorOp.FMADD213PS, power, value, constant(i));
    }
    code.op(VectorOp.SCALEFPS, value, power, whole, CHOSEN, true);
  }

  /// Stores the inverse of a row's sum.
  private void finish(Assembler code, LoopCode loop, MathCode math, int row, int sums) {
    fold(code, loop, row, sums, VectorOp.ADDPS);
    math.invert(sum(row, 0));
    code.op(VectorOp.MOVSS_TO, sum(row, 0).as(16), at(INVERSES, 4 * row));
  }
}
