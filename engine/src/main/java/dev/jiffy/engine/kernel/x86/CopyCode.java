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
import java.util.ArrayList;
import java.util.List;

/// Generates copies between strided views: three loops, the innermost over what [Kind] says.
///
/// The arguments, all numbers, in order: x, y, words, bytes from word to word of x, and of y; then
/// the count of the middle loop, the bytes from pass to pass in x and in y, and the same three of
/// the outer loop. Counts are not 0. For vectors bytes stand for words and the mask of the last
/// vector (see [Masks]) for the first step.
///
/// @param vectorBytes the width of vectors
/// @param kind what moves at a time
/// @param run the words of a run, a multiple of four up to [#MOST_RUN]
record CopyCode(int vectorBytes, Kind kind, int run) {
  /// What moves at a time.
  enum Kind {
    /// A word; words lie apart.
    WORDS,
    /// A vector of words that lie side by side in both.
    VECTORS,
    /// As [#VECTORS], but neighbours change places.
    NEIGHBOURS,
    /// Every other word of two vectors of x, as a vector of y; there are as many words at least.
    HALVES,
    /// A run of words that lie side by side in both, without a loop.
    RUN
  }

  /// The most words that are moved without a loop.
  static final int MOST_RUN = 64;

  private static final Register[] SAVED = {RBX, R12, R13, R14, R15};

  private static final int STACK = 8 * SAVED.length + 8; // and the return address
  private static final int MIDDLE_X = STACK;
  private static final int MIDDLE_Y = STACK + 8;
  private static final int OUTER = STACK + 16;
  private static final int OUTER_X = STACK + 24;
  private static final int OUTER_Y = STACK + 32;

  private static final int UNROLL = 4;

  /// Of four words which go where: the neighbours.
  private static final int EXCHANGE = 0xb1;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    code.push(SAVED);
    if (kind == Kind.VECTORS || kind == Kind.NEIGHBOURS) {
      loop.present(RCX);
    } else if (kind == Kind.HALVES) {
      code.op(VectorOp.MOVUPS, order(), code.table(halvesInOrder()));
    }
    Label outer = code.here();
    code.mov(R12, RDI);
    code.mov(R13, RSI);
    code.mov(R14, R9);
    Label middle = code.here();
    switch (kind) {
      case WORDS -> words(code);
      case VECTORS, NEIGHBOURS -> vectors(code, loop);
      case RUN -> run(code);
      case HALVES -> halves(code);
    }
    code.alu(ADD, R12, at(RSP, MIDDLE_X));
    code.alu(ADD, R13, at(RSP, MIDDLE_Y));
    code.repeat(middle, R14);
    code.alu(ADD, RDI, at(RSP, OUTER_X));
    code.alu(ADD, RSI, at(RSP, OUTER_Y));
    code.alu(SUB, at(RSP, OUTER), 1, RAX);
    code.jump(NOT_EQUAL, outer);
    code.pop(SAVED);
    if (kind != Kind.WORDS) {
      code.vzeroupper();
    }
    code.ret();
    return code.finish();
  }

  private void run(Assembler code) {
    List<Vector> values = new ArrayList<>();
    for (int left = 4 * run; left > 0; left -= values.getLast().bytes()) {
      int width = Math.min(vectorBytes, Integer.highestOneBit(left));
      values.add(new Vector(values.size(), width));
    }
    int at = 0;
    for (Vector value : values) {
      code.op(VectorOp.MOVUPS, value, at(R12, at));
      at += value.bytes();
    }
    at = 0;
    for (Vector value : values) {
      code.op(VectorOp.MOVUPS_TO, value, at(R13, at));
      at += value.bytes();
    }
  }

  private void vectors(Assembler code, LoopCode loop) {
    Vector[] values = loop.registers(0, UNROLL);
    loop.groups(
        RDX,
        RAX,
        UNROLL,
        count -> {
          for (int i = 0; i < count; i++) {
            loop.load(values[i], R12, i);
            if (kind == Kind.NEIGHBOURS) {
              code.op(VectorOp.SHUFPS, values[i], values[i], values[i], EXCHANGE);
            }
          }
          for (int i = 0; i < count; i++) {
            loop.store(values[i], R13, i);
          }
        });
  }

  private Vector order() {
    return new Vector(2, vectorBytes);
  }

  /// Where the words of two vectors are after each lane got two words of either.
  private float[] halvesInOrder() {
    float[] places = new float[vectorBytes / 4];
    for (int i = 0; i < places.length; i++) {
      int ofHalf = i % (places.length / 2);
      int place = ofHalf / 2 * 4 + ofHalf % 2 + (i < places.length / 2 ? 0 : 2);
      places[i] = Float.intBitsToFloat(place);
    }
    return places;
  }

  private void halves(Assembler code) {
    int lanes = vectorBytes / 4;
    Label end = new Label();
    code.mov(RAX, R12);
    code.mov(RBX, R13);
    code.mov(R15, RDX);
    code.alu(SUB, R15, lanes);
    Label block = code.here();
    half(code);
    code.alu(ADD, RAX, 2 * vectorBytes);
    code.alu(ADD, RBX, vectorBytes);
    code.alu(SUB, R15, lanes);
    code.jump(GREATER_OR_EQUAL, block);
    code.alu(ADD, R15, lanes);
    code.jump(EQUAL, end);
    // The last vector overlaps the one before it rather than reach beyond the words.
    code.lea(RAX, at(RAX, R15, 8, -2 * vectorBytes));
    code.lea(RBX, at(RBX, R15, 4, -vectorBytes));
    half(code);
    code.bind(end);
  }

  /// Moves a vector of every other word. Of the second vector of x those with odd numbers are
  /// taken, as it begins a word earlier rather than reach beyond the last one.
  private void half(Assembler code) {
    Vector first = new Vector(0, vectorBytes);
    Vector second = new Vector(1, vectorBytes);
    code.op(VectorOp.MOVUPS, first, at(RAX));
    code.op(VectorOp.MOVUPS, second, at(RAX, vectorBytes - 4));
    code.op(VectorOp.SHUFPS, first, first, second, 0xd8);
    code.op(VectorOp.PERMPS, first, order(), first);
    code.op(VectorOp.MOVUPS_TO, first, at(RBX));
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
    code.repeat(one, R15);
    code.bind(end);
  }
}
