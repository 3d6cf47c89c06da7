package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates what sums of integers start from where that differs from row to row and from column to
/// column: a number of the row and one of the column, added.
///
/// The arguments: rows, at least 1; an i32 for each row; an i32 for each column; target, row after
/// row.
///
/// @param vectorBytes the width of vectors
/// @param vectors vectors of columns, 1 or 2
record StartCode(int vectorBytes, int vectors) {
  private static final Register ROWS = Register.RDI;
  private static final Register OF_ROWS = Register.RSI;
  private static final Register OF_COLUMNS = Register.RDX;
  private static final Register TO = Register.RCX;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    for (int vector = 0; vector < vectors; vector++) {
      code.op(VectorOp.MOVUPS, register(vector), at(OF_COLUMNS, vector * vectorBytes));
    }
    Label next = code.here();
    Vector ofRow = register(vectors);
    Vector sum = register(vectors + 1);
    code.op(VectorOp.BROADCASTSS, ofRow, at(OF_ROWS));
    for (int vector = 0; vector < vectors; vector++) {
      code.op(VectorOp.PADDD, sum, ofRow, register(vector));
      code.op(VectorOp.MOVUPS_TO, sum, at(TO, vector * vectorBytes));
    }
    code.alu(ADD, OF_ROWS, 4);
    code.alu(ADD, TO, vectors * vectorBytes);
    code.repeat(next, ROWS);
    return code.end();
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }
}
