package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
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

/// Generates convolutions of bytes with one filter per channel: a function computes one or two
/// adjacent rows of a result, over their whole width and some groups of channels.
///
/// A group has as many channels as a vector has bytes. Vectors of four rows of the input (of two
/// without `vpdpbusd`) are interleaved, so that the taps of a channel are side by side in 32 bits,
/// and multiplied with the taps of both rows of the result: those of the second are the first's,
/// moved down by the stride. Interleaving within quarters of a vector leaves four vectors of sums
/// whose order packing undoes: vector `k` has, of each 16 channels, the four from `4k` on.
///
/// A row is cut into tiles of a few pixels. Which rows and columns of the input exist is a bit
/// each; in place of the others what stands for zero is read.
///
/// The arguments, all numbers, in order: the window of the first pixel (it may start outside the
/// image), bytes from pixel to pixel, rowStep, a bit per row of the input that exists, y, yRowStep,
/// bytes from pixel to pixel of y, weights, tails, groups, pixels of a tile's input that stand for
/// zero, the column of the image where the first window starts, columns of the image, pixels of a
/// row of the result. The weights of groups are adjacent, as are their tails, which have four
/// vectors each of numbers that sums start from, scales and biases, then one of factors and one of
/// zero points, 16 bits each.
///
/// @param vectorBytes the width of vectors: 16, 32 or 64
/// @param registers the vector registers: 16, or 32 with AVX-512
/// @param product what multiplies bytes, see [Cpu#byteProduct]
/// @param window the windows
/// @param rows rows of the result
/// @param rounds whether results are bytes, else f32
/// @param activation what is applied last, or null; one that [FunctionCode#suits] accepts
record ByteDepthwiseCode(
    int vectorBytes,
    int registers,
    VectorOp product,
    Window window,
    int rows,
    boolean rounds,
    @Nullable Activation activation) {
  /// The vectors of sums of a group, and of interleaved input.
  private static final int PARTS = 4;

  /// The vectors of a group's tail, of which the last two are not used.
  static final int TAIL = 16;

  private static final int SCALES = 4;
  private static final int BIASES = 8;
  private static final int FACTOR = 12;
  private static final int ZERO = 13;

  private static final Register[] SAVED = {RBX, RBP, R12, R13, R14, R15};

  /// The rows of the input that are interleaved.
  private static final Register[] ROWS = {R10, R11, R12, R14};

  private static final int REMAINING = 0;
  private static final int LEFT = 8;
  private static final int X = 16;
  private static final int Y = 24;
  private static final int LOCALS = 32;
  private static final int STACK = LOCALS + 8 * SAVED.length + 8; // and the return address
  private static final int Y_PIXEL = STACK;
  private static final int WEIGHTS = STACK + 8;
  private static final int TAILS = STACK + 16;
  private static final int GROUPS = STACK + 24;
  private static final int ZEROS = STACK + 32;
  private static final int FIRST_LEFT = STACK + 40;
  private static final int IN_WIDTH = STACK + 48;
  private static final int OUT_WIDTH = STACK + 56;

  /// What a window is like. Rows of taps are adjacent: the step between rows of the input is an
  /// argument.
  ///
  /// @param height rows of taps
  /// @param width columns of taps
  /// @param strideHeight rows of the input, in steps, from window to window; 0 where rows of the
  ///   result are computed one by one
  /// @param strideWidth columns of the input from window to window
  /// @param dilationWidth columns of the input from tap to tap
  record Window(int height, int width, int strideHeight, int strideWidth, int dilationWidth) {
    /// {@return the windows of a convolution}
    ///
    /// @param reach the taps that 32 bits hold
    static Window of(
        int reach,
        int height,
        int width,
        int strideHeight,
        int strideWidth,
        int dilationHeight,
        int dilationWidth) {
      boolean pays =
          dilationHeight == 1
              && (height + strideHeight + reach - 1) / reach == (height + reach - 1) / reach;
      return new Window(height, width, pays ? strideHeight : 0, strideWidth, dilationWidth);
    }

    /// {@return the most rows of the result that are computed together}
    int most() {
      return strideHeight == 0 ? 1 : 2;
    }

    /// {@return how often rows of the input are interleaved}
    int units(int reach) {
      return (height + reach - 1) / reach;
    }

    /// {@return the rows of the input that some rows of the result see}
    int rows(int rows) {
      return (rows - 1) * strideHeight + height;
    }

    /// {@return the columns of the input that a tile of some pixels sees}
    int columns(int pixels) {
      return (pixels - 1) * strideWidth + (width - 1) * dilationWidth + 1;
    }

    /// {@return the vectors of weights of a group}
    int weights(int reach) {
      return most() * units(reach) * width * PARTS;
    }
  }

  /// {@return the taps that 32 bits hold}
  private int reach() {
    return product == VectorOp.PMADDWD ? 2 : 4;
  }

  /// {@return the pixels of a tile}
  int pixels() {
    int sums = registers - PARTS - (reach() == 4 ? PARTS : 2);
    int room = DepthwiseCode.MOST_EXTENT - window.columns(1);
    return Math.clamp(sums / (PARTS * rows), 1, room / window.strideWidth() + 1);
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private Vector sum(int pixels, int row, int pixel, int part) {
    return register((row * pixels + pixel) * PARTS + part);
  }

  /// A vector of interleaved input.
  private Vector input(int part) {
    return register(registers - PARTS + part);
  }

  private Vector spare(int number) {
    return register(registers - 2 * PARTS + number);
  }

  /// Zeros, without `vpdpbusd`.
  private Vector nothing() {
    return spare(3);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    code.alu(SUB, RSP, LOCALS);
    code.lea(RBX, at(RSI, RSI, 2, 0));
    code.mov(RBP, RCX);
    code.load(R13, at(RSP, WEIGHTS));
    code.load(R15, at(RSP, ZEROS));
    Label group = code.here();
    code.store(RDI, at(RSP, X));
    code.store(R8, at(RSP, Y));
    row(code);
    code.load(RDI, at(RSP, X));
    code.alu(ADD, RDI, vectorBytes);
    code.load(R8, at(RSP, Y));
    code.alu(ADD, R8, rounds ? vectorBytes : 4 * vectorBytes);
    code.alu(ADD, R13, window.weights(reach()) * vectorBytes);
    code.alu(ADD, at(RSP, TAILS), TAIL * vectorBytes, RAX);
    code.alu(SUB, at(RSP, GROUPS), 1, RAX);
    code.jump(NOT_EQUAL, group);
    code.alu(ADD, RSP, LOCALS);
    return code.end(SAVED);
  }

  /// Computes a group of channels of all pixels.
  private void row(Assembler code) {
    code.load(RAX, at(RSP, FIRST_LEFT));
    code.store(RAX, at(RSP, LEFT));
    code.load(RAX, at(RSP, OUT_WIDTH));
    code.store(RAX, at(RSP, REMAINING));
    int most = pixels();
    if (most > 1) {
      Label rest = new Label();
      code.alu(CMP, RAX, most);
      code.jump(LESS, rest);
      Label several = code.here();
      tile(code, most);
      code.alu(CMP, RAX, most);
      code.jump(GREATER_OR_EQUAL, several);
      code.bind(rest);
    }
    Label end = new Label();
    code.test(RAX);
    code.jump(EQUAL, end);
    Label one = code.here();
    tile(code, 1);
    code.test(RAX);
    code.jump(NOT_EQUAL, one);
    code.bind(end);
  }

  /// Computes a tile and moves on; `RAX` is how many pixels remain.
  private void tile(Assembler code, int pixels) {
    DepthwiseCode.findColumns(code, at(RSP, LEFT), at(RSP, IN_WIDTH));
    code.load(R10, at(RSP, TAILS));
    for (int part = 0; part < PARTS; part++) {
      Vector first = sum(pixels, 0, 0, part);
      code.op(VectorOp.MOVUPS, first, at(R10, part * vectorBytes));
      for (int i = 1; i < rows * pixels; i++) {
        code.op(VectorOp.MOVUPS, register(i * PARTS + part), first);
      }
    }
    if (reach() == 2) {
      code.op(VectorOp.XORPS, nothing(), nothing(), nothing());
    }
    code.mov(RCX, RDI);
    for (int unit = 0; unit < window.units(reach()); unit++) {
      int present = Math.min(reach(), window.rows(rows) - unit * reach());
      for (int i = 0; i < present; i++) {
        Label exists = new Label();
        code.mov(ROWS[i], RCX);
        code.test(RBP, 1 << (unit * reach() + i));
        code.jump(NOT_EQUAL, exists);
        code.mov(ROWS[i], R15);
        code.bind(exists);
        code.alu(ADD, RCX, RDX);
      }
      unit(code, pixels, unit, present);
    }
    finish(code, pixels);
    code.imul(RAX, RSI, pixels * window.strideWidth());
    code.alu(ADD, RDI, RAX);
    code.alu(ADD, at(RSP, LEFT), pixels * window.strideWidth(), RAX);
    code.alu(SUB, at(RSP, REMAINING), pixels, RAX);
  }

  /// Adds the products of some rows of the input, which [#ROWS] point to.
  private void unit(Assembler code, int pixels, int unit, int present) {
    int columns = window.columns(pixels);
    for (int column = 0; column < columns; column++) {
      if (isSeen(column, pixels)) {
        load(code, column, present);
        interleave(code);
        for (int tap = 0; tap < window.width(); tap++) {
          int first = column - tap * window.dilationWidth();
          if (isWindow(first, pixels)) {
            multiply(code, pixels, first / window.strideWidth(), unit, tap);
          }
        }
      }
      if (column % 4 == 3 && column + 1 < columns) {
        for (int i = 0; i < present; i++) {
          code.lea(ROWS[i], at(ROWS[i], RSI, 4, 0));
        }
      }
    }
  }

  private boolean isSeen(int column, int pixels) {
    for (int tap = 0; tap < window.width(); tap++) {
      if (isWindow(column - tap * window.dilationWidth(), pixels)) {
        return true;
      }
    }
    return false;
  }

  /// Whether a window of a tile starts at a column.
  private boolean isWindow(int column, int pixels) {
    return column >= 0
        && column % window.strideWidth() == 0
        && column / window.strideWidth() < pixels;
  }

  /// Loads a pixel of some rows; those beyond the window are met by weights of 0.
  private void load(Assembler code, int column, int present) {
    Label absent = new Label();
    Label loaded = new Label();
    code.test(RAX, 1 << column);
    code.jump(EQUAL, absent);
    for (int i = 0; i < reach(); i++) {
      Address from = DepthwiseCode.quarter(ROWS[Math.min(i, present - 1)], column);
      code.op(VectorOp.MOVUPS, input(i), from);
    }
    code.jump(loaded);
    code.bind(absent);
    for (int i = 0; i < reach(); i++) {
      code.op(VectorOp.MOVUPS, input(i), at(R15));
    }
    code.bind(loaded);
  }

  private void interleave(Assembler code) {
    if (reach() == 4) {
      code.op(VectorOp.PUNPCKLBW, spare(0), input(0), input(1));
      code.op(VectorOp.PUNPCKHBW, spare(1), input(0), input(1));
      code.op(VectorOp.PUNPCKLBW, spare(2), input(2), input(3));
      code.op(VectorOp.PUNPCKHBW, spare(3), input(2), input(3));
      code.op(VectorOp.PUNPCKLWD, input(0), spare(0), spare(2));
      code.op(VectorOp.PUNPCKHWD, input(1), spare(0), spare(2));
      code.op(VectorOp.PUNPCKLWD, input(2), spare(1), spare(3));
      code.op(VectorOp.PUNPCKHWD, input(3), spare(1), spare(3));
    } else {
      code.op(VectorOp.PUNPCKHBW, input(3), input(0), input(1));
      code.op(VectorOp.PUNPCKLBW, input(1), input(0), input(1));
      code.op(VectorOp.PUNPCKLBW, input(0), input(1), nothing());
      code.op(VectorOp.PUNPCKHBW, input(1), input(1), nothing());
      code.op(VectorOp.PUNPCKLBW, input(2), input(3), nothing());
      code.op(VectorOp.PUNPCKHBW, input(3), input(3), nothing());
    }
  }

  /// Adds the products of interleaved input with a column of taps to the sums of a pixel.
  private void multiply(Assembler code, int pixels, int pixel, int unit, int tap) {
    for (int row = 0; row < rows; row++) {
      int from = unit * reach() - row * window.strideHeight();
      if (from + reach() <= 0 || from >= window.height()) {
        continue;
      }
      int index = (row * window.units(reach()) + unit) * window.width() + tap;
      for (int part = 0; part < PARTS; part++) {
        Address weights = at(R13, (index * PARTS + part) * vectorBytes);
        Vector sum = sum(pixels, row, pixel, part);
        if (reach() == 4) {
          code.op(product, sum, input(part), weights);
        } else {
          code.op(product, spare(2), input(part), weights);
          code.op(VectorOp.PADDD, sum, sum, spare(2));
        }
      }
    }
  }

  /// Makes results of sums and stores them.
  private void finish(Assembler code, int pixels) {
    code.load(RCX, at(RSP, TAILS));
    Vector scale = input(0);
    Vector bias = input(1);
    for (int part = 0; part < PARTS; part++) {
      code.op(VectorOp.MOVUPS, scale, at(RCX, (SCALES + part) * vectorBytes));
      code.op(VectorOp.MOVUPS, bias, at(RCX, (BIASES + part) * vectorBytes));
      for (int i = part; i < rows * pixels * PARTS; i += PARTS) {
        code.op(VectorOp.CVTDQ2PS, register(i), register(i));
        code.op(VectorOp.FMADD213PS, register(i), scale, bias);
      }
    }
    FunctionCode.apply(code, activation, rows * pixels * PARTS, vectorBytes, registers);
    if (rounds) {
      round(code, pixels);
    }
    for (int row = 0; row < rows; row++) {
      code.mov(R10, R8);
      if (row > 0) {
        code.alu(ADD, R10, R9);
      }
      for (int pixel = 0; pixel < pixels; pixel++) {
        store(code, pixels, row, pixel);
        code.alu(ADD, R10, at(RSP, Y_PIXEL));
      }
    }
    code.load(RAX, at(RSP, Y_PIXEL));
    code.imul(RAX, RAX, pixels);
    code.alu(ADD, R8, RAX);
  }

  /// Makes bytes of results.
  private void round(Assembler code, int pixels) {
    Vector factor = input(0);
    Vector most = input(1);
    Vector zero = input(2);
    code.op(VectorOp.MOVUPS, factor, at(RCX, FACTOR * vectorBytes));
    code.op(VectorOp.MOVUPS, zero, at(RCX, ZERO * vectorBytes));
    code.op(VectorOp.XORPS, most, most, most);
    code.op(VectorOp.ADDPS, most, most, code.constant(ByteSums.MOST, vectorBytes));
    for (int i = 0; i < rows * pixels * PARTS; i++) {
      Vector sum = register(i);
      if (activation != null) {
        code.op(VectorOp.MULPS, sum, sum, factor);
      }
      code.op(VectorOp.MINPS, sum, sum, most);
      code.op(VectorOp.CVTPS2DQ, sum, sum);
    }
    for (int i = 0; i < rows * pixels * PARTS; i += PARTS) {
      for (int half = 0; half < PARTS; half += 2) {
        Vector words = register(i + half);
        code.op(VectorOp.PACKSSDW, words, words, register(i + half + 1));
        code.op(VectorOp.PADDSW, words, words, zero);
      }
      code.op(VectorOp.PACKUSWB, register(i), register(i), register(i + 2));
    }
  }

  /// Stores a pixel where `R10` points.
  private void store(Assembler code, int pixels, int row, int pixel) {
    if (rounds) {
      code.op(VectorOp.MOVUPS_TO, sum(pixels, row, pixel, 0), at(R10));
      return;
    }
    for (int part = 0; part < PARTS; part++) {
      Vector sum = sum(pixels, row, pixel, part);
      code.op(VectorOp.MOVUPS_TO, sum.as(16), at(R10, 16 * part));
      for (int lane = 1; lane < vectorBytes / 16; lane++) {
        code.op(VectorOp.EXTRACTF128_TO, sum, at(R10, 16 * (PARTS * lane + part)), lane);
      }
    }
  }
}
