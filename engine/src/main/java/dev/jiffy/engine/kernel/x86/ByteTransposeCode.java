package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the transposition of a strip of bytes, eight wide, in square blocks.
///
/// Rows are interleaved byte by byte with those half of the block further down, three times: each
/// time twice as many rows lie between two bytes of one row.
///
/// The arguments are those of [TransposeCode].
final class ByteTransposeCode {
  static final int SIDE = 8;

  private ByteTransposeCode() {}

  /// {@return the code}
  static byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R9, at(RSI, RSI, 2, 0));
    code.lea(R11, at(RCX, RCX, 2, 0));
    Label block = code.here();
    for (int half = 0; half < SIDE; half += 4) {
      code.op(VectorOp.MOVQ, row(half), at(RDI));
      code.op(VectorOp.MOVQ, row(half + 1), at(RDI, RSI, 1, 0));
      code.op(VectorOp.MOVQ, row(half + 2), at(RDI, RSI, 2, 0));
      code.op(VectorOp.MOVQ, row(half + 3), at(RDI, R9, 1, 0));
      code.lea(RDI, at(RDI, RSI, 4, 0));
    }
    for (int i = 0; i < 4; i++) {
      code.op(VectorOp.PUNPCKLBW, row(i), row(i), row(i + 4));
    }
    interleave(code, 0, 4);
    interleave(code, 4, 0);
    code.mov(R10, RDX);
    for (int half = 0; half < 4; half += 2) {
      code.op(VectorOp.MOVLPS_TO, row(half), at(R10));
      code.op(VectorOp.MOVHPS_TO, row(half), at(R10, RCX, 1, 0));
      code.op(VectorOp.MOVLPS_TO, row(half + 1), at(R10, RCX, 2, 0));
      code.op(VectorOp.MOVHPS_TO, row(half + 1), at(R10, R11, 1, 0));
      code.lea(R10, at(R10, RCX, 4, 0));
    }
    code.alu(ADD, RDX, SIDE);
    code.repeat(block, R8);
    return code.end();
  }

  /// Interleaves the first two of four registers with the last two.
  private static void interleave(Assembler code, int from, int to) {
    for (int i = 0; i < 2; i++) {
      code.op(VectorOp.PUNPCKLBW, row(to + 2 * i), row(from + i), row(from + 2 + i));
      code.op(VectorOp.PUNPCKHBW, row(to + 2 * i + 1), row(from + i), row(from + 2 + i));
    }
  }

  private static Vector row(int number) {
    return new Vector(number, 16);
  }
}
