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
import static dev.jiffy.engine.kernel.x86.Register.R12;
import static dev.jiffy.engine.kernel.x86.Register.R13;
import static dev.jiffy.engine.kernel.x86.Register.R14;
import static dev.jiffy.engine.kernel.x86.Register.R15;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RBP;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import java.util.List;

/// Generates the loops of products: over tiles of a few rows, over the runs of the rows of `A`, and
/// over the elements of a run.
///
/// A row of `A` is read in runs: run `j` is the `k` elements at `a + row · aStep + taps[j]`. `B`
/// has a row of vectors for each of the `runs · k` elements. The arguments, all numbers, in order:
/// tiles, a, aStep, taps, runs, k, b, bStep, init, initStep, c, cStep, residual, residualStep, and
/// two more by the form of the tile.
sealed interface TileLoop permits PairCode, TileCode {
  /// The registers that the rows of `A` are reached from, six rows each.
  List<Register> BASES = List.of(R10, R11, R13, R14);

  int TILES = 0;
  int STACK = 8 * 7 + 8; // what is saved, the return address
  int B = STACK;
  int B_STEP = STACK + 8;
  int INIT = STACK + 16;
  int INIT_STEP = STACK + 24;
  int C = STACK + 32;
  int C_STEP = STACK + 40;
  int RESIDUAL = STACK + 48;
  int RESIDUAL_STEP = STACK + 56;

  /// What products push onto the stack.
  int PUSHED = 16;

  /// {@return the rows of a tile}
  int rows();

  /// {@return its whole vectors of columns}
  int vectors();

  /// {@return the bytes of an element of a run}
  default int elementBytes() {
    return Float.BYTES;
  }

  /// Computes what all tiles share, and takes `k` from `R9` to `R15`.
  void prepare(Assembler code);

  /// Computes a tile and lets `a` and the arguments on the stack point to the next.
  void tile(Assembler code);

  /// Adds the products of one element of each row, which is so many after the current one.
  void step(Assembler code, int step);

  /// Moves on in `B` by some elements of a run.
  void move(Assembler code, int steps);

  /// Lets `a` and the arguments on the stack point to the first tile of the next panel, if there is
  /// one, after the last of a panel.
  ///
  /// @param tile where a tile is computed
  default void nextPanel(Assembler code, Label tile) {}

  /// {@return the code}
  default byte[] emit() {
    Assembler code = new Assembler();
    Register[] saved = {RBX, RBP, R12, R13, R14, R15, RDI};
    code.push(saved);
    code.lea(RBX, at(RDX, RDX, 2, 0));
    code.lea(RBP, at(RDX, RDX, 4, 0));
    prepare(code);
    Label tile = code.here();
    tile(code);
    code.alu(SUB, at(RSP, TILES), 1, RDI);
    code.jump(NOT_EQUAL, tile);
    nextPanel(code, tile);
    return code.end(saved);
  }

  /// Adds the products of all runs, some elements of each row in a pass while there are as many.
  default void products(Assembler code, int unroll) {
    code.push(RCX);
    code.push(R8);
    Label run = code.here();
    code.load(R10, at(RCX));
    code.alu(ADD, R10, RSI);
    for (int base = 1; 6 * base < rows(); base++) {
      code.lea(BASES.get(base), at(BASES.get(base - 1), RBX, 2, 0));
    }
    code.mov(R9, R15);
    Label rest = new Label();
    Label next = new Label();
    code.alu(SUB, R9, unroll);
    code.jump(LESS, rest);
    Label loop = code.here();
    steps(code, unroll);
    code.alu(SUB, R9, unroll);
    code.jump(GREATER_OR_EQUAL, loop);
    code.bind(rest);
    code.alu(ADD, R9, unroll);
    code.jump(EQUAL, next);
    rest(code);
    code.bind(next);
    code.alu(ADD, RCX, 8);
    code.repeat(run, R8);
    code.pop(R8);
    code.pop(RCX);
  }

  /// Adds the products of the last elements of a run, one by one; `R9` says how many.
  default void rest(Assembler code) {
    Label one = code.here();
    steps(code, 1);
    code.repeat(one, R9);
  }

  /// Adds the products of some elements of each row and moves on.
  default void steps(Assembler code, int count) {
    for (int step = 0; step < count; step++) {
      step(code, step);
    }
    for (int base = 0; 6 * base < rows(); base++) {
      code.alu(ADD, BASES.get(base), elementBytes() * count);
    }
    move(code, count);
  }

  /// {@return the current element of a row of `A`, or one some bytes after it}
  static Address element(int row, int displacement) {
    Register base = BASES.get(row / 6);
    return switch (row % 6) {
      case 0 -> at(base, displacement);
      case 1 -> at(base, RDX, 1, displacement);
      case 2 -> at(base, RDX, 2, displacement);
      case 3 -> at(base, RBX, 1, displacement);
      case 4 -> at(base, RDX, 4, displacement);
      default -> at(base, RBP, 1, displacement);
    };
  }
}
