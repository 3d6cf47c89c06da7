package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
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

import dev.jiffy.engine.kernel.x86.GeneralAssembler.Shift;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.Arrays;

/// Generates products of a few rows with panels of weights of a few bits, a vector of columns each.
///
/// The weights of a block are multiplied as the integers that they are; then the sum of a block,
/// less the zero point times the sum of the block of the row, is multiplied by the block's scale.
/// Of a vector of weights with several to a column, those of bytes are the lowest bits of its
/// bytes, then the next ones. As f32 they stay where they are in 32 bits: a weight `i` bits up is
/// the weight times `2^i`, which the element that it is multiplied with is divided by. Without
/// `vpdpbusd` bytes become words, which weights of less than 8 bits cannot overflow.
///
/// The arguments, in order: panels, weights, rows, numbers of the rows, blocks, bias, c, the bytes
/// from row to row of `c`, and the mask of the columns that exist, as [Masks] makes it. Of rows
/// each block is followed by that of the next row; their numbers are a scale, for bytes, and the
/// sum of the block.
///
/// @param cpu where it runs
/// @param rows how many rows, at most [#most]
/// @param block the rows of a block of weights
/// @param bits the bits of a weight: 2, 4 or 8
/// @param zeros whether blocks have zero points; they are half of the range otherwise
/// @param bytes whether rows are signed bytes, else f32
/// @param bias whether there is a bias
record BlockCode(
    Cpu cpu, int rows, int block, int bits, boolean zeros, boolean bytes, boolean bias) {
  /// The most rows of any form.
  static final int MOST_ROWS = 8;

  /// The most rows of a block.
  static final int MOST_BLOCK = 256;

  private static final int LEAST_BLOCK = 16;

  /// How many sizes of blocks there are.
  private static final int SIZES = 5;

  /// How many forms there are.
  static final int FORMS = form(1, LEAST_BLOCK, 16, false, false, false);

  /// The weights of a column that the innermost loop takes.
  private static final int CHUNK = 32;

  private static final int STACK = 8 + 8; // a saved register, the return address
  private static final int C = STACK;
  private static final int C_STEP = STACK + 8;
  private static final int MASK = STACK + 16;

  /// Words of 1.
  private static final float[] ONES = new float[16];

  static {
    Arrays.fill(ONES, Float.intBitsToFloat(0x00010001));
  }

  private static final float[][] FACTORS = new float[9][];

  static {
    for (int bits = 2; bits <= 8; bits *= 2) {
      FACTORS[bits] = ofBits(bits);
    }
  }

  /// The parts of 32 bits that are unpacked at a time.
  private static final int PARTS = 4;

  /// {@return the number of a form, so that it is found without an object}
  static int form(int rows, int block, int bits, boolean zeros, boolean bytes, boolean bias) {
    int size = Integer.numberOfTrailingZeros(block / LEAST_BLOCK);
    int width = Integer.numberOfTrailingZeros(bits) - 1;
    int flags = (zeros ? 4 : 0) + (bytes ? 2 : 0) + (bias ? 1 : 0);
    return ((width * SIZES + size) * MOST_ROWS + rows - 1) * 8 + flags;
  }

  /// {@return the form of a number}
  static BlockCode of(Cpu cpu, int form) {
    int size = form / 8 / MOST_ROWS;
    return new BlockCode(
        cpu,
        form / 8 % MOST_ROWS + 1,
        LEAST_BLOCK << (size % SIZES),
        2 << (size / SIZES),
        (form & 4) != 0,
        (form & 2) != 0,
        (form & 1) != 0);
  }

  /// {@return the most rows}
  static int most(Cpu cpu) {
    return cpu.vectorBytes() == 64 ? MOST_ROWS : MOST_ROWS / 2;
  }

  /// {@return whether weights of so many bits can be multiplied with bytes}
  static boolean multipliesBytes(Cpu cpu, int bits) {
    return cpu.vnni() || bits < 8;
  }

  /// {@return how many weights 32 bits hold}
  static int depth(int bits) {
    return 32 / bits;
  }

  /// {@return what elements are multiplied by before they are multiplied with weights, as f32: one
  /// number for each weight of the 32 bits of a column, from the lowest on}
  static float[] factors(int bits) {
    return FACTORS[bits];
  }

  private static float[] ofBits(int bits) {
    float[] factors = new float[depth(bits)];
    for (int place = 0; place < factors.length; place++) {
      factors[place] = place == depth(bits) - 1 ? 1 : 1f / (1 << (bits * place));
    }
    return factors;
  }

  private int vectorBytes() {
    return cpu.vectorBytes();
  }

  private boolean wide() {
    return vectorBytes() == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes());
  }

  private Vector sum(int row) {
    return register(row);
  }

  /// How many registers hold sums of a block.
  private int blockSums() {
    return wide() || !bytes ? MOST_ROWS : MOST_ROWS / 2;
  }

  /// How many sums a block of a row has, so that an addition does not wait for the one before.
  private int chains() {
    return Math.min(PARTS, Integer.highestOneBit(blockSums() / rows));
  }

  private Vector blockSum(int row, int chain) {
    return register(most(cpu) + row * chains() + chain % chains());
  }

  private Vector weights() {
    return register(most(cpu) + blockSums());
  }

  /// How many parts of 32 bits have registers.
  private int parts() {
    return wide() || bytes ? PARTS : 1;
  }

  private Vector part(int part) {
    return register(weights().number() + 1 + part);
  }

  /// What takes up an element where an instruction cannot repeat it.
  private Vector repeated() {
    return part(parts());
  }

  /// A register that holds a mask: for bytes of their lowest weights, else of the weights of 32
  /// bits, as far as registers go.
  private Vector mask(int mask) {
    return part(parts() + 1 + mask);
  }

  private int masks() {
    int most = (wide() ? 32 : 15) - mask(0).number();
    return bytes ? 1 : Math.min(most, depth(bits) - 1);
  }

  private int elementBytes() {
    return bytes ? 1 : 4;
  }

  byte[] emit() {
    Assembler code = new Assembler();
    code.push(RBX);
    code.load(RAX, at(RSP, MASK));
    CutVectors.present(code, vectorBytes(), RAX);
    for (int i = 0; i < masks(); i++) {
      int value = bytes ? 0x01010101 * lowest() : lowest() << (bits * i);
      code.op(VectorOp.BROADCASTSS, mask(i), code.constant(value, 4));
    }
    Label panel = code.here();
    for (int row = 0; row < rows; row++) {
      if (bias) {
        CutVectors.load(code, sum(row), at(R9), true);
      } else {
        code.op(VectorOp.XORPS, sum(row), sum(row), sum(row));
      }
    }
    code.mov(R10, RDX);
    code.mov(R11, RCX);
    code.mov(RAX, R8);
    Label next = code.here();
    for (int i = 0; i < rows * chains(); i++) {
      Vector sum = blockSum(i / chains(), i);
      code.op(VectorOp.XORPS, sum, sum, sum);
    }
    int chunk = Math.min(CHUNK, block);
    code.mov(RBX, block / chunk);
    Label more = code.here();
    for (int depth = 0; depth < chunk; depth += depth(bits)) {
      code.op(VectorOp.MOVUPS, weights(), at(RSI, vectorBytes() * (depth / depth(bits))));
      if (bytes) {
        multiplyBytes(code, depth);
      } else {
        multiplyFloats(code, depth);
      }
    }
    code.alu(ADD, RSI, vectorBytes() * (chunk / depth(bits)));
    code.alu(ADD, R10, chunk * elementBytes());
    code.repeat(more, RBX);
    finishBlock(code);
    code.repeat(next, RAX);
    store(code);
    code.repeat(panel, RDI);
    return code.end(RBX);
  }

  private Operand.Address element(int row, int depth) {
    return at(R10, elementBytes() * (row * block + depth));
  }

  /// {@return 32 bits of memory for every column}
  private Operand repeat(Assembler code, Operand.Address from) {
    if (wide()) {
      return from.repeated();
    }
    code.op(VectorOp.BROADCASTSS, repeated(), from);
    return repeated();
  }

  /// The bits of the lowest weight.
  private int lowest() {
    return (1 << bits) - 1;
  }

  /// The bits of a weight of 32 bits.
  private Operand mask(Assembler code, int place) {
    return place < masks() ? mask(place) : code.constant(lowest() << (bits * place), vectorBytes());
  }

  private void multiplyBytes(Assembler code, int depth) {
    int parts = 8 / bits;
    for (int part = 0; part < parts && bits < 8; part++) {
      if (part > 0) {
        code.shift(Shift.RIGHT, part(part), weights(), bits * part);
      }
      code.op(VectorOp.ANDPS, part(part), part == 0 ? weights() : part(part), mask(0));
    }
    for (int row = 0; row < rows; row++) {
      for (int part = 0; part < parts; part++) {
        Vector weights = bits == 8 ? weights() : part(part);
        Vector sum = blockSum(row, depth / 4 + part);
        Operand.Address element = element(row, depth + 4 * part);
        if (cpu.vnni()) {
          code.op(cpu.byteProduct(), sum, weights, repeat(code, element));
          continue;
        }
        Vector product = repeated();
        code.op(VectorOp.BROADCASTSS, product, element);
        code.op(VectorOp.PMADDUBSW, product, weights, product);
        code.op(VectorOp.PMADDWD, product, product, code.table(ONES));
        code.op(VectorOp.PADDD, sum, sum, product);
      }
    }
  }

  private void multiplyFloats(Assembler code, int depth) {
    for (int place = 0; place < depth(bits); place++) {
      Vector part = part(place % parts());
      if (place == depth(bits) - 1) {
        code.shift(Shift.RIGHT, part, weights(), bits * place);
      } else {
        code.op(VectorOp.ANDPS, part, weights(), mask(code, place));
      }
      code.op(VectorOp.CVTDQ2PS, part, part);
      for (int row = 0; row < rows; row++) {
        Operand element = repeat(code, element(row, depth + place));
        code.op(VectorOp.FMADD231PS, blockSum(row, place), part, element);
      }
    }
  }

  /// Adds the sums of a block, without its zero point and scaled, to those of the columns.
  private void finishBlock(Assembler code) {
    Vector scale = part(0);
    code.op(VectorOp.MOVUPS, scale, at(RSI));
    if (zeros) {
      code.op(VectorOp.MOVUPS, weights(), at(RSI, vectorBytes()));
    }
    for (int row = 0; row < rows; row++) {
      Vector total = blockSum(row, 0);
      for (int chain = 1; chain < chains(); chain++) {
        code.op(bytes ? VectorOp.PADDD : VectorOp.ADDPS, total, total, blockSum(row, chain));
      }
      if (bytes) {
        code.op(VectorOp.CVTDQ2PS, total, total);
        code.op(VectorOp.MULPS, total, total, repeat(code, at(R11, 8 * row)));
      }
      Operand rowSum = repeat(code, at(R11, 8 * row + 4));
      if (zeros) {
        code.op(VectorOp.FNMADD231PS, sum(row), weights(), rowSum);
      } else {
        code.op(VectorOp.SUBPS, total, total, rowSum);
      }
      code.op(VectorOp.FMADD231PS, sum(row), total, scale);
    }
    code.alu(ADD, RSI, (zeros ? 2 : 1) * vectorBytes());
    code.alu(ADD, R10, (rows - 1) * block * elementBytes());
    code.alu(ADD, R11, 8 * rows);
  }

  private void store(Assembler code) {
    code.load(RAX, at(RSP, C));
    code.mov(R10, RAX);
    for (int row = 0; row < rows; row++) {
      CutVectors.store(code, sum(row), at(R10), true);
      code.alu(ADD, R10, at(RSP, C_STEP));
    }
    code.alu(ADD, RAX, vectorBytes());
    code.store(RAX, at(RSP, C));
    if (bias) {
      code.alu(ADD, R9, vectorBytes());
    }
  }
}
