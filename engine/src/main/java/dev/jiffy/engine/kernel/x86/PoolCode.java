package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.CutVectors.present;
import static dev.jiffy.engine.kernel.x86.CutVectors.store;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
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
import static dev.jiffy.engine.kernel.x86.Register.RBP;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the pooling of rows of adjacent pixels of a result, all of which see equally many rows
/// and columns of the image: all channels of a pixel, a few vectors at a time.
///
/// The arguments, all numbers, in order: the first element that the first pixel sees, bytes from
/// tap to tap, bytes from row to row of taps, columns of taps, rows of taps (if one is 0, so is the
/// other), y, pixels, xStep, yStep, whole vectors of channels, the mask of the rest (see [Masks]),
/// the bits of the f32 that sums are divided by, rows of pixels, and bytes from what lies behind a
/// row's last pixel to the first element that the next row's sees. Rows of the result are adjacent.
///
/// @param vectorBytes the width of vectors
/// @param max whether the largest element is wanted instead of the mean
/// @param cut whether the last vector of channels is not whole
record PoolCode(int vectorBytes, boolean max, boolean cut) {
  private static final Register[] SAVED = {RBX, RBP, R12, R13, R14, R15};

  private static final int STACK = 8 * SAVED.length + 8; // saved, the return address
  private static final int PIXELS = STACK;
  private static final int X_STEP = STACK + 8;
  private static final int Y_STEP = STACK + 16;
  private static final int VECTORS = STACK + 24;
  private static final int MASK = STACK + 32;
  private static final int COUNT = STACK + 40;
  private static final int ROWS = STACK + 48;
  private static final int GAP = STACK + 56;

  private static final Mask NOT_A_NUMBER = new Mask(2);

  /// The predicate of comparisons that holds where an operand is NaN.
  static final int UNORDERED = 3;

  /// The vectors of channels that are worked on together.
  private static final int TOGETHER = 4;

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private Vector element(int i) {
    return register(TOGETHER + i);
  }

  private Vector unordered() {
    return register(13);
  }

  private Vector count() {
    return register(14);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    if (!max) {
      code.op(VectorOp.BROADCASTSS, count(), at(RSP, COUNT));
    }
    if (cut) {
      code.load(RAX, at(RSP, MASK));
      present(code, vectorBytes, RAX);
    }
    Label row = code.here();
    code.load(RBP, at(RSP, PIXELS));
    Label pixel = code.here();
    code.mov(R10, RDI);
    code.mov(R11, R9);
    code.load(R12, at(RSP, VECTORS));
    whole(code, TOGETHER);
    whole(code, 1);
    if (cut) {
      vectors(code, 1, true);
    }
    code.alu(ADD, RDI, at(RSP, X_STEP));
    code.alu(ADD, R9, at(RSP, Y_STEP));
    code.repeat(pixel, RBP);
    code.alu(ADD, RDI, at(RSP, GAP));
    code.alu(SUB, at(RSP, ROWS), 1, RAX);
    code.jump(NOT_EQUAL, row);
    return code.end(SAVED);
  }

  /// Pools whole vectors of channels as long as there are enough of them, counted by `R12`.
  private void whole(Assembler code, int vectors) {
    Label end = new Label();
    Label again = code.here();
    code.alu(CMP, R12, vectors);
    code.jump(LESS, end);
    vectors(code, vectors, false);
    code.alu(ADD, R10, vectors * vectorBytes);
    code.alu(ADD, R11, vectors * vectorBytes);
    code.alu(SUB, R12, vectors);
    code.jump(again);
    code.bind(end);
  }

  /// Pools some vectors of channels at `R10` and stores them at `R11`.
  private void vectors(Assembler code, int vectors, boolean masked) {
    for (int i = 0; i < vectors; i++) {
      if (max) {
        code.op(VectorOp.BROADCASTSS, register(i), code.constant(Float.NEGATIVE_INFINITY, 4));
      } else {
        code.op(VectorOp.XORPS, register(i), register(i), register(i));
      }
    }
    Label none = new Label();
    code.mov(R13, R10);
    code.mov(R14, R8);
    code.test(R14);
    code.jump(EQUAL, none);
    Label row = code.here();
    code.mov(R15, R13);
    code.mov(RBX, RCX);
    Label column = code.here();
    for (int i = 0; i < vectors; i++) {
      Address from = at(R15, i * vectorBytes);
      if (max) {
        takeLarger(code, i, from, masked);
      } else {
        add(code, i, from, masked);
      }
    }
    code.alu(ADD, R15, RSI);
    code.repeat(column, RBX);
    code.alu(ADD, R13, RDX);
    code.repeat(row, R14);
    code.bind(none);
    for (int i = 0; i < vectors; i++) {
      if (!max) {
        code.op(VectorOp.DIVPS, register(i), register(i), count());
      }
      store(code, register(i), at(R11, i * vectorBytes), masked);
    }
  }

  /// Replaces a vector by the larger elements, or by NaN where there is one.
  ///
  /// `MAXPS` yields its second source where either is NaN: what is NaN already stays so, and a new
  /// NaN is put in afterwards.
  private void takeLarger(Assembler code, int i, Address from, boolean masked) {
    Vector largest = register(i);
    Vector element = element(i);
    load(code, element, from, masked);
    if (wide()) {
      code.compare(NOT_A_NUMBER, element, element, UNORDERED);
      code.op(VectorOp.MAXPS, largest, element, largest);
      code.op(VectorOp.MOVUPS, largest, element, NOT_A_NUMBER, false);
    } else {
      code.op(VectorOp.CMPPS, unordered(), element, element, UNORDERED);
      code.op(VectorOp.MAXPS, largest, element, largest);
      code.op(VectorOp.ORPS, largest, largest, unordered());
    }
  }

  private void add(Assembler code, int i, Address from, boolean masked) {
    Vector sum = register(i);
    if (!masked) {
      code.op(VectorOp.ADDPS, sum, sum, from);
    } else {
      load(code, element(i), from, true);
      code.op(VectorOp.ADDPS, sum, sum, element(i));
    }
  }
}
