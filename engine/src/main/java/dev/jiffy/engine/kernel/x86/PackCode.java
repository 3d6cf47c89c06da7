package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the packing of rows of a panel.
///
/// The arguments: the first element; the panel; bytes from row to row; bytes from column to column
/// or, where columns are adjacent, the mask of those that exist in the last vector; rows, at least
/// one; bytes of the columns that exist.
///
/// @param vectorBytes the width of vectors
/// @param vectors the vectors of a panel's row; of two, all columns exist
/// @param adjacent whether columns are adjacent
record PackCode(int vectorBytes, int vectors, boolean adjacent) {
  private static final Register FROM = Register.RDI;
  private static final Register TO = Register.RSI;
  private static final Register ROW_STEP = Register.RDX;
  private static final Register COLUMN_STEP = Register.RCX;
  private static final Register ROWS = Register.R8;
  private static final Register PRESENT = Register.R9;
  private static final Register ELEMENT = Register.RAX;
  private static final Register SOURCE = Register.R10;
  private static final Register TARGET = Register.R11;
  private static final Register END = Register.RBX;
  private static final Register THREE_ROWS = Register.RBP;

  /// The rows that are gathered at a time: their elements often share a cache line of the source.
  private static final int GATHERED = 4;

  /// The rows that loads are ahead of the copies.
  private static final int AHEAD = 8;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    if (adjacent) {
      copy(code);
    } else {
      gather(code);
    }
    return code.finish();
  }

  private int rowBytes() {
    return vectors * vectorBytes;
  }

  private void copy(Assembler code) {
    LoopCode loop = new LoopCode(code, vectorBytes);
    Vector[] row = loop.registers(0, vectors);
    loop.present(COLUMN_STEP);
    Label next = code.here();
    for (int line = 0; line < rowBytes(); line += 64) {
      code.prefetch(at(FROM, ROW_STEP, AHEAD, line), 0);
    }
    for (int i = 0; i < vectors - 1; i++) {
      code.op(VectorOp.MOVUPS, row[i], at(FROM, i * vectorBytes));
    }
    loop.loadCut(row[vectors - 1], at(FROM, (vectors - 1) * vectorBytes));
    for (int i = 0; i < vectors; i++) {
      code.op(VectorOp.MOVUPS_TO, row[i], at(TO, i * vectorBytes));
    }
    code.alu(ADD, FROM, ROW_STEP);
    code.alu(ADD, TO, rowBytes());
    code.repeat(next, ROWS);
    code.vzeroupper();
    code.ret();
  }

  private void gather(Assembler code) {
    code.push(END);
    code.push(THREE_ROWS);
    if (vectors == 1) {
      clear(code);
    }
    code.lea(THREE_ROWS, at(ROW_STEP, ROW_STEP, 2, 0));
    gather(code, GATHERED);
    gather(code, 1);
    code.pop(THREE_ROWS);
    code.pop(END);
    code.ret();
  }

  /// Clears the panel, of which not all columns may exist.
  private void clear(Assembler code) {
    Vector zero = new Vector(0, vectorBytes);
    code.op(VectorOp.XORPS, zero, zero, zero);
    code.mov(SOURCE, ROWS);
    code.mov(TARGET, TO);
    Label next = code.here();
    code.op(VectorOp.MOVUPS_TO, zero, at(TARGET));
    code.alu(ADD, TARGET, vectorBytes);
    code.repeat(next, SOURCE);
    code.vzeroupper();
  }

  /// Packs so many rows at a time, while there are as many.
  private void gather(Assembler code, int rows) {
    Label end = new Label();
    Label next = code.here();
    code.alu(CMP, ROWS, rows);
    code.jump(LESS, end);
    code.mov(SOURCE, FROM);
    code.mov(TARGET, TO);
    code.lea(END, at(TO, PRESENT, 1, 0));
    Label column = code.here();
    for (int row = 0; row < rows; row++) {
      Operand.Address from =
          switch (row) {
            case 0 -> at(SOURCE);
            case 1, 2 -> at(SOURCE, ROW_STEP, row, 0);
            default -> at(SOURCE, THREE_ROWS, 1, 0);
          };
      code.loadInt(ELEMENT, from);
      code.storeInt(ELEMENT, at(TARGET, row * rowBytes()));
    }
    code.alu(ADD, SOURCE, COLUMN_STEP);
    code.alu(ADD, TARGET, 4);
    code.alu(CMP, TARGET, END);
    code.jump(NOT_EQUAL, column);
    for (int row = 0; row < rows; row++) {
      code.alu(ADD, FROM, ROW_STEP);
    }
    code.alu(ADD, TO, rows * rowBytes());
    code.alu(SUB, ROWS, rows);
    code.jump(next);
    code.bind(end);
  }
}
