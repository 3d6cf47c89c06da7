package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates what makes f32 of a panel of weights of a few bits, as [BlockCode] takes them for rows
/// of f32: `(q - zero) · scale`.
///
/// The arguments, in order: the panel, how many blocks, at least 1, y, and the bytes from row to
/// row of `y`.
///
/// @param vectorBytes the width of vectors
/// @param block the rows of a block of weights
/// @param bits the bits of a weight: 2, 4 or 8
/// @param zeros whether blocks have zero points; they are half of the range otherwise
record UnpackCode(int vectorBytes, int block, int bits, boolean zeros) {
  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    int depth = BlockCode.depth(bits);
    int vectors = block / depth;
    Assembler code = new Assembler();
    Vector scale = register(0);
    Vector shift = register(1);
    Vector mask = register(2);
    Vector weights = register(3);
    code.op(VectorOp.BROADCASTSS, mask, code.constant((1 << bits) - 1, 4));
    Label next = code.here();
    code.op(VectorOp.MOVUPS, scale, at(RDI, vectorBytes * vectors));
    code.op(VectorOp.XORPS, shift, shift, shift);
    if (zeros) {
      code.op(VectorOp.SUBPS, shift, shift, at(RDI, vectorBytes * (vectors + 1)));
    } else {
      code.op(
          VectorOp.FNMADD231PS, shift, scale, code.constant(1f * (1 << (bits - 1)), vectorBytes));
    }
    code.mov(RAX, vectors);
    Label more = code.here();
    code.op(VectorOp.MOVUPS, weights, at(RDI));
    for (int place = 0; place < depth; place++) {
      Vector value = register(4 + place % 4);
      Vector from = weights;
      if (place > 0) {
        code.shift(Shift.RIGHT, value, weights, bits * place);
        from = value;
      }
      if (place < depth - 1) {
        code.op(VectorOp.ANDPS, value, from, mask);
      }
      code.op(VectorOp.CVTDQ2PS, value, value);
      if (zeros) { // a weight that is its zero point is 0, also times an infinity
        code.op(VectorOp.MULPS, value, value, scale);
        code.op(VectorOp.ADDPS, value, value, shift);
      } else {
        code.op(VectorOp.FMADD213PS, value, scale, shift);
      }
      code.op(VectorOp.MOVUPS_TO, value, at(RDX));
      code.alu(ADD, RDX, RCX);
    }
    code.alu(ADD, RDI, vectorBytes);
    code.repeat(more, RAX);
    code.alu(ADD, RDI, (zeros ? 2 : 1) * vectorBytes);
    code.repeat(next, RSI);
    return code.end();
  }
}
