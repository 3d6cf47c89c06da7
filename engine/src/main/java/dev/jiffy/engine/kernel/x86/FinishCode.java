package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import org.jspecify.annotations.Nullable;

/// Generates what turns the raw sums of narrow products into results: `C = activation(sums + bias +
/// residual)` for rows of one or two vectors of columns; AVX-512 only.
///
/// Sums of bytes are i32 and count the zero points of the left-hand side in: with a scale `s` and a
/// zero point `z` per row, a scale `t` and the sum of the weights `w` per column, the product is
/// `(sum
/// - z · w) · (s · t)`.
///
/// The arguments, all numbers, in order: rows, sums, c, cStep, residual, residualStep, and on the
/// stack bias, the mask of the last vector, for bytes the first row's pair of `s` (f32) and `z`
/// (i32), the bytes from there to the next row's, and the columns' `t` (f32), which their `w` (i32)
/// follow. Bias and columns' numbers are read whole vectors at a time.
///
/// @param format what was multiplied
/// @param vectors vectors of columns, 1 or 2
/// @param cut whether the last columns of the last vector do not exist
/// @param residual whether there is a residual
/// @param activation what is applied last, or null; one that [FunctionCode#suits] accepts
record FinishCode(
    Format format, int vectors, boolean cut, boolean residual, @Nullable Activation activation) {
  private static final int BYTES = 64;

  /// The rows that are finished together.
  private static final int TOGETHER = 4;

  private static final Mask PRESENT = new Mask(1);

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.load(RAX, at(RSP, 8));
    for (int vector = 0; vector < vectors; vector++) {
      code.op(VectorOp.MOVUPS, bias(vector), at(RAX, BYTES * vector));
    }
    if (cut) {
      code.load(RAX, at(RSP, 16));
      code.kmov(PRESENT, RAX);
    }
    if (format == Format.INT8) {
      code.load(R10, at(RSP, 24));
      code.load(R11, at(RSP, 32));
      code.load(RAX, at(RSP, 40));
      for (int vector = 0; vector < vectors; vector++) {
        code.op(VectorOp.MOVUPS, scale(vector), at(RAX, BYTES * vector));
        code.op(VectorOp.MOVUPS, weights(vector), at(RAX, BYTES * (vectors + vector)));
      }
    }
    Label rest = new Label();
    Label end = new Label();
    code.alu(SUB, RDI, TOGETHER);
    code.jump(LESS, rest);
    Label loop = code.here();
    rows(code, TOGETHER);
    code.alu(SUB, RDI, TOGETHER);
    code.jump(GREATER_OR_EQUAL, loop);
    code.bind(rest);
    code.alu(ADD, RDI, TOGETHER);
    code.jump(EQUAL, end);
    Label one = code.here();
    rows(code, 1);
    code.repeat(one, RDI);
    code.bind(end);
    return code.end();
  }

  private static Vector register(int number) {
    return new Vector(number, BYTES);
  }

  private static Vector bias(int vector) {
    return register(26 + vector);
  }

  private static Vector scale(int vector) {
    return register(28 + vector);
  }

  private static Vector weights(int vector) {
    return register(30 + vector);
  }

  private Vector value(int row, int vector) {
    return register(row * vectors + vector);
  }

  private void rows(Assembler code, int rows) {
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        Address sums = at(RSI, BYTES * (row * vectors + vector));
        sum(code, value(row, vector), sums, vector);
      }
      if (format == Format.INT8) {
        code.alu(ADD, R10, R11);
      }
    }
    code.alu(ADD, RSI, rows * vectors * BYTES);
    if (residual) {
      for (int row = 0; row < rows; row++) {
        for (int vector = 0; vector < vectors; vector++) {
          Vector value = value(row, vector);
          Address from = at(R8, BYTES * vector);
          boolean last = cut && vector == vectors - 1;
          code.op(VectorOp.ADDPS, value, value, from, last ? PRESENT : Mask.NONE, false);
        }
        code.alu(ADD, R8, R9);
      }
    }
    FunctionCode.apply(code, activation, rows * vectors, BYTES, 26);
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        boolean last = cut && vector == vectors - 1;
        Address to = at(RDX, BYTES * vector);
        code.op(VectorOp.MOVUPS_TO, value(row, vector), to, last ? PRESENT : Mask.NONE, false);
      }
      code.alu(ADD, RDX, RCX);
    }
  }

  /// Loads the sums of a row and makes numbers of them.
  private void sum(Assembler code, Vector to, Address sums, int vector) {
    if (format != Format.INT8) {
      code.op(VectorOp.ADDPS, to, bias(vector), sums);
      return;
    }
    Vector shift = register(25);
    Vector factor = register(24);
    code.op(VectorOp.BROADCASTSS, shift, at(R10, 4));
    code.op(VectorOp.PMULLD, shift, shift, weights(vector));
    code.op(VectorOp.MOVUPS, to, sums);
    code.op(VectorOp.PSUBD, to, to, shift);
    code.op(VectorOp.CVTDQ2PS, to, to);
    code.op(VectorOp.MULPS, factor, scale(vector), at(R10).repeated());
    code.op(VectorOp.FMADD213PS, to, factor, bias(vector));
  }
}
