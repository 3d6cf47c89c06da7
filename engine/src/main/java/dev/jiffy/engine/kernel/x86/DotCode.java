package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.List;

/// Generates the dot products of one row and a few others: `c[i] = Σ a[j] · b[i][j]`.
///
/// The arguments: the row, the first of the others, bytes from one to the next, the mask of the
/// end, the result, bytes of a row.
///
/// @param vectorBytes the width of vectors
/// @param rows how many others, at most [#MOST_ROWS]
record DotCode(int vectorBytes, int rows) {
  /// How many rows share one pass over the one.
  static final int MOST_ROWS = 8;

  private static final Register ROW = Register.RDI;
  private static final Register STEP = Register.RDX;
  private static final Register TO = Register.R8;
  private static final Register BYTES = Register.R9;

  /// What is saved; the rows are reached from these, too.
  private static final Register[] SAVED = {
    Register.RBX, Register.RBP, Register.R12, Register.R13, Register.R14
  };

  private static final List<Register> OTHERS =
      List.of(
          Register.RSI,
          Register.R10,
          Register.R11,
          SAVED[0],
          SAVED[1],
          SAVED[2],
          SAVED[3],
          SAVED[4]);

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.push(SAVED);
    loop.present(Register.RCX);
    Vector[] sums = loop.registers(0, rows);
    Vector one = new Vector(MOST_ROWS, vectorBytes);
    Vector other = new Vector(MOST_ROWS + 1, vectorBytes);
    for (int row = 1; row < rows; row++) {
      code.lea(OTHERS.get(row), at(OTHERS.get(row - 1), STEP, 1, 0));
    }
    for (Vector sum : sums) {
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    loop.each(
        BYTES,
        Register.RAX,
        1,
        vector -> {
          loop.load(one, ROW, vector);
          for (int row = 0; row < rows; row++) {
            loop.load(other, OTHERS.get(row), vector);
            code.op(VectorOp.FMADD231PS, sums[row], one, other);
          }
        });
    for (int row = 0; row < rows; row++) {
      Vector sum = sums[row];
      loop.fold(sum, other, VectorOp.ADDPS);
      code.op(VectorOp.MOVSS_TO, sum.as(16), at(TO, 4 * row));
    }
    return code.end(SAVED);
  }
}
