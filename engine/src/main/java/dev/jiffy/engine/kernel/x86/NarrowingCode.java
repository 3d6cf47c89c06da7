package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
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
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates what makes bf16 of f32, and packs bytes; AVX-512 only, but for the widening of bytes.
final class NarrowingCode {
  private static final int BYTES = 64;
  private static final Mask LOW = new Mask(1);
  private static final Mask HIGH = new Mask(2);

  private NarrowingCode() {}

  /// {@return code that rounds rows to bf16, to the nearest and then to even}
  ///
  /// Arguments, in order: rows, x, xStep, whole (blocks of 32 numbers of a row), y, yStep, and on
  /// the stack a bit for each number of a last, partial block, 0 where there is none, and the
  /// factors. A row of `y` is filled up with zeros to whole blocks.
  ///
  /// @param scaled whether each row is multiplied by a factor of its own first
  static byte[] bf16(boolean scaled) {
    Assembler code = new Assembler();
    Vector low = Vector.zmm(0);
    Vector high = Vector.zmm(1);
    Vector factor = Vector.zmm(2);
    if (scaled) {
      code.push(RBX);
      code.load(RBX, at(RSP, 24));
      code.load(RAX, at(RSP, 16));
    } else {
      code.load(RAX, at(RSP, 8));
    }
    code.kmov(LOW, RAX);
    code.mov(R10, RAX);
    code.shift(GeneralAssembler.Shift.RIGHT, R10, 16);
    code.kmov(HIGH, R10);
    Label row = code.here();
    code.mov(R10, RSI);
    code.mov(R11, R8);
    if (scaled) {
      code.op(VectorOp.BROADCASTSS, factor, at(RBX));
      code.alu(ADD, RBX, 4);
    }
    code.push(RCX);
    Label last = new Label();
    Label done = new Label();
    code.test(RCX);
    code.jump(EQUAL, last);
    Label block = code.here();
    code.op(VectorOp.MOVUPS, low, at(R10));
    code.op(VectorOp.MOVUPS, high, at(R10, BYTES));
    round(code, scaled, low, high, factor);
    code.op(VectorOp.MOVUPS_TO, low, at(R11));
    code.alu(ADD, R10, 2 * BYTES);
    code.alu(ADD, R11, BYTES);
    code.repeat(block, RCX);
    code.bind(last);
    code.test(RAX);
    code.jump(EQUAL, done);
    code.op(VectorOp.MOVUPS, low, at(R10), LOW, true);
    code.op(VectorOp.MOVUPS, high, at(R10, BYTES), HIGH, true);
    round(code, scaled, low, high, factor);
    code.op(VectorOp.MOVUPS_TO, low, at(R11));
    code.bind(done);
    code.pop(RCX);
    code.alu(ADD, RSI, RDX);
    code.alu(ADD, R8, R9);
    code.repeat(row, RDI);
    if (scaled) {
      code.pop(RBX);
    }
    return code.end();
  }

  /// `low = bf16(low), bf16(high)`
  private static void round(
      Assembler code, boolean scaled, Vector low, Vector high, Vector factor) {
    if (scaled) {
      code.op(VectorOp.MULPS, low, low, factor);
      code.op(VectorOp.MULPS, high, high, factor);
    }
    code.op(VectorOp.CVTNE2PS2BF16, low, high, low);
  }

  /// {@return code that rounds pairs of rows to bf16 and puts the numbers of each column side by
  /// side}
  ///
  /// Arguments, in order: x, xStep, how many pairs, at least 1, y, bytes from pair to pair there,
  /// and a bit for each of at most 16 columns. Of `y` 16 columns are written, those beyond with 0.
  static byte[] pairs() {
    Assembler code = new Assembler();
    Vector first = Vector.zmm(0);
    Vector second = Vector.zmm(1);
    Vector order = Vector.zmm(2);
    float[] places = new float[BYTES / 4];
    for (int i = 0; i < places.length; i++) {
      places[i] = Float.intBitsToFloat((places.length + i) << 16 | i);
    }
    code.kmov(LOW, R9);
    code.op(VectorOp.MOVUPS, order, code.table(places));
    Label next = code.here();
    code.op(VectorOp.MOVUPS, first, at(RDI), LOW, true);
    code.op(VectorOp.MOVUPS, second, at(RDI, RSI, 1, 0), LOW, true);
    code.op(VectorOp.CVTNE2PS2BF16, first, second, first);
    code.op(VectorOp.PERMW, first, order, first);
    code.op(VectorOp.MOVUPS_TO, first, at(RCX));
    code.lea(RDI, at(RDI, RSI, 2, 0));
    code.alu(ADD, RCX, R8);
    code.repeat(next, RDX);
    return code.end();
  }

  /// {@return code that widens unsigned bytes to words}
  ///
  /// Arguments, in order: x, how many times 16 of them, at least 1, and y.
  static byte[] words() {
    Assembler code = new Assembler();
    Vector words = Vector.ymm(0);
    Label loop = code.here();
    code.op(VectorOp.PMOVZXBW, words, at(RDI));
    code.op(VectorOp.MOVUPS_TO, words, at(RDX));
    code.alu(ADD, RDI, words.bytes() / 2);
    code.alu(ADD, RDX, words.bytes());
    code.repeat(loop, RSI);
    return code.end();
  }

  /// {@return code that packs bytes for products: from four rows the bytes of each of 16 columns
  /// side by side}
  ///
  /// Arguments, in order: the first byte, bytes from row to row, where the packed bytes go, bytes
  /// from one four of rows to the next there, how many fours of rows, at least 1, and where the sum
  /// of each column goes.
  static byte[] pack() {
    Assembler code = new Assembler();
    Vector sums = Vector.zmm(0);
    Vector packed = Vector.zmm(1);
    Vector row = Vector.zmm(2);
    Vector ones = Vector.zmm(3);
    code.op(VectorOp.XORPS, sums, sums, sums);
    code.op(VectorOp.PADDD, ones, sums, code.constant(0x01010101, BYTES));
    code.lea(R10, at(RSI, RSI, 2, 0));
    Label next = code.here();
    code.op(VectorOp.PMOVZXBD, packed, at(RDI));
    for (int i = 1; i < 4; i++) {
      code.op(VectorOp.PMOVZXBD, row, i < 3 ? at(RDI, RSI, i, 0) : at(RDI, R10, 1, 0));
      code.shift(GeneralAssembler.Shift.LEFT, row, row, 8 * i);
      code.op(VectorOp.ORPS, packed, packed, row);
    }
    code.op(VectorOp.PDPBUSD, sums, ones, packed);
    code.op(VectorOp.MOVUPS_TO, packed, at(RDX));
    code.lea(RDI, at(RDI, RSI, 4, 0));
    code.alu(ADD, RDX, RCX);
    code.repeat(next, R8);
    code.op(VectorOp.MOVUPS_TO, sums, at(R9));
    return code.end();
  }
}
