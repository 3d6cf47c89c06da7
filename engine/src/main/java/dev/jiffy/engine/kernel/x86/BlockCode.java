package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates products of a few rows with panels of 16 columns of weights of a few bits; AVX-512
/// only.
///
/// The weights of a block are multiplied as the integers that they are; then the sum of a block,
/// less the zero point times the sum of the block of the row, is multiplied by the block's scale.
/// Of a vector of weights with several to a column, those of bytes are the lowest bits of its
/// bytes, then the next ones. As f32 they stay where they are in 32 bits: a weight `i` bits up is
/// the weight times `2^i`, which the element that it is multiplied with is divided by.
///
/// The arguments, in order: panels, weights, rows, numbers of the rows, blocks, bias, c, the bytes
/// from row to row of `c`, and a bit for each column that exists. Of rows each block is followed by
/// that of the next row; their numbers are a scale, for bytes, and the sum of the block.
///
/// @param rows how many rows, 1 to [#MOST_ROWS]
/// @param block the rows of a block of weights
/// @param bits the bits of a weight: 2, 4 or 8
/// @param zeros whether blocks have zero points; they are half of the range otherwise
/// @param bytes whether rows are signed bytes, else f32
/// @param bias whether there is a bias
record BlockCode(int rows, int block, int bits, boolean zeros, boolean bytes, boolean bias) {
  /// The most rows.
  static final int MOST_ROWS = 8;

  /// The most rows of a block.
  static final int MOST_BLOCK = 256;

  private static final int LEAST_BLOCK = 16;

  /// How many sizes of blocks there are.
  private static final int SIZES = 5;

  /// How many forms there are.
  static final int FORMS = form(1, LEAST_BLOCK, 16, false, false, false);

  private static final int LINE = 64;

  /// The weights of a column that the innermost loop takes.
  private static final int CHUNK = 32;

  private static final int STACK = 8 + 8; // a saved register, the return address
  private static final int C = STACK;
  private static final int C_STEP = STACK + 8;
  private static final int MASK = STACK + 16;

  private static final Mask PRESENT = new Mask(1);
  private static final Vector WEIGHTS = Vector.zmm(16);
  private static final Vector PART = Vector.zmm(17);

  /// The first of the registers that hold masks: for bytes of their lowest weights, else of the
  /// weights of 32 bits, as far as they go.
  private static final Vector MASKS = Vector.zmm(21);

  private static final int MOST_MASKS = 32 - MASKS.number();

  /// {@return the number of a form, so that it is found without an object}
  static int form(int rows, int block, int bits, boolean zeros, boolean bytes, boolean bias) {
    int size = Integer.numberOfTrailingZeros(block / LEAST_BLOCK);
    int width = Integer.numberOfTrailingZeros(bits) - 1;
    int flags = (zeros ? 4 : 0) + (bytes ? 2 : 0) + (bias ? 1 : 0);
    return ((width * SIZES + size) * MOST_ROWS + rows - 1) * 8 + flags;
  }

  /// {@return the form of a number}
  static BlockCode of(int form) {
    int size = form / 8 / MOST_ROWS;
    return new BlockCode(
        form / 8 % MOST_ROWS + 1,
        LEAST_BLOCK << (size % SIZES),
        2 << (size / SIZES),
        (form & 4) != 0,
        (form & 2) != 0,
        (form & 1) != 0);
  }

  /// {@return how many weights 32 bits hold}
  static int depth(int bits) {
    return 32 / bits;
  }

  /// {@return the element that a weight of the 32 bits of a column is multiplied with, for bytes}
  ///
  /// @param place which of them, from the lowest on
  static int elementAt(int bits, int place) {
    int perByte = 8 / bits;
    return place / perByte + place % perByte * 4;
  }

  /// {@return what an element is multiplied by before it is multiplied with a weight, as f32}
  ///
  /// @param place which weight of the 32 bits of a column, from the lowest on
  static float factor(int bits, int place) {
    return place == depth(bits) - 1 ? 1 : 1f / (1 << (bits * place));
  }

  private static Vector sum(int row) {
    return Vector.zmm(row);
  }

  private static Vector blockSum(int row) {
    return Vector.zmm(MOST_ROWS + row);
  }

  private int elementBytes() {
    return bytes ? 1 : 4;
  }

  byte[] emit() {
    Assembler code = new Assembler();
    code.push(RBX);
    code.load(RAX, at(RSP, MASK));
    code.kmov(PRESENT, RAX);
    for (int i = 0; i < (bytes ? 1 : Math.min(MOST_MASKS, depth(bits) - 1)); i++) {
      Vector mask = Vector.zmm(MASKS.number() + i);
      int value = bytes ? 0x01010101 * lowest() : lowest() << (bits * i);
      code.op(VectorOp.XORPS, mask, mask, mask);
      code.op(VectorOp.PADDD, mask, mask, code.constant(value, LINE));
    }
    Label panel = code.here();
    for (int row = 0; row < rows; row++) {
      if (bias) {
        code.op(VectorOp.MOVUPS, sum(row), at(R9), PRESENT, true);
      } else {
        code.op(VectorOp.XORPS, sum(row), sum(row), sum(row));
      }
    }
    code.mov(R10, RDX);
    code.mov(R11, RCX);
    code.mov(RAX, R8);
    Label next = code.here();
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.XORPS, blockSum(row), blockSum(row), blockSum(row));
    }
    int chunk = Math.min(CHUNK, block);
    code.mov(RBX, block / chunk);
    Label more = code.here();
    for (int depth = 0; depth < chunk; depth += depth(bits)) {
      code.op(VectorOp.MOVUPS, WEIGHTS, at(RSI, LINE * (depth / depth(bits))));
      if (bytes) {
        multiplyBytes(code, depth);
      } else {
        multiplyFloats(code, depth);
      }
    }
    code.alu(ADD, RSI, LINE * (chunk / depth(bits)));
    code.alu(ADD, R10, chunk * elementBytes());
    code.alu(SUB, RBX, 1);
    code.jump(NOT_EQUAL, more);
    finishBlock(code);
    code.alu(SUB, RAX, 1);
    code.jump(NOT_EQUAL, next);
    store(code);
    code.alu(SUB, RDI, 1);
    code.jump(NOT_EQUAL, panel);
    code.pop(RBX);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  private Operand.Address element(int row, int depth) {
    return at(R10, elementBytes() * (row * block + depth)).repeated();
  }

  /// The bits of the lowest weight.
  private int lowest() {
    return (1 << bits) - 1;
  }

  /// The bits of a weight of 32 bits.
  private Operand mask(Assembler code, int place) {
    return place < MOST_MASKS
        ? Vector.zmm(MASKS.number() + place)
        : code.constant(lowest() << (bits * place), LINE);
  }

  private void multiplyBytes(Assembler code, int depth) {
    for (int part = 0; part < 8 / bits; part++) {
      Vector weights = bits == 8 ? WEIGHTS : Vector.zmm(PART.number() + part);
      if (part > 0) {
        code.shift(Shift.RIGHT, weights, WEIGHTS, bits * part);
      }
      if (bits < 8) {
        code.op(VectorOp.ANDPS, weights, part == 0 ? WEIGHTS : weights, MASKS);
      }
      for (int row = 0; row < rows; row++) {
        code.op(VectorOp.PDPBUSD, blockSum(row), weights, element(row, depth + 4 * part));
      }
    }
  }

  private void multiplyFloats(Assembler code, int depth) {
    for (int place = 0; place < depth(bits); place++) {
      Vector part = Vector.zmm(PART.number() + place % 4);
      if (place == depth(bits) - 1) {
        code.shift(Shift.RIGHT, part, WEIGHTS, bits * place);
      } else {
        code.op(VectorOp.ANDPS, part, WEIGHTS, mask(code, place));
      }
      code.op(VectorOp.CVTDQ2PS, part, part);
      for (int row = 0; row < rows; row++) {
        code.op(VectorOp.FMADD231PS, blockSum(row), part, element(row, depth + place));
      }
    }
  }

  /// Adds the sums of a block, without its zero point and scaled, to those of the columns.
  private void finishBlock(Assembler code) {
    Vector scale = Vector.zmm(PART.number());
    code.op(VectorOp.MOVUPS, scale, at(RSI));
    if (zeros) {
      code.op(VectorOp.MOVUPS, WEIGHTS, at(RSI, LINE));
    }
    for (int row = 0; row < rows; row++) {
      Vector total = blockSum(row);
      Operand.Address rowScale = at(R11, 8 * row).repeated();
      Operand.Address rowSum = at(R11, 8 * row + 4).repeated();
      if (bytes) {
        code.op(VectorOp.CVTDQ2PS, total, total);
        code.op(VectorOp.MULPS, total, total, rowScale);
      }
      if (zeros) {
        code.op(VectorOp.FNMADD231PS, sum(row), WEIGHTS, rowSum);
      } else {
        code.op(VectorOp.SUBPS, total, total, rowSum);
      }
      code.op(VectorOp.FMADD231PS, sum(row), total, scale);
    }
    code.alu(ADD, RSI, zeros ? 2 * LINE : LINE);
    code.alu(ADD, R10, (rows - 1) * block * elementBytes());
    code.alu(ADD, R11, 8 * rows);
  }

  private void store(Assembler code) {
    code.load(RAX, at(RSP, C));
    code.mov(R10, RAX);
    for (int row = 0; row < rows; row++) {
      code.op(VectorOp.MOVUPS_TO, sum(row), at(R10), PRESENT, false);
      code.alu(ADD, R10, at(RSP, C_STEP));
    }
    code.alu(ADD, RAX, LINE);
    code.store(RAX, at(RSP, C));
    if (bias) {
      code.alu(ADD, R9, LINE);
    }
  }
}
