package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.CutVectors.present;
import static dev.jiffy.engine.kernel.x86.CutVectors.store;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.OR;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.BELOW;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER;
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
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RBP;
import static dev.jiffy.engine.kernel.x86.Register.RBX;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import org.jspecify.annotations.Nullable;

/// Generates the transforms of [dev.jiffy.engine.kernel.tile.WinogradKernels]: of a row of tiles,
/// all channels of a tile one vector after the other.
///
/// Both functions have these arguments, all numbers, in order: the first pixel of the image, bytes
/// from pixel to pixel of a tile, bytes from row to row, a bit for each row of a tile that does not
/// exist, the first tile's row in the first matrix, bytes from matrix to matrix, tiles, the column
/// of the first pixel, columns of the image, both counted in pixels of tiles, whole vectors of
/// channels, the mask of the rest (see [Masks]), for results residual - y, init and initStep, and
/// the bytes of a row of a matrix.
///
/// @param vectorBytes the width of vectors
/// @param cut whether the last vector of channels is not whole
record WinogradCode(int vectorBytes, boolean cut) {
  private static final Register[] SAVED = {RBX, RBP, R12, R13, R14, R15};

  private static final int IMAGE = 0;
  private static final int MATRIX = 8;
  private static final int ROWS = 16;
  private static final int LOCALS = 24;
  private static final int STACK = LOCALS + 8 * SAVED.length + 8; // and the return address
  private static final int TILES = STACK;
  private static final int COLUMN = STACK + 8;
  private static final int WIDTH = STACK + 16;
  private static final int VECTORS = STACK + 24;
  private static final int MASK = STACK + 32;
  private static final int RESIDUAL = STACK + 40;
  private static final int INIT = STACK + 48;
  private static final int INIT_STEP = STACK + 56;
  private static final int MATRIX_ROW = STACK + 64;

  /// The rows of a tile of the input.
  private static final Register[] PIXELS = {R10, R11, R12, R13};

  /// The matrices, by four.
  private static final Register[] MATRICES = {R14, R15, RBP, R8};

  /// What is generated for a vector of channels.
  private interface Body {
    /// Generates it.
    ///
    /// @param masked whether the vector is cut
    void emit(boolean masked);
  }

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code of the input's transform}
  byte[] input() {
    Assembler code = new Assembler();
    Label whole = new Label();
    Label done = new Label();
    start(code);
    code.lea(RDI, at(RSI, RSI, 2, 0));
    Label tile = code.here();
    code.load(R10, at(RSP, IMAGE));
    code.lea(R11, at(R10, RDX, 1, 0));
    code.lea(R12, at(R11, RDX, 1, 0));
    code.lea(R13, at(R12, RDX, 1, 0));
    startTile(code, 4);
    code.test(RCX);
    code.jump(EQUAL, whole);
    vectors(code, PIXELS, masked -> input(code, true, masked));
    code.jump(done);
    code.bind(whole);
    vectors(code, PIXELS, masked -> input(code, false, masked));
    code.bind(done);
    endTile(code, tile);
    return code.finish();
  }

  /// {@return the code of the result's transform}
  ///
  /// @param residual whether there is a residual
  /// @param activation what is applied last, or null
  byte[] result(boolean residual, @Nullable Activation activation) {
    Assembler code = new Assembler();
    start(code);
    Label tile = code.here();
    code.load(R10, at(RSP, IMAGE));
    code.lea(R11, at(R10, RDX, 1, 0));
    code.load(R12, at(RSP, INIT));
    startTile(code, 2);
    vectors(
        code,
        new Register[] {R10, R11},
        masked -> {
          result(code, masked, residual, activation);
          code.alu(ADD, R12, at(RSP, INIT_STEP));
        });
    endTile(code, tile);
    return code.finish();
  }

  private void start(Assembler code) {
    code.push(SAVED);
    code.alu(SUB, RSP, LOCALS);
    code.store(RDI, at(RSP, IMAGE));
    code.store(R8, at(RSP, MATRIX));
    code.store(RCX, at(RSP, ROWS));
    code.lea(RBX, at(R9, R9, 2, 0));
    if (cut) {
      code.load(RAX, at(RSP, MASK));
      present(code, vectorBytes, RAX);
    }
  }

  /// Finds the matrices, and in `RCX` a bit for each column and, above them, row of the tile that
  /// does not exist.
  private static void startTile(Assembler code, int columns) {
    code.load(R14, at(RSP, MATRIX));
    for (int i = 1; i < MATRICES.length; i++) {
      code.lea(MATRICES[i], at(MATRICES[i - 1], R9, 4, 0));
    }
    code.load(RCX, at(RSP, ROWS));
    code.load(RAX, at(RSP, COLUMN));
    for (int column = 0; column < columns; column++) {
      Label present = new Label();
      code.alu(CMP, RAX, at(RSP, WIDTH));
      code.jump(BELOW, present);
      code.alu(OR, RCX, 1 << column);
      code.bind(present);
      code.alu(ADD, RAX, 1);
    }
  }

  private static void endTile(Assembler code, Label tile) {
    code.load(RAX, at(RSP, IMAGE));
    code.lea(RAX, at(RAX, RSI, 2, 0));
    code.store(RAX, at(RSP, IMAGE));
    code.load(RAX, at(RSP, MATRIX));
    code.alu(ADD, RAX, at(RSP, MATRIX_ROW));
    code.store(RAX, at(RSP, MATRIX));
    code.alu(ADD, at(RSP, COLUMN), 2, RAX);
    code.alu(SUB, at(RSP, TILES), 1, RAX);
    code.jump(GREATER, tile);
    code.alu(ADD, RSP, LOCALS);
    code.pop(SAVED);
    code.vzeroupper();
    code.ret();
  }

  /// Generates a loop over all channels of a tile.
  private void vectors(Assembler code, Register[] pixels, Body body) {
    Label rest = new Label();
    code.load(RAX, at(RSP, VECTORS));
    code.test(RAX);
    code.jump(EQUAL, rest);
    Label vector = code.here();
    body.emit(false);
    for (Register pixel : pixels) {
      code.alu(ADD, pixel, vectorBytes);
    }
    for (Register matrix : MATRICES) {
      code.alu(ADD, matrix, vectorBytes);
    }
    code.repeat(vector, RAX);
    code.bind(rest);
    if (cut) {
      body.emit(true);
    }
  }

  /// {@return memory at one of four equal steps}
  private static Address quarter(Register base, Register step, Register threeSteps, int number) {
    return switch (number) {
      case 0 -> at(base);
      case 1 -> at(base, step, 1, 0);
      case 2 -> at(base, step, 2, 0);
      default -> at(base, threeSteps, 1, 0);
    };
  }

  private static Address matrix(int row, int column) {
    return quarter(MATRICES[row], R9, RBX, column);
  }

  /// Transforms a vector of a tile of the input, a column or two of its transform at a time.
  private void input(Assembler code, boolean partial, boolean masked) {
    for (int row = 0; row < 4; row++) {
      pixel(code, register(row), row, 0, partial, masked);
      pixel(code, register(8), row, 2, partial, masked);
      code.op(VectorOp.SUBPS, register(row), register(row), register(8));
    }
    column(code, 0, 0, masked);
    for (int row = 0; row < 4; row++) {
      pixel(code, register(8), row, 1, partial, masked);
      pixel(code, register(9), row, 2, partial, masked);
      code.op(VectorOp.ADDPS, register(row), register(8), register(9));
      code.op(VectorOp.SUBPS, register(4 + row), register(9), register(8));
    }
    column(code, 0, 1, masked);
    column(code, 4, 2, masked);
    for (int row = 0; row < 4; row++) {
      pixel(code, register(row), row, 1, partial, masked);
      pixel(code, register(8), row, 3, partial, masked);
      code.op(VectorOp.SUBPS, register(row), register(row), register(8));
    }
    column(code, 0, 3, masked);
  }

  /// Transforms a column and stores it.
  private void column(Assembler code, int first, int column, boolean masked) {
    Vector[] rows = new Vector[4];
    for (int row = 0; row < 4; row++) {
      rows[row] = register(first + row);
    }
    Vector result = register(10);
    code.op(VectorOp.SUBPS, result, rows[0], rows[2]);
    store(code, result, matrix(0, column), masked);
    code.op(VectorOp.ADDPS, result, rows[1], rows[2]);
    store(code, result, matrix(1, column), masked);
    code.op(VectorOp.SUBPS, result, rows[2], rows[1]);
    store(code, result, matrix(2, column), masked);
    code.op(VectorOp.SUBPS, result, rows[1], rows[3]);
    store(code, result, matrix(3, column), masked);
  }

  /// Loads a vector of a pixel of the input, zeros where it does not exist.
  private void pixel(
      Assembler code, Vector to, int row, int column, boolean partial, boolean masked) {
    Label absent = new Label();
    if (partial) {
      code.op(VectorOp.XORPS, to, to, to);
      code.test(RCX, 1 << column | 16 << row);
      code.jump(NOT_EQUAL, absent);
    }
    load(code, to, quarter(PIXELS[row], RSI, RDI, column), masked);
    code.bind(absent);
  }

  /// Transforms a vector of a tile of the result: its pixels are the first four registers.
  private void result(
      Assembler code, boolean masked, boolean residual, @Nullable Activation activation) {
    for (int column = 0; column < 4; column++) {
      int first = column == 0 ? 0 : column == 1 ? 1 : 4;
      int second = column == 0 ? 2 : column == 1 ? 3 : 5;
      Vector upper = register(first);
      Vector lower = register(second);
      code.op(VectorOp.MOVUPS, register(6), matrix(1, column));
      code.op(VectorOp.MOVUPS, register(7), matrix(2, column));
      code.op(VectorOp.ADDPS, upper, register(6), register(7));
      code.op(VectorOp.SUBPS, lower, register(6), register(7));
      code.op(VectorOp.ADDPS, upper, upper, matrix(0, column));
      code.op(VectorOp.SUBPS, lower, lower, matrix(3, column));
      if (column == 1 || column == 2) {
        code.op(VectorOp.ADDPS, register(0), register(0), upper);
        code.op(VectorOp.ADDPS, register(2), register(2), lower);
      }
      if (column > 1) {
        code.op(VectorOp.SUBPS, register(1), register(1), upper);
        code.op(VectorOp.SUBPS, register(3), register(3), lower);
      }
    }
    load(code, register(4), at(R12), masked);
    for (int i = 0; i < 4; i++) {
      code.op(VectorOp.ADDPS, register(i), register(i), register(4));
    }
    if (residual) {
      move(code, false, masked);
    }
    FunctionCode.apply(code, activation, 4, vectorBytes, wide() ? 32 : 15);
    move(code, true, masked);
  }

  /// Stores the pixels that exist, or adds the residual to them.
  private void move(Assembler code, boolean store, boolean masked) {
    for (int i = 0; i < 4; i++) {
      Label absent = new Label();
      int row = i / 2;
      int column = i % 2;
      if (i > 0) {
        code.test(RCX, (column == 0 ? 0 : 2) | (row == 0 ? 0 : 32));
        code.jump(NOT_EQUAL, absent);
      }
      Register pixel = row == 0 ? R10 : R11;
      if (store) {
        store(code, register(i), quarter(pixel, RSI, RSI, column), masked);
      } else {
        code.load(RDI, at(RSP, RESIDUAL));
        code.alu(ADD, RDI, pixel);
        load(code, register(4), quarter(RDI, RSI, RSI, column), masked);
        code.op(VectorOp.ADDPS, register(i), register(i), register(4));
      }
      code.bind(absent);
    }
  }
}
