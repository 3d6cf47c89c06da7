package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the interleaving of a few planes of bytes, `y[p, c] = x[c, p]`, or its inverse.
///
/// A vector of the result takes bytes of every vector of a block, each moved to its place among
/// zeros.
///
/// The arguments, in order: x, the bytes from plane to plane, y, and how many blocks of a vector of
/// each plane.
///
/// @param planes how many planes, 2 to [#MOST_PLANES]
/// @param apart whether pixels become planes
record BytePlanesCode(int planes, boolean apart) {
  static final int MOST_PLANES = 7;

  /// The pixels of a block.
  static final int BLOCK = 16;

  private static final int RESULT = MOST_PLANES;
  private static final int PART = MOST_PLANES + 1;

  /// The place of a byte that becomes 0.
  private static final int NONE = 0xff;

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R8, at(RSI, RSI, 2, 0));
    code.lea(R9, at(RSI, RSI, 4, 0));
    Label block = code.here();
    for (int i = 0; i < planes; i++) {
      code.op(VectorOp.MOVUPS, register(i), apart ? pixels(RDI, i) : plane(RDI, i));
    }
    for (int j = 0; j < planes; j++) {
      for (int i = 0; i < planes; i++) {
        Vector part = register(i == 0 ? RESULT : PART);
        code.op(VectorOp.PSHUFB, part, register(i), code.table(order(i, j)));
        if (i > 0) {
          code.op(VectorOp.ORPS, register(RESULT), register(RESULT), part);
        }
      }
      code.op(VectorOp.MOVUPS_TO, register(RESULT), apart ? plane(RDX, j) : pixels(RDX, j));
    }
    code.alu(ADD, RDI, apart ? BLOCK * planes : BLOCK);
    code.alu(ADD, RDX, apart ? BLOCK : BLOCK * planes);
    code.repeat(block, RCX);
    return code.end();
  }

  private static Vector register(int number) {
    return new Vector(number, BLOCK);
  }

  private static Address pixels(Register first, int number) {
    return at(first, BLOCK * number);
  }

  private static Address plane(Register first, int number) {
    return switch (number) {
      case 0 -> at(first);
      case 3 -> at(first, R8, 1, 0);
      case 5 -> at(first, R9, 1, 0);
      case 6 -> at(first, R8, 2, 0);
      default -> at(first, RSI, number, 0);
    };
  }

  /// {@return for each byte of a vector of the result its place in a vector of the source, or
  /// [#NONE]}
  private float[] order(int source, int result) {
    int[] words = new int[BLOCK / 4];
    for (int i = 0; i < BLOCK; i++) {
      int number = BLOCK * result + i;
      int from = apart ? i * planes + result : number % planes * BLOCK + number / planes;
      int order = from / BLOCK == source ? from % BLOCK : NONE;
      words[i / 4] |= order << (8 * (i % 4));
    }
    float[] bits = new float[words.length];
    for (int i = 0; i < words.length; i++) {
      bits[i] = Float.intBitsToFloat(words[i]);
    }
    return bits;
  }
}
