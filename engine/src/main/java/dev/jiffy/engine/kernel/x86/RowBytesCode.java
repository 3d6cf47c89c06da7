package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
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
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/// Generates what makes unsigned bytes of the left-hand side of a product: `round(x / scale) +
/// zero`, limited to 0 to 255, ties rounded to even; NaN becomes 0. AVX-512 only.
///
/// The arguments, all numbers, in order: rows, x, xStep, blocks (of 64 numbers of a row), y, yStep,
/// and on the stack a bit for each number of a last, partial block, 0 where there is none, and
/// where the given scale (f32) and zero point (i32) are. In `y` the blocks of a row, which are
/// whole there, are followed by its scale and zero point.
///
/// @param given whether all rows have a scale and a zero point by a range that all numbers lie in,
///   else each has those of its own range, as [dev.jiffy.engine.kernel.Affine] chooses them. Then
///   bytes are made of a row while the range of the row after the next one is found and scale and
///   zero point of the next one are chosen: the former multiplies, the latter compares, and no row
///   waits for divisions
record RowBytesCode(boolean given) {
  private static final int BYTES = 64;

  /// The vectors of a block.
  private static final int VECTORS = 4;

  /// Where packing leaves the groups of four numbers of a block.
  private static final float[] ORDER = order();

  private static float[] order() {
    float[] order = new float[BYTES / 4];
    for (int i = 0; i < order.length; i++) {
      order[i] = Float.intBitsToFloat(i % VECTORS * VECTORS + i / VECTORS);
    }
    return order;
  }

  /// Memory below the stack, which no function uses meanwhile.
  private static final Address BELOW = at(RSP, -8);

  /// The bytes from a row to the one whose range is found meanwhile; none where there is no such.
  private static final Register AHEAD = Register.R12;

  // in the loops over a row
  private static final Vector SCALE = Vector.zmm(20);
  private static final Vector ZERO_WORDS = Vector.zmm(21);
  private static final Vector INVERSE = Vector.zmm(22);
  private static final Vector PLACES = Vector.zmm(23);

  // of the row whose bytes are made next
  private static final Vector NEXT_SCALE = Vector.zmm(24).as(16);
  private static final Vector NEXT_ZERO = Vector.zmm(25).as(16);

  // of the row whose bytes are made, in memory
  private static final Vector ZERO = Vector.zmm(26).as(16);

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(RBX, AHEAD);
    code.load(RAX, at(RSP, 24));
    code.mov(R10, RAX);
    for (int vector = 0; vector < VECTORS; vector++) {
      code.kmov(part(vector), R10);
      code.shift(GeneralAssembler.Shift.RIGHT, R10, BYTES / 4);
    }
    code.op(VectorOp.MOVUPS, PLACES, code.table(ORDER));
    if (given) {
      code.load(R10, at(RSP, 32));
      code.op(VectorOp.BROADCASTSS, NEXT_SCALE, at(R10));
      code.op(VectorOp.BROADCASTSS, NEXT_ZERO, at(R10, 4));
    } else {
      code.alu(SUB, AHEAD, AHEAD);
      range(code);
      choose(code);
      code.mov(AHEAD, RDX);
      stayWithin(code, 1);
      range(code);
    }
    Label row = code.here();
    take(code);
    if (!given) {
      choose(code);
      code.lea(AHEAD, at(RDX, RDX, 1, 0));
      stayWithin(code, 2);
      startRange(code);
    }
    row(code);
    code.alu(ADD, RSI, RDX);
    code.alu(ADD, R8, R9);
    code.repeat(row, RDI);
    code.pop(RBX, AHEAD);
    return code.end();
  }

  /// Lets a row that does not exist be this one.
  ///
  /// @param rows how many rows from this one on it is
  private static void stayWithin(Assembler code, int rows) {
    Label within = new Label();
    code.alu(CMP, RDI, rows);
    code.jump(GREATER, within);
    code.alu(SUB, AHEAD, AHEAD);
    code.bind(within);
  }

  /// Which numbers of a vector of the partial block exist.
  private static Mask part(int vector) {
    return new Mask(1 + vector);
  }

  private static Vector value(int vector) {
    return Vector.zmm(vector);
  }

  private static Vector quotient(int vector) {
    return Vector.zmm(VECTORS + vector);
  }

  private static Vector least(int vector) {
    return Vector.zmm(2 * VECTORS + vector);
  }

  private static Vector greatest(int vector) {
    return Vector.zmm(3 * VECTORS + vector);
  }

  private static Vector ahead(int vector) {
    return Vector.zmm(4 * VECTORS + vector);
  }

  private static Vector[] all(IntFunction<Vector> vectors) {
    Vector[] all = new Vector[VECTORS];
    Arrays.setAll(all, vectors);
    return all;
  }

  /// Finds the least and the greatest number of a row and 0; NaN counts as 0.
  private static void range(Assembler code) {
    startRange(code);
    blocks(code, partial -> widen(code, partial));
  }

  private static void startRange(Assembler code) {
    for (int vector = 0; vector < VECTORS; vector++) {
      code.op(VectorOp.XORPS, least(vector), least(vector), least(vector));
      code.op(VectorOp.XORPS, greatest(vector), greatest(vector), greatest(vector));
    }
  }

  /// Widens the range by a block.
  private static void widen(Assembler code, boolean partial) {
    for (int vector = 0; vector < VECTORS; vector++) {
      Vector value = ahead(vector);
      load(code, value, at(R10, AHEAD, 1, BYTES * vector), vector, partial);
      // of two numbers of which one is NaN these are the second
      code.op(VectorOp.MINPS, least(vector), value, least(vector));
      code.op(VectorOp.MAXPS, greatest(vector), value, greatest(vector));
    }
  }

  private static void load(
      Assembler code, Vector value, Address from, int vector, boolean partial) {
    code.op(VectorOp.MOVUPS, value, from, partial ? part(vector) : Mask.NONE, partial);
  }

  /// Chooses scale and zero point by the range. Where all numbers are 0 the scale is, too: they
  /// become 0 by a division by it, and nothing else is made of it.
  private static void choose(Assembler code) {
    LoopCode loop = new LoopCode(code, BYTES);
    loop.fold(all(RowBytesCode::least), VectorOp.MINPS);
    loop.fold(all(RowBytesCode::greatest), VectorOp.MAXPS);
    Vector least = least(0).as(16);
    Vector none = greatest(1).as(16);
    Vector zero = NEXT_ZERO;
    code.op(VectorOp.SUBPS, NEXT_SCALE, greatest(0).as(16), least);
    code.op(VectorOp.DIVPS, NEXT_SCALE, NEXT_SCALE, code.constant(255f, 16));
    code.op(VectorOp.XORPS, none, none, none);
    code.op(VectorOp.SUBPS, zero, none, least);
    code.op(VectorOp.DIVPS, zero, zero, NEXT_SCALE);
    code.op(VectorOp.MAXPS, zero, zero, none); // 0 of NaN
    code.op(VectorOp.MINPS, zero, zero, code.constant(255f, 16));
    code.op(VectorOp.CVTPS2DQ, zero, zero);
  }

  /// Takes scale and zero point for the bytes of a row, and stores the scale below the stack.
  private static void take(Assembler code) {
    Vector inverse = INVERSE.as(16);
    code.op(VectorOp.MOVSS_TO, NEXT_SCALE, BELOW);
    code.op(VectorOp.BROADCASTSS, SCALE, NEXT_SCALE);
    code.op(VectorOp.BROADCASTSS, ZERO_WORDS, NEXT_ZERO);
    code.op(VectorOp.MOVUPS, ZERO, NEXT_ZERO);
    code.op(VectorOp.PACKSSDW, ZERO_WORDS, ZERO_WORDS, ZERO_WORDS);
    code.op(VectorOp.MOVUPS, inverse, code.constant(1f, 16));
    code.op(VectorOp.DIVPS, inverse, inverse, NEXT_SCALE);
    code.op(VectorOp.BROADCASTSS, INVERSE, inverse);
  }

  /// Makes bytes of a row, and stores scale and zero point behind them.
  private void row(Assembler code) {
    code.mov(R11, R8);
    Label tiny = new Label();
    Label end = new Label();
    code.loadInt(RBX, BELOW);
    code.alu(CMP, RBX, Float.floatToRawIntBits(Float.MIN_NORMAL));
    code.jump(LESS, tiny);
    blocks(code, partial -> block(code, false, partial));
    code.jump(end);
    code.bind(tiny);
    blocks(code, partial -> block(code, true, partial));
    code.bind(end);
    code.op(VectorOp.MOVSS_TO, SCALE.as(16), at(R11));
    code.op(VectorOp.MOVSS_TO, ZERO, at(R11, 4));
  }

  /// Makes bytes of a block, and widens the range of another row.
  private void block(Assembler code, boolean divides, boolean partial) {
    if (!given) {
      widen(code, partial);
    }
    for (int vector = 0; vector < VECTORS; vector++) {
      load(code, value(vector), at(R10, BYTES * vector), vector, partial);
    }
    narrow(code, divides);
  }

  /// Goes through the blocks of a row.
  ///
  /// @param body what is done with one, told whether it is the partial one
  private static void blocks(Assembler code, Consumer<Boolean> body) {
    Label partial = new Label();
    Label end = new Label();
    code.mov(R10, RSI);
    code.mov(RBX, RCX);
    code.test(RBX);
    code.jump(EQUAL, partial);
    Label block = code.here();
    body.accept(false);
    code.alu(ADD, R10, BYTES * VECTORS);
    code.repeat(block, RBX);
    code.bind(partial);
    code.test(RAX);
    code.jump(EQUAL, end);
    body.accept(true);
    code.bind(end);
  }

  /// Makes bytes of a block.
  ///
  /// @param divides whether to divide by the scale, whose inverse may not be finite, instead of
  ///   multiplying by the inverse and correcting the quotient by what it leaves over, which rounds
  ///   alike
  private static void narrow(Assembler code, boolean divides) {
    for (int vector = 0; vector < VECTORS; vector++) {
      Vector value = value(vector);
      if (divides) {
        code.op(VectorOp.DIVPS, value, value, SCALE);
      } else {
        code.op(VectorOp.MULPS, quotient(vector), value, INVERSE);
        code.op(VectorOp.FNMADD231PS, value, quotient(vector), SCALE);
        code.op(VectorOp.FMADD213PS, value, INVERSE, quotient(vector));
      }
      code.op(VectorOp.CVTPS2DQ, value, value);
    }
    for (int vector = 0; vector < VECTORS; vector += 2) {
      code.op(VectorOp.PACKSSDW, value(vector), value(vector), value(vector + 1));
      code.op(VectorOp.PADDSW, value(vector), value(vector), ZERO_WORDS);
    }
    code.op(VectorOp.PACKUSWB, value(0), value(0), value(2));
    code.op(VectorOp.PERMPS, value(0), PLACES, value(0));
    code.op(VectorOp.MOVUPS_TO, value(0), at(R11));
    code.alu(ADD, R11, BYTES);
  }
}
