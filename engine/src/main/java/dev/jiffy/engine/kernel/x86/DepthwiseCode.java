package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.add;
import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.CutVectors.present;
import static dev.jiffy.engine.kernel.x86.CutVectors.store;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.AND;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS_OR_EQUAL;
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

/// Generates convolutions with one filter per channel, or with groups of so few channels that a
/// vector holds several: a function computes a few adjacent rows of a result, over their whole
/// width and all channels.
///
/// A row is cut into tiles of a few pixels, and a tile is computed one vector of channels after the
/// other. A vector of the input is loaded once for all pixels and rows of the tile whose windows
/// contain it. Which rows and columns of the input exist is a bit each, tested before the load; a
/// tile that hangs over the edge of the image needs no other code. Of groups of several channels, a
/// row of the input is read once for the first channel of all groups, which is repeated over the
/// vector's lanes of its group, once for the second, and so on.
///
/// The arguments, all numbers, in order: the window of the first pixel (it may start outside the
/// image), xStep, rowStep, a bit per row of the input that exists, y, yRowStep, residual - y,
/// weights, init, initStep, whole vectors of channels, the mask of the rest (see [Masks]), the
/// column of the image where the first window starts, columns of the image, pixels of a row of the
/// result. Weights have a vector per tap, all taps of a vector of channels adjacent: those of the
/// first channel of the input of each group, then those of the second, and so on.
///
/// @param vectorBytes the width of vectors
/// @param window the windows
/// @param rows rows of the result
/// @param pixels pixels of a tile
/// @param members channels of a group, of the input and of the result: 1, 2, 4, or with vectors of
///   16 channels 8
/// @param cut whether the last vector of channels is not whole
/// @param residual whether there is a residual
/// @param activation what is applied last, or null; one that [FunctionCode] suits
record DepthwiseCode(
    int vectorBytes,
    Window window,
    int rows,
    int pixels,
    int members,
    boolean cut,
    boolean residual,
    @Nullable Activation activation) {
  private static final Register[] SAVED = {RBX, RBP, R12, R13, R14, R15};

  private static final int COLUMNS = 0;
  private static final int REMAINING = 8;
  private static final int LEFT = 16;
  private static final int LOCALS = 24;
  private static final int STACK = LOCALS + 8 * SAVED.length + 8; // and the return address
  private static final int RESIDUAL = STACK;
  private static final int WEIGHTS = STACK + 8;
  private static final int INIT = STACK + 16;
  private static final int INIT_STEP = STACK + 24;
  private static final int VECTORS = STACK + 32;
  private static final int MASK = STACK + 40;
  private static final int FIRST_LEFT = STACK + 48;
  private static final int IN_WIDTH = STACK + 56;
  private static final int OUT_WIDTH = STACK + 64;

  /// The most rows or columns of the input that a tile may see: each has a bit.
  static final int MOST_EXTENT = 31;

  /// For each channel of a group of eight where it is in a vector of two groups.
  private static final float[][] PLACES = new float[8][16];

  static {
    for (int member = 0; member < 8; member++) {
      for (int lane = 0; lane < 16; lane++) {
        PLACES[member][lane] = Float.intBitsToFloat(lane / 8 * 8 + member);
      }
    }
  }

  /// The most multiplications of a tile, so that code stays small.
  private static final int MOST_PRODUCTS = 1600;

  /// What a window is like. Rows of taps are adjacent: the step between rows of the input is an
  /// argument.
  ///
  /// @param height rows of taps
  /// @param width columns of taps
  /// @param strideHeight rows of the input, in steps, from window to window; for a single row of
  ///   the result it does not matter
  /// @param strideWidth columns of the input from window to window
  /// @param dilationWidth columns of the input from tap to tap
  /// @param weightRow weights from row to row of taps
  /// @param weightVector weights from vector to vector of channels
  record Window(
      int height,
      int width,
      int strideHeight,
      int strideWidth,
      int dilationWidth,
      int weightRow,
      int weightVector) {
    int taps() {
      return height * width;
    }

    /// {@return the rows of the input that some rows of the result see}
    int rows(int rows) {
      return (rows - 1) * strideHeight + height;
    }

    /// {@return the columns of the input that a tile of some pixels sees}
    int columns(int pixels) {
      return (pixels - 1) * strideWidth + (width - 1) * dilationWidth + 1;
    }
  }

  /// {@return the most rows or columns of a window that may have some distance from each other}
  static int mostTaps(int dilation) {
    return (MOST_EXTENT / 2 - 1) / dilation + 1;
  }

  /// {@return the most rows of the result that are computed together}
  ///
  /// @param height rows of taps of a window, adjacent
  /// @param width columns of taps
  /// @param strideHeight rows from window to window
  static int mostRows(int vectorBytes, int height, int width, int strideHeight) {
    if (height <= strideHeight) {
      return 1;
    }
    boolean wide = vectorBytes == 64;
    if (wide && strideHeight == 1 && height * width <= 15) {
      return 4;
    }
    return 2 * width <= (wide ? 14 : 6) ? 2 : 1;
  }

  /// {@return the pixels of a tile}
  ///
  /// @param members channels of a group
  static int pixels(int vectorBytes, Window window, int rows, int members) {
    boolean wide = vectorBytes == 64;
    int most = wide ? (rows > 2 ? 4 : 8) : rows == 2 ? 4 : Math.clamp(14 - window.width(), 4, 8);
    int pixels = Math.clamp(MOST_PRODUCTS / (window.taps() * rows * members), 1, most);
    int room = MOST_EXTENT - window.columns(1);
    return Math.min(pixels, room / window.strideWidth() + 1);
  }

  private boolean wide() {
    return vectorBytes == 64;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private Vector sum(int row, int pixel) {
    return register(row * pixels + pixel);
  }

  private Vector input() {
    return register(rows * pixels);
  }

  /// Where the current channel of each group is.
  private Vector places() {
    return register(rows * pixels + 1);
  }

  private int registers() {
    return wide() ? 32 : cut ? 15 : 16;
  }

  /// {@return the register of a weight, or a negative number where it is read from memory}
  ///
  /// @param row the row of the result that it contributes to
  /// @param tapRow its row
  /// @param tap its column
  private int weight(int row, int tapRow, int tap) {
    int first = rows * pixels + (members > 4 ? 2 : 1);
    int kept = keepsAll() ? window.height() : rows;
    return first + kept * window.width() <= registers()
        ? first + (keepsAll() ? tapRow : row) * window.width() + tap
        : -1;
  }

  /// Whether all weights stay in registers.
  private boolean keepsAll() {
    return members == 1 && window.taps() + rows * pixels + 1 <= registers();
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.push(SAVED);
    code.alu(SUB, RSP, LOCALS);
    code.lea(RBX, at(RSI, RSI, 2, 0));
    code.mov(RBP, RCX);
    code.load(RAX, at(RSP, FIRST_LEFT));
    code.store(RAX, at(RSP, LEFT));
    code.load(RAX, at(RSP, OUT_WIDTH));
    code.store(RAX, at(RSP, REMAINING));
    Label tile = code.here();
    findColumns(code, at(RSP, LEFT), at(RSP, IN_WIDTH));
    code.store(RAX, at(RSP, COLUMNS));
    channels(code);
    code.imul(RAX, RSI, pixels * window.strideWidth());
    code.alu(ADD, RDI, RAX);
    code.imul(RAX, RSI, pixels);
    code.alu(ADD, R8, RAX);
    code.alu(ADD, at(RSP, LEFT), pixels * window.strideWidth(), RAX);
    code.alu(SUB, at(RSP, REMAINING), pixels, RAX);
    code.jump(GREATER, tile);
    code.alu(ADD, RSP, LOCALS);
    return code.end(SAVED);
  }

  /// Finds the columns of the tile's input that exist, a bit each, in `RAX`; `RCX` and `R10`
  /// change.
  ///
  /// @param first the column of the image where the tile's first window starts
  /// @param width the columns of the image
  static void findColumns(Assembler code, Address first, Address width) {
    Label notLeft = new Label();
    Label shift = new Label();
    Label found = new Label();
    Label some = new Label();
    code.mov(RAX, -1);
    code.mov(RCX, 0);
    code.alu(SUB, RCX, first);
    code.jump(LESS_OR_EQUAL, notLeft);
    code.alu(CMP, RCX, 32);
    code.jump(LESS, shift);
    code.mov(RCX, 32);
    code.bind(shift);
    code.shiftLeft(RAX);
    code.bind(notLeft);
    code.load(RCX, width);
    code.alu(SUB, RCX, first);
    code.alu(CMP, RCX, 32);
    code.jump(GREATER_OR_EQUAL, found);
    code.test(RCX);
    code.jump(GREATER, some);
    code.mov(RCX, 0);
    code.bind(some);
    code.mov(R10, 1);
    code.shiftLeft(R10);
    code.alu(SUB, R10, 1);
    code.alu(AND, RAX, R10);
    code.bind(found);
  }

  /// Computes all channels of a tile.
  private void channels(Assembler code) {
    code.mov(R12, RDI);
    code.mov(R14, R8);
    code.load(R13, at(RSP, WEIGHTS));
    code.load(RCX, at(RSP, INIT));
    code.load(R15, at(RSP, VECTORS));
    Label rest = new Label();
    code.test(R15);
    code.jump(EQUAL, rest);
    Label vector = code.here();
    vector(code, false);
    code.alu(ADD, R12, vectorBytes);
    code.alu(ADD, R14, vectorBytes);
    code.alu(ADD, R13, window.weightVector() * vectorBytes);
    code.alu(ADD, RCX, at(RSP, INIT_STEP));
    code.repeat(vector, R15);
    code.bind(rest);
    if (cut) {
      code.load(RAX, at(RSP, MASK));
      present(code, vectorBytes, RAX);
      vector(code, true);
    }
  }

  /// Computes a vector of channels of a tile.
  private void vector(Assembler code, boolean masked) {
    load(code, sum(0, 0), at(RCX), masked);
    for (int i = 1; i < rows * pixels; i++) {
      code.op(VectorOp.MOVUPS, register(i), sum(0, 0));
    }
    if (keepsAll()) {
      for (int row = 0; row < window.height(); row++) {
        loadWeights(code, 0, row, 0);
      }
    }
    code.load(RAX, at(RSP, COLUMNS));
    code.mov(R10, R12);
    for (int row = 0; row < window.rows(rows); row++) {
      if (isSeen(row)) {
        Label absent = new Label();
        code.test(RBP, 1 << row);
        code.jump(EQUAL, absent);
        for (int member = 0; member < members; member++) {
          inputRow(code, row, member, masked);
        }
        code.bind(absent);
      }
      code.alu(ADD, R10, RDX);
    }
    code.load(RAX, at(RSP, REMAINING));
    if (residual) {
      code.load(R10, at(RSP, RESIDUAL));
      code.alu(ADD, R10, R14);
      move(code, false, masked);
    }
    FunctionCode.apply(
        code, activation, rows * pixels, vectorBytes, masked || wide() ? registers() : 16);
    code.mov(R10, R14);
    move(code, true, masked);
  }

  private boolean isSeen(int inputRow) {
    for (int row = 0; row < rows; row++) {
      int tap = inputRow - row * window.strideHeight();
      if (tap >= 0 && tap < window.height()) {
        return true;
      }
    }
    return false;
  }

  private void loadWeights(Assembler code, int row, int tapRow, int member) {
    for (int tap = 0; tap < window.width(); tap++) {
      int number = weight(row, tapRow, tap);
      if (number >= 0) {
        code.op(VectorOp.MOVUPS, register(number), weightAddress(tapRow, tap, member));
      }
    }
  }

  private Address weightAddress(int row, int column, int member) {
    int before = member * (window.weightVector() / members);
    return at(R13, (before + row * window.weightRow() + column) * vectorBytes);
  }

  /// Adds the products of a channel of each group in a row of the input, which `R10` points to.
  private void inputRow(Assembler code, int inputRow, int member, boolean masked) {
    if (!keepsAll()) {
      for (int row = 0; row < rows; row++) {
        int tap = inputRow - row * window.strideHeight();
        if (tap >= 0 && tap < window.height()) {
          loadWeights(code, row, tap, member);
        }
      }
    }
    if (members > 4) {
      code.op(VectorOp.MOVUPS, places(), code.table(PLACES[member]));
    }
    code.mov(R11, R10);
    int columns = window.columns(pixels);
    for (int column = 0; column < columns; column++) {
      Label absent = new Label();
      code.test(RAX, 1 << column);
      code.jump(EQUAL, absent);
      boolean loaded = false;
      for (int tap = 0; tap < window.width(); tap++) {
        int first = column - tap * window.dilationWidth();
        int pixel = first / window.strideWidth();
        if (first < 0 || first % window.strideWidth() != 0 || pixel >= pixels) {
          continue;
        }
        if (!loaded) {
          loadInput(code, quarter(R11, column), member, masked);
          if (member == 0 && members > 1 && !masked) {
            code.prefetch(quarter(R11, column).plus(vectorBytes), 1);
          }
          loaded = true;
        }
        for (int row = 0; row < rows; row++) {
          int tapRow = inputRow - row * window.strideHeight();
          if (tapRow >= 0 && tapRow < window.height()) {
            int number = weight(row, tapRow, tap);
            Operand weight = number < 0 ? weightAddress(tapRow, tap, member) : register(number);
            code.op(VectorOp.FMADD231PS, sum(row, pixel), input(), weight);
          }
        }
      }
      code.bind(absent);
      if (column % 4 == 3 && column + 1 < columns) {
        code.lea(R11, at(R11, RSI, 4, 0));
      }
    }
  }

  /// Loads a vector of the input, of each group the same channel.
  private void loadInput(Assembler code, Address from, int member, boolean masked) {
    Vector input = input();
    if (masked || members == 1) {
      load(code, input, from, masked);
    }
    Operand all = masked ? input : from;
    if (members > 4) {
      code.op(VectorOp.PERMPS, input, places(), all);
    } else if (members > 1) {
      // two bits for each lane of four
      int place = members == 4 ? 0b01_01_01_01 * member : 0b10_10_00_00 + 0b01_01_01_01 * member;
      code.op(VectorOp.PERMILPS, input, all, place);
    }
  }

  /// {@return the pixel whose number is, but for a multiple of four, the one given; `RSI` is the
  /// bytes from pixel to pixel, `RBX` three times as many}
  static Address quarter(Register base, int pixel) {
    return switch (pixel % 4) {
      case 0 -> at(base);
      case 1 -> at(base, RSI, 1, 0);
      case 2 -> at(base, RSI, 2, 0);
      default -> at(base, RBX, 1, 0);
    };
  }

  /// Stores the sums of the pixels that exist, or adds the residual to them; `R10` points to the
  /// first pixel, `RAX` is how many there are.
  private void move(Assembler code, boolean store, boolean masked) {
    for (int row = 0; row < rows; row++) {
      Label end = new Label();
      code.mov(R11, R10);
      for (int pixel = 0; pixel < pixels; pixel++) {
        if (pixel > 0) {
          code.alu(CMP, RAX, pixel);
          code.jump(LESS_OR_EQUAL, end);
        }
        Address place = quarter(R11, pixel);
        if (store) {
          store(code, sum(row, pixel), place, masked);
        } else {
          add(code, VectorOp.ADDPS, sum(row, pixel), place, masked, input());
        }
        if (pixel % 4 == 3 && pixel + 1 < pixels) {
          code.lea(R11, at(R11, RSI, 4, 0));
        }
      }
      code.bind(end);
      if (row + 1 < rows) {
        code.alu(ADD, R10, R9);
      }
    }
  }
}
