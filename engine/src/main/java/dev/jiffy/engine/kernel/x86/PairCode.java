package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.NOT_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R12;
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

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import org.jspecify.annotations.Nullable;

/// Generates the loop in registers of products with half a vector of columns more than one or two:
/// what [TileCode] computes, for tiles one below the other, in f32 with AVX-512.
///
/// Two rows make whole vectors, where each by itself would leave half of its last one idle: the
/// last 8 columns of a row and the first 8 of the next share one, whose factors are the elements of
/// both rows. The arguments are those of [TileCode], with the panel of the last 8 columns in place
/// of `bStep`; the last two say nothing.
///
/// @param vectors whole vectors of columns, 1 or 2
/// @param rows rows of a tile, at least 2
/// @param residual whether there is a residual
/// @param activation what is applied last, or null; one that [TileCode#fuses] accepts
record PairCode(int vectors, int rows, boolean residual, @Nullable Activation activation) {
  private static final int VECTOR = 64;
  private static final int HALF = VECTOR / 2;
  private static final Mask LOW = new Mask(1);
  private static final Mask HIGH = new Mask(2);

  /// The halves of two vectors in one: the lower half of each, and the upper of one and the lower
  /// of the other.
  private static final int LOWER_AND_LOWER = 0x44;

  private static final int UPPER_AND_LOWER = 0x4e;

  private static final int UNROLL = 2;

  /// {@return the most rows of a tile}
  static int most(int vectors) {
    return vectors == 1 ? 16 : 8;
  }

  /// {@return the fewest rows whose sums do not wait for each other}
  static int least(int vectors) {
    return vectors == 1 ? 6 : 4;
  }

  private static Vector register(int number) {
    return new Vector(number, VECTOR);
  }

  /// The vectors of sums.
  private int sums() {
    return rows / 2 * (2 * vectors + 1) + rows % 2 * (vectors + 1);
  }

  /// A vector of sums of a pair of rows: the first columns of one, what they share, the last
  /// columns of the other. Of a last row alone there are the first ones and what would be shared.
  private Vector sum(int pair, int vector) {
    return register((2 * vectors + 1) * pair + vector);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(TileCode.SAVED);
    code.push(RDI);
    code.lea(RBX, at(RDX, RDX, 2, 0));
    code.lea(RBP, at(RDX, RDX, 4, 0));
    code.mov(R15, R9);
    code.mov(RAX, 0xff);
    code.kmov(LOW, RAX);
    code.mov(RAX, 0xff00);
    code.kmov(HIGH, RAX);
    Label tile = code.here();
    each(code, TileCode.INIT, TileCode.INIT_STEP, (sum, from, mask) -> load(code, sum, from, mask));
    code.store(RDI, at(RSP, TileCode.INIT));
    products(code);
    if (residual) {
      each(
          code,
          TileCode.RESIDUAL,
          TileCode.RESIDUAL_STEP,
          (sum, from, mask) -> code.op(VectorOp.ADDPS, sum, sum, from, mask, false));
      code.store(RDI, at(RSP, TileCode.RESIDUAL));
    }
    activate(code);
    each(
        code,
        TileCode.C,
        TileCode.C_STEP,
        (sum, to, mask) -> code.op(VectorOp.MOVUPS_TO, sum, to, mask, false));
    code.store(RDI, at(RSP, TileCode.C));
    advance(code);
    code.alu(SUB, RDI, 1);
    code.store(RDI, at(RSP, TileCode.TILES));
    code.jump(NOT_EQUAL, tile);
    code.pop(RDI);
    code.pop(TileCode.SAVED);
    code.vzeroupper();
    code.ret();
    return code.finish();
  }

  /// What is done with a vector of sums, or half of it, and its place in memory.
  private interface Part {
    void emit(Vector sum, Operand.Address place, Mask mask);
  }

  /// Goes through all rows, from where an argument points to; leaves the place of the next tile's
  /// in `RDI`.
  private void each(Assembler code, int argument, int step, Part part) {
    code.load(RDI, at(RSP, argument));
    code.load(RAX, at(RSP, step));
    for (int row = 0; row < rows; row++) {
      boolean even = row % 2 == 0;
      Vector shared = sum(row / 2, vectors);
      part.emit(shared, at(RDI, even ? vectors * VECTOR : -HALF), even ? LOW : HIGH);
      for (int i = 0; i < vectors; i++) {
        Vector whole = sum(row / 2, even ? i : vectors + 1 + i);
        part.emit(whole, at(RDI, i * VECTOR + (even ? 0 : HALF)), Mask.NONE);
      }
      code.alu(ADD, RDI, RAX);
    }
  }

  /// Loads a vector, or its lower half and then its upper one.
  private static void load(Assembler code, Vector sum, Operand.Address from, Mask mask) {
    code.op(VectorOp.MOVUPS, sum, from, mask, mask.equals(LOW));
  }

  /// Adds the products of all runs.
  private void products(Assembler code) {
    code.load(RAX, at(RSP, TileCode.B));
    code.load(R12, at(RSP, TileCode.B_STEP));
    code.push(RCX);
    code.push(R8);
    Label run = code.here();
    code.load(R10, at(RCX));
    code.alu(ADD, R10, RSI);
    for (int base = 1; 6 * base < rows; base++) {
      code.lea(TileCode.BASES[base], at(TileCode.BASES[base - 1], RBX, 2, 0));
    }
    code.mov(R9, R15);
    Label rest = new Label();
    Label next = new Label();
    code.alu(SUB, R9, UNROLL);
    code.jump(LESS, rest);
    Label loop = code.here();
    for (int step = 0; step < UNROLL; step++) {
      step(code, step);
    }
    move(code, UNROLL);
    code.alu(SUB, R9, UNROLL);
    code.jump(GREATER_OR_EQUAL, loop);
    code.bind(rest);
    code.alu(ADD, R9, UNROLL);
    code.jump(EQUAL, next);
    step(code, 0);
    move(code, 1);
    code.bind(next);
    code.alu(ADD, RCX, 8);
    code.alu(SUB, R8, 1);
    code.jump(NOT_EQUAL, run);
    code.pop(R8);
    code.pop(RCX);
  }

  /// Moves on by some elements of a run.
  private void move(Assembler code, int steps) {
    for (int base = 0; 6 * base < rows; base++) {
      code.alu(ADD, TileCode.BASES[base], 4 * steps);
    }
    code.alu(ADD, RAX, steps * vectors * VECTOR);
    code.alu(ADD, R12, steps * VECTOR);
  }

  /// Adds the products of one element of each row.
  private void step(Assembler code, int step) {
    Vector[] first = new Vector[vectors];
    Vector[] last = new Vector[vectors];
    int free = sums();
    for (int i = 0; i < vectors; i++) {
      first[i] = register(free++);
      last[i] = register(free++);
    }
    Vector shared = register(free++);
    Vector even = register(free++);
    Vector odd = register(free++);
    Vector both = register(free);
    code.op(VectorOp.MOVUPS, both, at(R12, step * VECTOR));
    for (int i = 0; i < vectors; i++) {
      code.op(VectorOp.MOVUPS, first[i], at(RAX, (step * vectors + i) * VECTOR));
    }
    code.op(VectorOp.SHUFF32X4, shared, both, first[0], LOWER_AND_LOWER);
    for (int i = 0; i < vectors; i++) {
      Vector next = i + 1 < vectors ? first[i + 1] : both;
      code.op(VectorOp.SHUFF32X4, last[i], first[i], next, UPPER_AND_LOWER);
    }
    for (int pair = 0; 2 * pair < rows; pair++) {
      boolean alone = 2 * pair + 1 == rows;
      code.op(VectorOp.BROADCASTSS, even, TileCode.element(2 * pair, 4 * step));
      if (!alone) {
        code.op(VectorOp.BROADCASTSS, odd, TileCode.element(2 * pair + 1, 4 * step));
        code.op(VectorOp.BLENDMPS, both, even, odd, HIGH, false);
      }
      for (int i = 0; i < vectors; i++) {
        code.op(VectorOp.FMADD231PS, sum(pair, i), even, first[i]);
      }
      code.op(VectorOp.FMADD231PS, sum(pair, vectors), alone ? even : both, shared);
      for (int i = 0; i < vectors && !alone; i++) {
        code.op(VectorOp.FMADD231PS, sum(pair, vectors + 1 + i), odd, last[i]);
      }
    }
  }

  private void activate(Assembler code) {
    if (activation != null) {
      Vector[] all = new Vector[sums()];
      for (int i = 0; i < all.length; i++) {
        all[i] = register(i);
      }
      FunctionCode.emit(
          code, activation.function(), activation.alpha(), activation.beta(), all, 32);
    }
  }

  /// Moves on to the next tile; all but `A` has moved already.
  private void advance(Assembler code) {
    code.imul(RAX, RDX, rows);
    code.alu(ADD, RSI, RAX);
    code.load(RDI, at(RSP, TileCode.TILES));
  }
}
