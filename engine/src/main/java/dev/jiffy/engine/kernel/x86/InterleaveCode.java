package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
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
/// channels-last: `y[p, c] = x[c, p]`; AVX-512 only.
///
/// A vector of the result takes elements of every plane, each in its lanes. All planes spread in
/// the same way, so that a vector has one order; and the lanes are those of every so many numbers,
/// so that there are no more masks than planes.
///
/// The arguments, in order: x, the bytes from plane to plane, y, and how many blocks of 16 elements
/// of each plane.
///
/// @param planes how many planes, 2 to [#MOST_PLANES]
record InterleaveCode(int planes) {
  static final int MOST_PLANES = 4;
  static final int BLOCK = 16;

  /// The registers of the orders, behind those of the results.
  private static final int ORDERS = MOST_PLANES;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R8, at(RSI, RSI, 2, 0));
    for (int i = 0; i < planes; i++) {
      code.op(VectorOp.MOVUPS, Vector.zmm(ORDERS + i), code.table(order(i)));
      code.mov(RAX, lanes(i));
      code.kmov(new Mask(1 + i), RAX);
    }
    Label block = code.here();
    for (int i = 0; i < planes; i++) {
      Vector result = Vector.zmm(i);
      Vector order = Vector.zmm(ORDERS + i);
      code.op(VectorOp.PERMPS, result, order, at(RDI));
      for (int plane = 1; plane < planes; plane++) {
        Mask mask = new Mask(1 + Math.floorMod(plane - BLOCK * i, planes));
        code.op(VectorOp.PERMPS, result, order, elements(plane), mask, false);
      }
      code.op(VectorOp.MOVUPS_TO, result, at(RDX, 4 * BLOCK * i));
    }
    code.alu(ADD, RDI, 4 * BLOCK);
    code.alu(ADD, RDX, 4 * BLOCK * planes);
    code.alu(SUB, RCX, 1);
    code.jump(NOT_EQUAL, block);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  /// {@return which element of its plane each lane of a vector of the result holds}
  private float[] order(int vector) {
    float[] order = new float[BLOCK];
    for (int lane = 0; lane < BLOCK; lane++) {
      order[lane] = Float.intBitsToFloat((BLOCK * vector + lane) / planes);
    }
    return order;
  }

  /// {@return the lanes whose number leaves a rest when divided by the number of planes, as bits}
  private int lanes(int rest) {
    int lanes = 0;
    for (int lane = rest; lane < BLOCK; lane += planes) {
      lanes |= 1 << lane;
    }
    return lanes;
  }

  private static Address elements(int plane) {
    return switch (plane) {
      case 1 -> at(RDI, RSI, 1, 0);
      case 2 -> at(RDI, RSI, 2, 0);
      default -> at(RDI, R8, 1, 0);
    };
  }
}
