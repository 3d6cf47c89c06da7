package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the look-up of bytes in a table of 256, which lies in four vectors.
///
/// Two vectors are looked up by the lower seven bits; the highest chooses between both pairs.
///
/// The arguments, in order: the table, x, y, and how many vectors.
final class ByteTableCode {
  static final int BLOCK = 64;

  private static final Vector INDEX = register(4);
  private static final Vector LOWER = register(5);
  private static final Vector UPPER = register(6);
  private static final Mask IN_UPPER = new Mask(1);

  private ByteTableCode() {}

  /// {@return the code}
  static byte[] emit() {
    Assembler code = new Assembler();
    for (int i = 0; i < 4; i++) {
      code.op(VectorOp.MOVUPS, register(i), at(RDI, BLOCK * i));
    }
    Label block = code.here();
    code.op(VectorOp.MOVUPS, INDEX, at(RSI));
    code.op(VectorOp.MOVUPS, LOWER, INDEX);
    code.op(VectorOp.MOVUPS, UPPER, INDEX);
    code.op(VectorOp.PERMI2B, LOWER, register(0), register(1));
    code.op(VectorOp.PERMI2B, UPPER, register(2), register(3));
    code.signs(IN_UPPER, INDEX);
    code.op(VectorOp.PBLENDMB, LOWER, LOWER, UPPER, IN_UPPER, false);
    code.op(VectorOp.MOVUPS_TO, LOWER, at(RDX));
    code.alu(ADD, RSI, BLOCK);
    code.alu(ADD, RDX, BLOCK);
    code.repeat(block, RCX);
    return code.end();
  }

  private static Vector register(int number) {
    return new Vector(number, BLOCK);
  }
}
