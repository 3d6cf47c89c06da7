package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R12;
import static dev.jiffy.engine.kernel.x86.Register.R13;
import static dev.jiffy.engine.kernel.x86.Register.R14;
import static dev.jiffy.engine.kernel.x86.Register.R15;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates copies between strided views: three loops, the innermost over words that lie apart or
/// over vectors of words that lie side by side in both.
///
/// The arguments, all numbers, in order: x, y, words, bytes from word to word of x, and of y; then
/// the count of the middle loop, the bytes from pass to pass in x and in y, and the same three of
/// the outer loop. Counts are not 0. Where words lie side by side, their bytes stand for their
/// number and the mask of the last vector (see [Masks]) for the first step.
///
/// @param vectorBytes the width of vectors
/// @param adjacent whether words lie side by side
record CopyCode(int vectorBytes, boolean adjacent) {
  private static final Register[] SAVED = {RBX, R12, R13, R14, R15};

  private static final int STACK = 8 * SAVED.length + 8; // and the return address
  private static final int MIDDLE_X = STACK;
  private static final int MIDDLE_Y = STACK + 8;
  private static final int OUTER = STACK + 16;
  private static final int OUTER_X = STACK + 24;
  private static final int OUTER_Y = STACK + 32;

  private static final int UNROLL = 4;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.push(SAVED);
    if (adjacent) {
      loop.present(RCX);
    }
    Label outer = code.here();
    code.mov(R12, RDI);
    code.mov(R13, RSI);
    code.mov(R14, R9);
    Label middle = code.here();
    if (adjacent) {
      vectors(loop);
    } else {
      words(code);
    }
    code.alu(ADD, R12, at(RSP, MIDDLE_X));
    code.alu(ADD, R13, at(RSP, MIDDLE_Y));
    code.alu(SUB, R14, 1);
    code.jump(NOT_EQUAL, middle);
    code.alu(ADD, RDI, at(RSP, OUTER_X));
    code.alu(ADD, RSI, at(RSP, OUTER_Y));
    code.load(RAX, at(RSP, OUTER));
    code.alu(SUB, RAX, 1);
    code.store(RAX, at(RSP, OUTER));
    code.jump(NOT_EQUAL, outer);
    code.pop(SAVED);
    if (adjacent) {
      code.vzeroupper();
    }
    code.ret();
    return code.finish();
  }

  private void vectors(LoopCode loop) {
    Vector[] values = loop.registers(0, UNROLL);
    loop.groups(
        RDX,
        RAX,
        UNROLL,
        count -> {
          for (int i = 0; i < count; i++) {
            loop.load(values[i], R12, i);
          }
          for (int i = 0; i < count; i++) {
            loop.store(values[i], R13, i);
          }
        });
  }

  private static void words(Assembler code) {
    Label rest = new Label();
    Label end = new Label();
    code.mov(RAX, R12);
    code.mov(RBX, R13);
    code.mov(R15, RDX);
    code.alu(SUB, R15, UNROLL);
    code.jump(LESS, rest);
    Label pass = code.here();
    for (int i = 0; i < UNROLL; i += 2) {
      code.loadUnsigned(R10, at(RAX));
      code.loadUnsigned(R11, at(RAX, RCX, 1, 0));
      code.lea(RAX, at(RAX, RCX, 2, 0));
      code.storeInt(R10, at(RBX));
      code.storeInt(R11, at(RBX, R8, 1, 0));
      code.lea(RBX, at(RBX, R8, 2, 0));
    }
    code.alu(SUB, R15, UNROLL);
    code.jump(GREATER_OR_EQUAL, pass);
    code.bind(rest);
    code.alu(ADD, R15, UNROLL);
    code.jump(EQUAL, end);
    Label one = code.here();
    code.loadUnsigned(R10, at(RAX));
    code.storeInt(R10, at(RBX));
    code.alu(ADD, RAX, RCX);
    code.alu(ADD, RBX, R8);
    code.alu(SUB, R15, 1);
    code.jump(NOT_EQUAL, one);
    code.bind(end);
  }
}
