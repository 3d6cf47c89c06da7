package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.PRESENT;
import static dev.jiffy.engine.kernel.x86.CutVectors.add;
import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.CutVectors.present;
import static dev.jiffy.engine.kernel.x86.CutVectors.store;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R12;
import static dev.jiffy.engine.kernel.x86.Register.R15;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.x86.Assembler.Mask;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import org.jspecify.annotations.Nullable;

/// Generates the loops in registers of products: `C = activation(init + A · B + residual)` for
/// tiles of a few rows by one or two vectors of columns, one tile below the other or one beside the
/// other.
///
/// The last two arguments are for a cut tile its mask (a bit per column with AVX-512, else the
/// address of a vector), and one more: for tiles side by side the bytes from the first column of
/// `init` to that of the next tile. For tiles one below the other whose `B` is packed and two
/// vectors wide they are how many panels of so many tiles there are, side by side, and the bytes
/// that each element of a run moves on in what is brought into the second-level cache meanwhile;
/// where that starts is in place of `bStep`. For tiles of groups the bytes from a panel to what is
/// brought there meanwhile are in that place. For tiles of one row of many it is what starts there
/// that is brought near, and the last but one argument says by how many bytes it moves on in a pass
/// of the loop.
///
/// All sums stay in registers. Where a tile is so small that each sum would wait for the one before
/// it, several partial sums run side by side.
///
/// @param vectorBytes the width of vectors
/// @param vectors vectors of columns, 1 or 2
/// @param rows rows of a tile
/// @param order where each tile is
/// @param far whether tiles side by side, which read `B` once, are to take it for more than the
///   second-level cache holds
/// @param packed whether the rows of `B` are adjacent, else `bStep` leads from one to the next, and
///   `residual` is the first of adjacent factors of the rows
/// @param cut whether the last columns of the (only) vector do not exist
/// @param residual whether there is a residual; only where `B` is packed
/// @param activation what is applied last, or null; one that [FunctionCode#suits] accepts
/// @param factors the numbers that are multiplied. Where they are narrower than f32, an element of
///   a run is a group of them in 32 bits, and a vector of `B` holds a group for each column; sums
///   are stored as they are. Of f64, whose `B` is packed, there is no activation
/// @param result what becomes of the sums of bytes
record TileCode(
    int vectorBytes,
    int vectors,
    int rows,
    Order order,
    boolean far,
    boolean packed,
    boolean cut,
    boolean residual,
    @Nullable Activation activation,
    Factors factors,
    Result result)
    implements TileLoop {
  /// Where a tile is, seen from the one before.
  enum Order {
    /// Below, with the same panel.
    BELOW,
    /// Beside, with the next panel.
    ACROSS,
    /// As [#ACROSS], in one of many rows of tiles: the memory of the results of the next tile, and
    /// what the rows below read, are brought near meanwhile.
    ROW_OF_MANY,
    /// Beside, with the next panel and the next elements of the rows of `A`: it is of the next
    /// group of channels.
    GROUPS
  }

  /// What becomes of sums.
  enum Result {
    /// They are stored after residual and activation.
    SUMS,
    /// From i32, they become `(sum - zero · total) · (scale · columnScale) + init` in f32, with
    /// residual and activation as [#SUMS]. After its only run, a row of `A` has its scale (f32) and
    /// the byte that stands for zero (i32); after its rows, a panel of `B` has the scale (f32) and
    /// the total (i32) of each column. AVX-512 only.
    SCALED,
    /// As [#SCALED], where all rows of `A` have the same scale and the same byte for zero.
    SCALED_ALIKE,
    /// From i32, they become `activation(sum · scale + bias)` in f32.
    FLOATS,
    /// As [#FLOATS], and then `round(y · factor) + zero` limited to unsigned bytes; without an
    /// activation there is no factor.
    BYTES;

    /// {@return whether there may be a residual; else the numbers of the columns are in its place}
    boolean takesResidual() {
      return this == SUMS || isScaled();
    }

    /// {@return whether numbers of the rows of `A` and of the columns make f32 of the sums}
    boolean isScaled() {
      return this == SCALED || this == SCALED_ALIKE;
    }
  }

  /// How far ahead of its use `B` is brought into the second-level cache by tiles that read it
  /// once, in bytes: the hardware does not foresee what is beyond a page.
  static final int AHEAD = 16384;

  /// From how many rows on tiles that read `B` once compute as long as they wait for it.
  static final int COMPUTING_ROWS = 4;

  private static final int LINE = 64;

  /// From how many tiles on, one below the other, their rows of `C` are brought near early.
  private static final int MANY_TILES = 4;

  private static final int MASK = RESIDUAL_STEP + 8;
  private static final int NEAR_STEP = MASK;
  private static final int LAST = MASK + 8; // by the form of the tile one of the following
  private static final int INIT_ADVANCE = LAST;
  private static final int AHEAD_STEP = LAST;
  private static final int GAP = LAST;

  /// Of tiles one below the other whose rows of `B` are adjacent, two vectors wide.
  private static final int PANELS = MASK;

  /// The tiles of a panel, in place of where what is brought near starts.
  private static final int HEIGHT = B_STEP;

  /// Where the results of a tile end, while products are added: below the stack, which no function
  /// uses meanwhile.
  private static final int END = -8;

  /// {@return the most rows of a tile}
  static int most(int vectorBytes, int vectors) {
    return vectorBytes == 64 ? (vectors == 2 ? 12 : 24) : (vectors == 2 ? 6 : 12);
  }

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private boolean across() {
    return order != Order.BELOW;
  }

  /// Whether memory that is needed later is brought near meanwhile, from where R12 points.
  private boolean bringsNear() {
    return packed && vectors == 2 && !across();
  }

  /// Whether the memory of results is asked for before they are stored.
  private boolean claims() {
    return bringsNear() || order == Order.ROW_OF_MANY;
  }

  /// Whether tiles that read `B` once ask for what comes later. With so few rows that they wait for
  /// nothing but memory, asking would take the second-level cache's time: always with 512 bits, and
  /// with 256 where `B` lies there.
  private boolean looksAhead() {
    return order == Order.ROW_OF_MANY
        || (order == Order.ACROSS && (rows >= COMPUTING_ROWS || (far && !wide())));
  }

  /// How many partial sums there are of each sum.
  private int sets() {
    int sums = rows * vectors;
    if (wide()) {
      return sums >= 8 ? 1 : sums >= 4 ? 2 : 4;
    }
    return sums > 6 ? 1 : sums >= 3 ? 2 : 4;
  }

  private Vector sum(int set, int row, int vector) {
    return register((set * rows + row) * vectors + vector);
  }

  private ByteSums bytes() {
    return new ByteSums(vectorBytes, vectors, rows, cut);
  }

  private int firstFree() {
    return sets() * rows * vectors;
  }

  private int registers() {
    return wide() ? 32 : 16;
  }

  @Override
  public int elementBytes() {
    return factors.bytes();
  }

  @Override
  public void prepare(Assembler code) {
    code.load(R12, at(RSP, B_STEP));
    code.mov(R15, R9);
    if (bringsNear()) {
      code.store(RDI, at(RSP, HEIGHT));
    }
    if (wide()) {
      loadMask(code);
    }
  }

  @Override
  public void tile(Assembler code) {
    start(code);
    findResults(code);
    code.load(RAX, at(RSP, B));
    products(code, unroll());
    total(code);
    if (result.isScaled()) {
      bytes().scaleRows(code, result == Result.SCALED_ALIKE);
    }
    if (across()) {
      code.store(RAX, at(RSP, B));
    }
    finish(code);
    advance(code);
  }

  @Override
  public void nextPanel(Assembler code, Label tile) {
    if (!bringsNear()) {
      return;
    }
    Label end = new Label();
    code.load(RDI, at(RSP, PANELS));
    code.alu(SUB, RDI, 1);
    code.jump(EQUAL, end);
    code.store(RDI, at(RSP, PANELS));
    code.load(RDI, at(RSP, HEIGHT));
    code.store(RDI, at(RSP, TILES));
    code.imul(RDI, RDI, rows);
    code.mov(RAX, RDI);
    code.imul(RAX, RDX);
    code.alu(SUB, RSI, RAX);
    beside(code, INIT, INIT_STEP, vectors * vectorBytes);
    beside(code, C, C_STEP, vectors * resultBytes());
    if (residual) {
      beside(code, RESIDUAL, RESIDUAL_STEP, vectors * vectorBytes);
    }
    if (!result.takesResidual()) {
      code.alu(ADD, at(RSP, RESIDUAL), vectors * bytes().numbersBytes(), RAX);
    }
    code.mov(RDI, R8);
    code.imul(RDI, R15);
    code.alu(ADD, RDI, result.isScaled() ? ByteSums.COLUMN_ROWS : 0);
    code.imul(RDI, RDI, vectors * vectorBytes);
    code.alu(ADD, RDI, at(RSP, B));
    code.store(RDI, at(RSP, B));
    code.jump(tile);
    code.bind(end);
  }

  /// Lets an argument point to the columns beside the first tile.
  private void beside(Assembler code, int argument, int step, int columnBytes) {
    code.load(RAX, at(RSP, step));
    code.imul(RAX, RDI);
    code.alu(SUB, RAX, columnBytes);
    code.load(R9, at(RSP, argument));
    code.alu(SUB, R9, RAX);
    code.store(R9, at(RSP, argument));
  }

  private void loadMask(Assembler code) {
    if (cut) {
      code.load(RAX, at(RSP, MASK));
      present(code, vectorBytes, RAX);
    }
  }

  /// Loads the values that the sums start from.
  private void start(Assembler code) {
    if (!wide()) {
      loadMask(code);
    }
    if (!result.isScaled()) {
      code.load(RDI, at(RSP, INIT));
      code.load(RAX, at(RSP, INIT_STEP));
      for (int row = 0; row < rows; row++) {
        for (int vector = 0; vector < vectors; vector++) {
          load(code, sum(0, row, vector), at(RDI, vector * vectorBytes), cut);
        }
        if (row + 1 < rows) {
          code.alu(ADD, RDI, RAX);
        }
      }
    }
    for (int set = result.isScaled() ? 0 : 1; set < sets(); set++) {
      for (int row = 0; row < rows; row++) {
        for (int vector = 0; vector < vectors; vector++) {
          zero(code, sum(set, row, vector));
        }
      }
    }
  }

  /// Finds where the sums go to, or those of the next tile where it is beside this one, in `RDI`,
  /// and the end of it, where it is not near already.
  private void findResults(Assembler code) {
    if (!claims()) {
      return;
    }
    Label many = new Label();
    code.load(RDI, at(RSP, C));
    code.load(RAX, at(RSP, C_STEP));
    if (across()) {
      code.alu(ADD, RDI, vectors * vectorBytes);
    }
    code.imul(RAX, RAX, rows);
    code.alu(ADD, RAX, RDI);
    code.store(RAX, at(RSP, END - PUSHED));
    code.load(R9, at(RSP, TILES));
    code.alu(CMP, R9, across() ? 2 : MANY_TILES);
    code.jump(GREATER_OR_EQUAL, many);
    code.mov(RDI, RAX);
    code.bind(many);
  }

  /// Asks in every second pass for the memory of a row of results: all at once would wait for each
  /// other.
  private void claim(Assembler code) {
    Label end = new Label();
    code.alu(CMP, RDI, at(RSP, END));
    code.jump(EQUAL, end);
    code.test(R9, unroll());
    code.jump(EQUAL, end);
    for (int line = 0; line < vectors * vectorBytes; line += LINE) {
      code.prefetchForWrite(at(RDI, line));
    }
    code.alu(ADD, RDI, at(RSP, C_STEP + PUSHED));
    code.bind(end);
  }

  private void zero(Assembler code, Vector vector) {
    code.op(VectorOp.XORPS, vector, vector, vector);
  }

  /// Adds up the partial sums.
  private void total(Assembler code) {
    for (int set = 1; set < sets(); set++) {
      for (int row = 0; row < rows; row++) {
        for (int vector = 0; vector < vectors; vector++) {
          Vector sum = sum(0, row, vector);
          code.op(factors.sum, sum, sum, sum(set, row, vector));
        }
      }
    }
  }

  private int unroll() {
    return packed ? unroll(rows, vectors) : sets();
  }

  /// {@return the elements of each row that a pass of the loop multiplies with a packed `B`}
  static int unroll(int rows, int vectors) {
    return rows * vectors > 12 ? 2 : 4;
  }

  @Override
  public void move(Assembler code, int steps) {
    if (packed) {
      code.alu(ADD, RAX, steps * vectors * vectorBytes);
    }
  }

  @Override
  public void step(Assembler code, int step) {
    if (claims() && step == 0) {
      claim(code);
    }
    if (order == Order.ROW_OF_MANY && step == 0) {
      code.prefetch(at(R12), 2);
      code.alu(ADD, R12, at(RSP, NEAR_STEP + PUSHED));
    }
    int set = step % sets();
    int free = firstFree();
    int lane = packed ? step * vectors * vectorBytes : 0;
    for (int vector = 0; vector < vectors; vector++) {
      Address b = at(RAX, lane + vector * vectorBytes);
      if (packed) {
        if (looksAhead()) {
          code.prefetch(b.plus(AHEAD), 2);
        } else if (order == Order.GROUPS) {
          code.prefetch(at(RAX, R12, 1, lane + vector * vectorBytes), 2);
        }
        code.op(VectorOp.MOVUPS, register(free + vector), b);
      } else {
        load(code, register(free + vector), b, cut);
      }
    }
    if (!packed) {
      code.alu(ADD, RAX, R12);
    } else if (bringsNear()) {
      code.prefetch(at(R12), 2);
      code.alu(ADD, R12, at(RSP, AHEAD_STEP + PUSHED));
    }
    int spare = free + vectors;
    int last = (cut && !wide() ? registers() - 1 : registers()) - 1;
    int spares = last + (factors == Factors.WORDS ? 0 : 1) - spare;
    for (int row = 0; row < rows; row++) {
      Address a = TileLoop.element(row, elementBytes() * step);
      if (vectors == 1 && wide() && factors.sum == VectorOp.ADDPS) {
        code.op(product(), sum(set, row, 0), register(free), a.repeated());
        continue;
      }
      Vector repeated = register(spare + row % spares);
      code.op(repeat(), repeated, a);
      for (int vector = 0; vector < vectors; vector++) {
        Vector sum = sum(set, row, vector);
        Vector b = register(free + vector);
        if (factors == Factors.WORDS) {
          Vector product = vector == vectors - 1 ? repeated : register(last);
          code.op(product(), product, repeated, b);
          code.op(factors.sum, sum, sum, product);
        } else {
          code.op(product(), sum, repeated, b);
        }
      }
    }
  }

  private VectorOp repeat() {
    if (factors != Factors.F64) {
      return VectorOp.BROADCASTSS;
    }
    return wide() ? VectorOp.BROADCASTSD : VectorOp.BROADCASTSD_VEX;
  }

  private VectorOp product() {
    return switch (factors) {
      case F64 -> VectorOp.FMADD231PD;
      case F32 -> VectorOp.FMADD231PS;
      case BF16 -> VectorOp.DPBF16PS;
      case BYTES -> wide() ? VectorOp.PDPBUSD : VectorOp.PDPBUSD_VEX;
      case WORDS -> VectorOp.PMADDWD;
    };
  }

  /// Adds the residual, applies the activation and stores.
  private void finish(Assembler code) {
    if (!wide()) {
      loadMask(code);
    }
    if (!result.takesResidual()) {
      code.load(RDI, at(RSP, RESIDUAL));
      bytes().scale(code);
    }
    if (!packed) {
      code.load(RDI, at(RSP, RESIDUAL));
      Vector factor = register(rows * vectors);
      for (int row = 0; row < rows; row++) {
        code.op(VectorOp.BROADCASTSS, factor, at(RDI, 4 * row));
        for (int vector = 0; vector < vectors; vector++) {
          code.op(VectorOp.MULPS, sum(0, row, vector), sum(0, row, vector), factor);
        }
      }
      code.alu(ADD, RDI, 4 * rows);
      code.store(RDI, at(RSP, RESIDUAL));
    } else if (residual) {
      code.load(RDI, at(RSP, RESIDUAL));
      code.load(RAX, at(RSP, RESIDUAL_STEP));
      for (int row = 0; row < rows; row++) {
        for (int vector = 0; vector < vectors; vector++) {
          Vector sum = sum(0, row, vector);
          Address from = at(RDI, vector * vectorBytes);
          VectorOp add = result.isScaled() ? VectorOp.ADDPS : factors.sum;
          add(code, add, sum, from, cut, register(rows * vectors));
        }
        code.alu(ADD, RDI, RAX);
      }
      moved(code, RESIDUAL, vectors * vectorBytes);
    }
    int until = cut && !wide() ? registers() - 1 : registers();
    FunctionCode.apply(code, activation, rows * vectors, vectorBytes, until);
    if (!result.takesResidual()) {
      if (result == Result.BYTES) {
        bytes().round(code, activation != null);
      }
      if (across()) {
        code.alu(ADD, RDI, vectors * bytes().numbersBytes());
        code.store(RDI, at(RSP, RESIDUAL));
      }
    }
    code.load(RDI, at(RSP, C));
    code.load(RAX, at(RSP, C_STEP));
    for (int row = 0; row < rows; row++) {
      if (result == Result.BYTES && !wide()) {
        bytes().store(code, row);
      }
      for (int vector = 0; vector < vectors && (result != Result.BYTES || wide()); vector++) {
        Vector sum = sum(0, row, vector);
        Address to = at(RDI, vector * resultBytes());
        if (result == Result.BYTES) {
          code.op(VectorOp.PMOVUSDB_TO, sum, to, cut ? PRESENT : Mask.NONE, false);
        } else {
          store(code, sum, to, cut);
        }
      }
      code.alu(ADD, RDI, RAX);
    }
    moved(code, C, vectors * resultBytes());
  }

  /// The bytes of a vector of results.
  private int resultBytes() {
    return result == Result.BYTES ? vectorBytes / 4 : vectorBytes;
  }

  /// Lets an argument point to the next tile, whose address is in a register where it is below.
  private void moved(Assembler code, int argument, int columnBytes) {
    if (across()) {
      code.load(RDI, at(RSP, argument));
      code.alu(ADD, RDI, columnBytes);
    }
    code.store(RDI, at(RSP, argument));
  }

  /// Moves on to the next tile; those of C and the residual have moved already.
  private void advance(Assembler code) {
    if (across()) {
      code.load(RAX, at(RSP, INIT_ADVANCE));
      if (order == Order.GROUPS) {
        code.lea(RSI, at(RSI, R15, 4, 0));
      }
    } else {
      code.imul(RAX, RDX, rows);
      code.alu(ADD, RSI, RAX);
      if (packed && vectors == 1) {
        code.alu(ADD, RSI, at(RSP, GAP));
      }
      code.load(RAX, at(RSP, INIT_STEP));
      code.imul(RAX, RAX, rows);
    }
    code.alu(ADD, RAX, at(RSP, INIT));
    code.store(RAX, at(RSP, INIT));
  }
}
