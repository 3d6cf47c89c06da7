package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.List;

/// Generates the sum of a few rows, each times a factor: `c = Σ a[i] · b[i]`.
///
/// The arguments: the factors, the first row, bytes from row to row, the mask of the end, the
/// result, bytes of a row.
///
/// @param vectorBytes the width of vectors
/// @param rows how many rows, at most [#MOST_ROWS]
/// @param adds whether the sum is added to the result
record RowProductCode(int vectorBytes, int rows, boolean adds) {
  /// How many rows share one pass over the result.
  static final int MOST_ROWS = 8;

  private static final Register FACTORS = Register.RDI;
  private static final Register STEP = Register.RDX;
  private static final Register TO = Register.R8;
  private static final Register BYTES = Register.R9;

  /// What is saved; the rows are reached from these, too.
  private static final Register[] SAVED = {Register.RBX, Register.RBP, Register.R12, Register.R13};

  private static final List<Register> ROWS =
      List.of(
          Register.RSI,
          FACTORS,
          Register.R10,
          Register.R11,
          SAVED[0],
          SAVED[1],
          SAVED[2],
          SAVED[3]);

  private static final int UNROLL = 2;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.push(SAVED);
    loop.present(Register.RCX);
    Vector[] factors = loop.registers(0, rows);
    Vector[] sums = loop.registers(MOST_ROWS, UNROLL);
    Vector other = new Vector(MOST_ROWS + UNROLL, vectorBytes);
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.BROADCASTSS, factors[row], at(FACTORS, 4 * row));
    }
    for (int row = 1; row < rows; row++) {
      code.lea(ROWS.get(row), at(ROWS.get(row - 1), STEP, 1, 0));
    }
    loop.each(
        BYTES,
        Register.RAX,
        UNROLL,
        vector -> {
          Vector sum = sums[vector % UNROLL];
          if (adds) {
            loop.load(sum, TO, vector);
          } else {
            code.op(VectorOp.XORPS, sum, sum, sum);
          }
          for (int row = 0; row < rows; row++) {
            loop.load(other, ROWS.get(row), vector);
            code.op(VectorOp.FMADD231PS, sum, factors[row], other);
          }
          loop.store(sum, TO, vector);
        });
    return code.end(SAVED);
  }
}
