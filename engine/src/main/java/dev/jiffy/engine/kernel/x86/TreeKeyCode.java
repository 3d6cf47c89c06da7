package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Relative;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the making of keys of rows of f32: unsigned integers in the order of the numbers.
///
/// The arguments: rows, keys, bytes of a row, the mask of its end, how many rows, bytes from the
/// keys of a row to those of the next.
///
/// @param vectorBytes the width of vectors
/// @param twice whether second keys follow, in which NaN is 0
record TreeKeyCode(int vectorBytes, boolean twice) {
  private static final Register X = Register.RDI;
  private static final Register KEYS = Register.RSI;
  private static final Register ROW_BYTES = Register.RDX;
  private static final Register ROWS = Register.R8;
  private static final Register KEY_BYTES = Register.R9;
  private static final Register SECOND = Register.R10;
  private static final Mask NOT_A_NUMBER = new Mask(2);
  private static final int SIGN_BITS = 31;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    loop.present(Register.RCX);
    Label row = code.here();
    if (twice) {
      code.lea(SECOND, Address.at(KEYS, ROW_BYTES, 1, 0));
    }
    loop.each(ROW_BYTES, Register.RAX, 1, vector -> keys(code, loop, vector));
    code.alu(ADD, X, ROW_BYTES);
    code.alu(ADD, KEYS, KEY_BYTES);
    code.repeat(row, ROWS);
    return code.end();
  }

  private void keys(Assembler code, LoopCode loop, int vector) {
    Vector x = new Vector(0, vectorBytes);
    Vector key = new Vector(1, vectorBytes);
    Vector sign = new Vector(2, vectorBytes);
    Vector isNan = new Vector(3, vectorBytes);
    loop.load(x, X, vector);
    // a zero without a sign is added, which makes one zero of two
    code.op(VectorOp.ADDPS, key, x, code.constant(0, vectorBytes));
    code.shift(Shift.RIGHT_SIGNED, sign, key, SIGN_BITS);
    code.op(VectorOp.ORPS, sign, sign, code.constant(Integer.MIN_VALUE, vectorBytes));
    code.op(VectorOp.XORPS, key, key, sign);
    if (vectorBytes == 64) {
      code.compare(NOT_A_NUMBER, x, x, PoolCode.UNORDERED);
    } else {
      code.op(VectorOp.CMPPS, isNan, x, x, PoolCode.UNORDERED);
    }
    choose(code, sign, key, code.constant(-1, vectorBytes), isNan);
    loop.store(sign, KEYS, vector);
    if (twice) {
      choose(code, sign, key, code.constant(0, vectorBytes), isNan);
      loop.store(sign, SECOND, vector);
    }
  }

  /// `dst = NaN ? special : key`
  private void choose(Assembler code, Vector dst, Vector key, Relative special, Vector isNan) {
    if (vectorBytes == 64) {
      code.op(VectorOp.BLENDMPS, dst, key, special, NOT_A_NUMBER, false);
    } else {
      code.blend(dst, key, special, isNan);
    }
  }
}
