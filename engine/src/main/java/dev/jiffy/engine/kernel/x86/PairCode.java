package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R12;
import static dev.jiffy.engine.kernel.x86.Register.R15;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
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
/// both rows. The panel of the last 8 columns stands in place of `bStep`; the last two arguments
/// say nothing.
///
/// @param vectors whole vectors of columns, 1 or 2
/// @param rows rows of a tile, at least 2
/// @param residual whether there is a residual
/// @param activation what is applied last, or null; one that [FunctionCode#suits] accepts
record PairCode(int vectors, int rows, boolean residual, @Nullable Activation activation)
    implements TileLoop {
  private static final int VECTOR = 64;
  private static final int HALF = VECTOR / 2;
  private static final Mask LOW = new Mask(1);
  private static final Mask HIGH = new Mask(2);

  /// The halves of two vectors in one: the lower half of each, and the upper of one and the lower
  /// of the other.
  private static final int LOWER_AND_LOWER = 0x44;

  private static final int UPPER_AND_LOWER = 0x4e;

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

  @Override
  public void prepare(Assembler code) {
    code.mov(R15, R9);
    code.mov(RAX, 0xff);
    code.kmov(LOW, RAX);
    code.mov(RAX, 0xff00);
    code.kmov(HIGH, RAX);
  }

  @Override
  public void tile(Assembler code) {
    each(code, INIT, INIT_STEP, (sum, from, mask) -> load(code, sum, from, mask));
    code.store(RDI, at(RSP, INIT));
    code.load(RAX, at(RSP, B));
    code.load(R12, at(RSP, B_STEP));
    products(code, 2);
    if (residual) {
      each(
          code,
          RESIDUAL,
          RESIDUAL_STEP,
          (sum, from, mask) -> code.op(VectorOp.ADDPS, sum, sum, from, mask, false));
      code.store(RDI, at(RSP, RESIDUAL));
    }
    FunctionCode.apply(code, activation, sums(), VECTOR, 32);
    each(code, C, C_STEP, (sum, to, mask) -> code.op(VectorOp.MOVUPS_TO, sum, to, mask, false));
    code.store(RDI, at(RSP, C));
    code.imul(RAX, RDX, rows);
    code.alu(ADD, RSI, RAX);
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

  /// Of two at a time at most one is left.
  @Override
  public void rest(Assembler code) {
    steps(code, 1);
  }

  @Override
  public void move(Assembler code, int steps) {
    code.alu(ADD, RAX, steps * vectors * VECTOR);
    code.alu(ADD, R12, steps * VECTOR);
  }

  @Override
  public void step(Assembler code, int step) {
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
      code.op(VectorOp.BROADCASTSS, even, TileLoop.element(2 * pair, 4 * step));
      if (!alone) {
        code.op(VectorOp.BROADCASTSS, odd, TileLoop.element(2 * pair + 1, 4 * step));
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
}
