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

/// Generates what makes narrow numbers of rows of f32; AVX-512 only.
final class NarrowingCode {
  private static final int BYTES = 64;
  private static final int UNROLL = 4;
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
    code.alu(SUB, RCX, 1);
    code.jump(NOT_EQUAL, block);
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
    code.alu(SUB, RDI, 1);
    code.jump(NOT_EQUAL, row);
    if (scaled) {
      code.pop(RBX);
    }
    code.vzeroupper();
    code.ret();
    return code.finish();
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
    code.alu(SUB, RDX, 1);
    code.jump(NOT_EQUAL, next);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  /// {@return code that finds the least and the greatest of some numbers and 0}
  ///
  /// Arguments, in order: x, whole (vectors), a bit for each number of a last, partial vector, and
  /// where the two go.
  static byte[] range() {
    Assembler code = new Assembler();
    Vector least = Vector.zmm(0);
    Vector greatest = Vector.zmm(1);
    Vector value = Vector.zmm(2);
    code.kmov(LOW, RDX);
    code.op(VectorOp.XORPS, least, least, least);
    code.op(VectorOp.XORPS, greatest, greatest, greatest);
    for (int i = 1; i < UNROLL; i++) {
      code.op(VectorOp.XORPS, Vector.zmm(4 + i), least, least);
      code.op(VectorOp.XORPS, Vector.zmm(4 + UNROLL + i), least, least);
    }
    Label few = new Label();
    Label last = new Label();
    code.alu(SUB, RSI, UNROLL);
    code.jump(LESS, few);
    Label several = code.here();
    for (int i = 0; i < UNROLL; i++) {
      Vector loaded = i == 0 ? value : Vector.zmm(4 + 2 * UNROLL + i);
      Vector low = i == 0 ? least : Vector.zmm(4 + i);
      Vector high = i == 0 ? greatest : Vector.zmm(4 + UNROLL + i);
      code.op(VectorOp.MOVUPS, loaded, at(RDI, BYTES * i));
      code.op(VectorOp.MINPS, low, low, loaded);
      code.op(VectorOp.MAXPS, high, high, loaded);
    }
    code.alu(ADD, RDI, UNROLL * BYTES);
    code.alu(SUB, RSI, UNROLL);
    code.jump(GREATER_OR_EQUAL, several);
    code.bind(few);
    for (int i = 1; i < UNROLL; i++) {
      code.op(VectorOp.MINPS, least, least, Vector.zmm(4 + i));
      code.op(VectorOp.MAXPS, greatest, greatest, Vector.zmm(4 + UNROLL + i));
    }
    code.alu(ADD, RSI, UNROLL);
    code.jump(EQUAL, last);
    Label loop = code.here();
    code.op(VectorOp.MOVUPS, value, at(RDI));
    code.op(VectorOp.MINPS, least, least, value);
    code.op(VectorOp.MAXPS, greatest, greatest, value);
    code.alu(ADD, RDI, BYTES);
    code.alu(SUB, RSI, 1);
    code.jump(NOT_EQUAL, loop);
    code.bind(last);
    code.op(VectorOp.MOVUPS, value, at(RDI), LOW, true);
    code.op(VectorOp.MINPS, least, least, value);
    code.op(VectorOp.MAXPS, greatest, greatest, value);
    reduce(code, VectorOp.MINPS, least);
    reduce(code, VectorOp.MAXPS, greatest);
    code.op(VectorOp.MOVSS_TO, least.as(16), at(RCX));
    code.op(VectorOp.MOVSS_TO, greatest.as(16), at(RCX, 4));
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  /// Combines all elements of a vector in its first one; uses vector register 3.
  private static void reduce(Assembler code, VectorOp op, Vector vector) {
    Vector other = Vector.zmm(3);
    code.op(VectorOp.SHUFF32X4, other, vector, vector, 0x4e);
    code.op(op, vector, vector, other);
    code.op(VectorOp.SHUFF32X4, other, vector, vector, 0xb1);
    code.op(op, vector, vector, other);
    code.op(VectorOp.PERMILPS, other, vector, 0x4e);
    code.op(op, vector, vector, other);
    code.op(VectorOp.PERMILPS, other, vector, 0xb1);
    code.op(op, vector, vector, other);
  }

  /// {@return code that quantizes numbers to unsigned bytes: `y = round(x / scale) + zero`, limited
  /// to 0 to 255, ties rounded to even}
  ///
  /// Arguments, in order: x, whole (vectors), a bit for each number of a last, partial vector, y,
  /// the bits of the scale as f32, and the zero point. Of a partial vector all of `y` is written.
  ///
  /// @param inverts whether to multiply by the inverse of the scale, which must be finite, and
  ///   correct the quotient by what it leaves over, instead of dividing: rounded alike and faster
  static byte[] bytes(boolean inverts) {
    Assembler code = new Assembler();
    Vector scale = Vector.zmm(1);
    Vector zero = Vector.zmm(2);
    Vector least = Vector.zmm(3);
    code.kmov(LOW, RDX);
    code.push(R8);
    code.push(R9);
    code.op(VectorOp.BROADCASTSS, scale, at(RSP, 8));
    code.op(VectorOp.BROADCASTSS, zero, at(RSP));
    code.op(VectorOp.XORPS, least, least, least);
    if (inverts) {
      Vector inverse = Vector.zmm(4);
      code.op(VectorOp.BROADCASTSS, inverse, code.constant(1f, 4));
      code.op(VectorOp.DIVPS, inverse, inverse, scale);
    }
    Label last = new Label();
    code.test(RSI);
    code.jump(EQUAL, last);
    Label loop = code.here();
    Vector value = Vector.zmm(0);
    code.op(VectorOp.MOVUPS, value, at(RDI));
    quantize(code, inverts, value, scale, zero, least);
    code.alu(ADD, RDI, BYTES);
    code.alu(ADD, RCX, BYTES / 4);
    code.alu(SUB, RSI, 1);
    code.jump(NOT_EQUAL, loop);
    code.bind(last);
    Label done = new Label();
    code.test(RDX);
    code.jump(EQUAL, done);
    code.op(VectorOp.MOVUPS, value, at(RDI), LOW, true);
    quantize(code, inverts, value, scale, zero, least);
    code.bind(done);
    code.pop(R9);
    code.pop(R8);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  private static void quantize(
      Assembler code, boolean inverts, Vector value, Vector scale, Vector zero, Vector least) {
    if (inverts) {
      Vector inverse = Vector.zmm(4);
      Vector quotient = Vector.zmm(5);
      code.op(VectorOp.MULPS, quotient, value, inverse);
      code.op(VectorOp.FNMADD231PS, value, quotient, scale);
      code.op(VectorOp.FMADD213PS, value, inverse, quotient);
    } else {
      code.op(VectorOp.DIVPS, value, value, scale);
    }
    code.op(VectorOp.CVTPS2DQ, value, value);
    code.op(VectorOp.PADDD, value, value, zero);
    code.op(VectorOp.PMAXSD, value, value, least);
    code.op(VectorOp.PMOVUSDB_TO, value, at(RCX));
  }

  /// {@return code that makes numbers of unsigned bytes: `y = (x - zero) · scale`}
  ///
  /// Arguments, in order: x, whole (vectors), at least 1, y, the bits of the scale as f32, and the
  /// zero point.
  static byte[] floats() {
    Assembler code = new Assembler();
    Vector value = Vector.zmm(0);
    Vector scale = Vector.zmm(1);
    Vector zero = Vector.zmm(2);
    code.push(RCX);
    code.push(R8);
    code.op(VectorOp.BROADCASTSS, scale, at(RSP, 8));
    code.op(VectorOp.BROADCASTSS, zero, at(RSP));
    Label loop = code.here();
    code.op(VectorOp.PMOVZXBD, value, at(RDI));
    code.op(VectorOp.PSUBD, value, value, zero);
    code.op(VectorOp.CVTDQ2PS, value, value);
    code.op(VectorOp.MULPS, value, value, scale);
    code.op(VectorOp.MOVUPS_TO, value, at(RDX));
    code.alu(ADD, RDI, BYTES / 4);
    code.alu(ADD, RDX, BYTES);
    code.alu(SUB, RSI, 1);
    code.jump(NOT_EQUAL, loop);
    code.pop(R8);
    code.pop(RCX);
    code.vzeroupper();
    code.ret();
    return code.finish();
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
    code.alu(SUB, RSI, 1);
    code.jump(NOT_EQUAL, loop);
    code.vzeroupper();
    code.ret();
    return code.finish();
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
    code.alu(SUB, R8, 1);
    code.jump(NOT_EQUAL, next);
    code.op(VectorOp.MOVUPS_TO, sums, at(R9));
    code.vzeroupper();
    code.ret();
    return code.finish();
  }
}
