package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the interleaving of a few planes, as an image's channels are when it becomes
/// channels-last: `y[p, c] = x[c, p]`.
///
/// A vector of the result takes elements of every plane, each in its lanes. All planes spread in
/// the same way, so that a vector has one order; and the lanes are those of every so many numbers,
/// so that there are no more masks than planes.
///
/// The arguments, in order: x, the bytes from plane to plane, y, and how many blocks of a vector of
/// each plane.
///
/// @param vectorBytes the width of vectors
/// @param planes how many planes, 2 to [#MOST_PLANES]
record InterleaveCode(int vectorBytes, int planes) {
  static final int MOST_PLANES = 4;

  private static final int RESULT = 0;
  private static final int SPREAD = 1;
  private static final int ORDERS = 2;
  private static final int MASKS = ORDERS + MOST_PLANES;

  private int lanes() {
    return vectorBytes / 4;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R8, at(RSI, RSI, 2, 0));
    for (int i = 0; i < planes; i++) {
      code.op(VectorOp.MOVUPS, register(ORDERS + i), code.table(order(i)));
      if (vectorBytes == 64) {
        code.mov(RAX, present(i));
        code.kmov(mask(i), RAX);
      } else {
        code.op(VectorOp.MOVUPS, register(MASKS + i), code.table(signs(present(i))));
      }
    }
    Label block = code.here();
    for (int i = 0; i < planes; i++) {
      code.op(VectorOp.PERMPS, register(RESULT), register(ORDERS + i), at(RDI));
      for (int plane = 1; plane < planes; plane++) {
        int rest = Math.floorMod(plane - lanes() * i, planes);
        insert(code, register(ORDERS + i), elements(plane), rest);
      }
      code.op(VectorOp.MOVUPS_TO, register(RESULT), at(RDX, vectorBytes * i));
    }
    code.alu(ADD, RDI, vectorBytes);
    code.alu(ADD, RDX, vectorBytes * planes);
    code.repeat(block, RCX);
    return code.end();
  }

  /// Puts elements of a plane into the lanes of a mask.
  private void insert(Assembler code, Vector order, Address elements, int mask) {
    if (vectorBytes == 64) {
      code.op(VectorOp.PERMPS, register(RESULT), order, elements, mask(mask), false);
    } else {
      code.op(VectorOp.PERMPS, register(SPREAD), order, elements);
      code.blend(register(RESULT), register(RESULT), register(SPREAD), register(MASKS + mask));
    }
  }

  private static Mask mask(int number) {
    return new Mask(1 + number);
  }

  /// {@return which element of its plane each lane of a vector of the result holds}
  private float[] order(int vector) {
    float[] order = new float[lanes()];
    for (int lane = 0; lane < order.length; lane++) {
      order[lane] = Float.intBitsToFloat((order.length * vector + lane) / planes);
    }
    return order;
  }

  /// {@return the lanes whose number leaves a rest when divided by the number of planes, as bits}
  private int present(int rest) {
    int lanes = 0;
    for (int lane = rest; lane < lanes(); lane += planes) {
      lanes |= 1 << lane;
    }
    return lanes;
  }

  /// {@return a vector that is negative in some lanes}
  private float[] signs(int lanes) {
    float[] signs = new float[lanes()];
    for (int lane = 0; lane < signs.length; lane++) {
      signs[lane] = (lanes >> lane & 1) == 1 ? -1 : 1;
    }
    return signs;
  }

  private static Address elements(int plane) {
    return switch (plane) {
      case 1 -> at(RDI, RSI, 1, 0);
      case 2 -> at(RDI, RSI, 2, 0);
      default -> at(RDI, R8, 1, 0);
    };
  }
}
