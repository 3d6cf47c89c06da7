package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

/// Generates what brings rows into the second-level cache.
///
/// The arguments: the first row, bytes from row to row, rows, bytes of a row.
record NearCode() {
  private static final Register ROW = Register.RDI;
  private static final Register STEP = Register.RSI;
  private static final Register ROWS = Register.RDX;
  private static final Register BYTES = Register.RCX;
  private static final Register DONE = Register.RAX;
  private static final int LINE = 64;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    Label row = code.here();
    code.mov(DONE, 0);
    Label line = code.here();
    code.prefetch(at(ROW, DONE, 1, 0), 2);
    code.alu(ADD, DONE, LINE);
    code.alu(CMP, DONE, BYTES);
    code.jump(LESS, line);
    code.alu(ADD, ROW, STEP);
    code.repeat(row, ROWS);
    code.ret();
    return code.finish();
  }
}
