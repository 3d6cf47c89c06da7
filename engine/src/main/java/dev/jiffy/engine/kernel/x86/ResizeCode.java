package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.CutVectors.present;
import static dev.jiffy.engine.kernel.x86.CutVectors.store;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R12;
import static dev.jiffy.engine.kernel.x86.Register.R13;
import static dev.jiffy.engine.kernel.x86.Register.R14;
import static dev.jiffy.engine.kernel.x86.Register.R15;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the resampling of a row of an image with two taps in each direction, or of nearest
/// elements.
///
/// The arguments, all numbers, in order: the upper row of the image, the lower row, y, the table of
/// columns, columns of the result, bytes of a pixel, whole vectors of channels, the mask of the
/// rest (see [Masks]), and the f32 bits of the weights of the lower and of the upper row. For each
/// column of the result the table has the offsets of the left and the right pixel and their weights
/// in reverse order, [#ENTRY] bytes.
///
/// @param vectorBytes the width of vectors
/// @param nearest whether upper and left elements are taken as they are
/// @param cut whether the last vector of channels is not whole
record ResizeCode(int vectorBytes, boolean nearest, boolean cut) {
  /// The bytes of a column in the table.
  static final int ENTRY = 24;

  private static final Register[] SAVED = {R12, R13, R14, R15};

  private static final int STACK = 8 * SAVED.length + 8; // saved, the return address
  private static final int VECTORS = STACK;
  private static final int MASK = STACK + 8;
  private static final int LOWER = STACK + 16;
  private static final int UPPER = STACK + 24;

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    if (cut) {
      code.load(RAX, at(RSP, MASK));
      present(code, vectorBytes, RAX);
    }
    code.op(VectorOp.BROADCASTSS, register(8), at(RSP, LOWER));
    code.op(VectorOp.BROADCASTSS, register(9), at(RSP, UPPER));
    Label column = code.here();
    code.load(R12, at(RCX));
    code.load(R13, at(RCX, 8));
    code.lea(R14, at(RSI, R12, 1, 0));
    code.lea(R15, at(RSI, R13, 1, 0));
    code.alu(ADD, R12, RDI);
    code.alu(ADD, R13, RDI);
    code.op(VectorOp.BROADCASTSS, register(10), at(RCX, 16));
    code.op(VectorOp.BROADCASTSS, register(11), at(RCX, 20));
    code.mov(RAX, 0);
    code.load(R10, at(RSP, VECTORS));
    Label rest = new Label();
    code.test(R10);
    code.jump(EQUAL, rest);
    Label vector = code.here();
    vector(code, false);
    code.alu(ADD, RAX, vectorBytes);
    code.repeat(vector, R10);
    code.bind(rest);
    if (cut) {
      vector(code, true);
    }
    code.alu(ADD, RCX, ENTRY);
    code.alu(ADD, RDX, R9);
    code.repeat(column, R8);
    return code.end(SAVED);
  }

  /// Computes a vector of channels, `RAX` bytes from the first.
  private void vector(Assembler code, boolean masked) {
    load(code, register(0), at(R12, RAX, 1, 0), masked);
    if (!nearest) {
      load(code, register(1), at(R13, RAX, 1, 0), masked);
      load(code, register(2), at(R14, RAX, 1, 0), masked);
      load(code, register(3), at(R15, RAX, 1, 0), masked);
      mix(code, register(0), register(1), register(11), register(10));
      mix(code, register(2), register(3), register(11), register(10));
      mix(code, register(0), register(2), register(9), register(8));
    }
    store(code, register(0), at(RDX, RAX, 1, 0), masked);
  }

  /// `x = x · xWeight + y · yWeight`
  private static void mix(Assembler code, Vector x, Vector y, Vector xWeight, Vector yWeight) {
    code.op(VectorOp.MULPS, x, x, xWeight);
    code.op(VectorOp.FMADD231PS, x, y, yWeight);
  }
}
