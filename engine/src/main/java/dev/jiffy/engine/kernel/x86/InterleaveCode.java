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
/// A vector of the result is loaded from each plane in turn, the elements spread over its lanes.
///
/// The arguments, in order: x, the bytes from plane to plane, y, and how many blocks of 16 elements
/// of each plane.
///
/// @param planes how many planes, 2 to [#MOST_PLANES]
record InterleaveCode(int planes) {
  static final int MOST_PLANES = 4;
  static final int BLOCK = 16;

  private static final int MASKS = 7;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R8, at(RSI, RSI, 2, 0));
    for (int i = 0; i < MASKS && i < planes * planes; i++) {
      load(code, i);
    }
    Label block = code.here();
    for (int vector = 0; vector < planes; vector++) {
      Vector result = Vector.zmm(vector);
      for (int plane = 0; plane < planes; plane++) {
        int number = vector * planes + plane;
        if (number >= MASKS) {
          load(code, number);
        }
        code.op(VectorOp.EXPANDPS, result, source(vector, plane), mask(number), plane == 0);
      }
      code.op(VectorOp.MOVUPS_TO, result, at(RDX, 4 * BLOCK * vector));
    }
    if (planes * planes > MASKS) {
      load(code, 0);
    }
    code.alu(ADD, RDI, 4 * BLOCK);
    code.alu(ADD, RDX, 4 * BLOCK * planes);
    code.alu(SUB, RCX, 1);
    code.jump(NOT_EQUAL, block);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  /// The first mask register is shared by all masks that have none of their own.
  private static Mask mask(int number) {
    return new Mask(number < MASKS ? number + 1 : 1);
  }

  /// Loads the mask of the lanes of a vector that come from a plane.
  private void load(Assembler code, int number) {
    int first = BLOCK * (number / planes);
    int lanes = 0;
    for (int lane = 0; lane < BLOCK; lane++) {
      if ((first + lane) % planes == number % planes) {
        lanes |= 1 << lane;
      }
    }
    code.mov(RAX, lanes);
    code.kmov(mask(number), RAX);
  }

  /// The first element of a plane that a vector holds.
  private Address source(int vector, int plane) {
    int first = (BLOCK * vector - plane + planes - 1) / planes;
    return switch (plane) {
      case 0 -> at(RDI, 4 * first);
      case 1 -> at(RDI, RSI, 1, 4 * first);
      case 2 -> at(RDI, RSI, 2, 4 * first);
      default -> at(RDI, R8, 1, 4 * first);
    };
  }
}
