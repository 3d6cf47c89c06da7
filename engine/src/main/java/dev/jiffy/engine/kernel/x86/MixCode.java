package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates sums of weighted rows (see [Mixtures]).
///
/// The arguments: where the taps of each sum begin, the taps, x, the mask of a row's end, y, sums,
/// bytes of a row.
///
/// @param vectorBytes the width of vectors
record MixCode(int vectorBytes) {
  private static final int TOGETHER = 4;
  private static final Register[] SAVED = {RBX};
  private static final int ROW_BYTES = 8 * SAVED.length + 8; // saved, the return address

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    LoopCode loop = new LoopCode(code, vectorBytes);
    loop.present(RCX);
    Label row = code.here();
    code.load(R10, at(RSP, ROW_BYTES));
    loop.groups(R10, RAX, TOGETHER, vectors -> sum(code, loop, vectors));
    code.alu(ADD, RDI, 4);
    code.alu(ADD, R8, at(RSP, ROW_BYTES));
    code.repeat(row, R9);
    return code.end(SAVED);
  }

  private void sum(Assembler code, LoopCode loop, int vectors) {
    Vector[] sums = loop.registers(0, vectors);
    Vector[] elements = loop.registers(TOGETHER, vectors);
    Vector weight = new Vector(2 * TOGETHER, vectorBytes);
    for (Vector sum : sums) {
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    code.loadUnsigned(R11, at(RDI));
    code.loadUnsigned(RBX, at(RDI, 4));
    code.lea(R11, at(RSI, R11, Mixtures.TAP_BYTES, 0));
    code.lea(RBX, at(RSI, RBX, Mixtures.TAP_BYTES, 0));
    Label none = new Label();
    code.alu(CMP, R11, RBX);
    code.jump(EQUAL, none);
    Label tap = code.here();
    code.loadUnsigned(R10, at(R11));
    code.lea(R10, at(RDX, R10, 4, 0));
    code.op(VectorOp.BROADCASTSS, weight, at(R11, 4));
    for (int i = 0; i < vectors; i++) {
      loop.load(elements[i], R10, i);
      code.op(VectorOp.FMADD231PS, sums[i], elements[i], weight);
    }
    code.alu(ADD, R11, Mixtures.TAP_BYTES);
    code.alu(CMP, R11, RBX);
    code.jump(NOT_EQUAL, tap);
    code.bind(none);
    for (int i = 0; i < vectors; i++) {
      loop.store(sums[i], R8, i);
    }
    code.load(R10, at(RSP, ROW_BYTES));
  }
}
