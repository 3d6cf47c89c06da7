package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.CutVectors.load;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.RAX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RSP;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates what becomes of the sums of bytes of a tile, which are in the first registers.
///
/// @param vectorBytes the width of vectors
/// @param vectors vectors of columns, 1 or 2
/// @param rows rows of the tile
/// @param cut whether the last columns of the (only) vector do not exist
record ByteSums(int vectorBytes, int vectors, int rows, boolean cut) {
  /// The bytes of the numbers of a column: of each vector of columns scales, biases, factors, and
  /// zero points are a vector each.
  static final int COLUMN_NUMBERS = 16;

  /// The rows of numbers of the columns that follow a panel whose sums [are
  /// scaled][TileCode.Result#isScaled].
  static final int COLUMN_ROWS = 2;

  /// What results are limited to before they become integers, which have no greater ones.
  static final float MOST = 1 << 20;

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  private Vector sum(int row, int vector) {
    return register(row * vectors + vector);
  }

  /// The register after so many that are not sums.
  private Vector free(int number) {
    return register(rows * vectors + number);
  }

  /// The bytes of the numbers of a vector of columns.
  int numbersBytes() {
    return COLUMN_NUMBERS * vectorBytes / 4;
  }

  /// Makes numbers of sums of bytes, with what stands after the rows of `A` and of `B`.
  ///
  /// @param alike whether the numbers of the first row are those of all
  void scaleRows(Assembler code, boolean alike) {
    code.load(RDI, at(RSP, TileLoop.INIT));
    for (int vector = 0; vector < vectors; vector++) {
      int column = vector * vectorBytes;
      code.op(VectorOp.MOVUPS, columnScale(vector), at(RAX, column));
      code.op(VectorOp.MOVUPS, columnTotal(vector), at(RAX, vectors * vectorBytes + column));
      load(code, free(2 * vectors + vector), at(RDI, column), cut);
    }
    Vector zero = free(3 * vectors);
    Vector other = free(3 * vectors + 1);
    for (int row = 0; row < rows; row++) {
      boolean own = !alike || row == 0;
      if (own) {
        code.op(VectorOp.BROADCASTSS, zero, TileLoop.element(row, 4));
      }
      for (int vector = 0; vector < vectors; vector++) {
        Vector sum = sum(row, vector);
        Vector shift = alike ? columnTotal(vector) : other;
        Vector factor = alike ? columnScale(vector) : other;
        if (own) {
          code.op(VectorOp.PMULLD, shift, zero, columnTotal(vector));
        }
        code.op(VectorOp.PSUBD, sum, sum, shift);
        code.op(VectorOp.CVTDQ2PS, sum, sum);
        if (own) {
          Address scale = TileLoop.element(row, 0).repeated();
          code.op(VectorOp.MULPS, factor, columnScale(vector), scale);
        }
        code.op(VectorOp.FMADD213PS, sum, factor, free(2 * vectors + vector));
      }
    }
    code.alu(ADD, RAX, COLUMN_ROWS * vectors * vectorBytes);
  }

  private Vector columnScale(int vector) {
    return free(vector);
  }

  private Vector columnTotal(int vector) {
    return free(vectors + vector);
  }

  /// Makes numbers of sums of bytes, with what is known of the columns from `RDI` on.
  void scale(Assembler code) {
    for (int vector = 0; vector < vectors; vector++) {
      Vector scale = free(0);
      Vector bias = free(1);
      code.op(VectorOp.MOVUPS, scale, at(RDI, vector * numbersBytes()));
      code.op(VectorOp.MOVUPS, bias, at(RDI, vector * numbersBytes() + vectorBytes));
      for (int row = 0; row < rows; row++) {
        Vector sum = sum(row, vector);
        code.op(VectorOp.CVTDQ2PS, sum, sum);
        code.op(VectorOp.FMADD213PS, sum, scale, bias);
      }
    }
  }

  /// Makes whole numbers of results that become bytes.
  ///
  /// @param scaled whether they are scaled before
  void round(Assembler code, boolean scaled) {
    Vector most = free(0);
    Vector factor = free(1);
    Vector zero = free(2);
    Vector least = free(3);
    boolean wide = vectorBytes == 64;
    if (wide) {
      code.op(VectorOp.XORPS, least, least, least);
    }
    code.op(VectorOp.XORPS, most, most, most);
    code.op(VectorOp.ADDPS, most, most, code.constant(MOST, vectorBytes));
    code.op(VectorOp.MOVUPS, factor, at(RDI, 2 * vectorBytes));
    code.op(VectorOp.MOVUPS, zero, at(RDI, 3 * vectorBytes));
    for (int i = 0; i < rows * vectors; i++) {
      Vector sum = register(i);
      if (scaled) {
        code.op(VectorOp.MULPS, sum, sum, factor);
      }
      code.op(VectorOp.MINPS, sum, sum, most);
      code.op(VectorOp.CVTPS2DQ, sum, sum);
      code.op(VectorOp.PADDD, sum, sum, zero);
      if (wide) {
        code.op(VectorOp.PMAXSD, sum, sum, least);
      }
    }
  }

  /// Stores a row of bytes without AVX-512, where no tile that rounds is cut.
  void store(Assembler code, int row) {
    Vector bytes = sum(row, 0);
    Vector upper = free(0).as(16);
    code.op(VectorOp.PACKSSDW, bytes, bytes, sum(row, vectors - 1));
    code.op(VectorOp.PACKUSWB, bytes, bytes, bytes);
    code.op(VectorOp.EXTRACTF128_TO, bytes, upper, 1);
    code.op(VectorOp.UNPCKLPS, bytes.as(16), bytes.as(16), upper);
    code.op(vectors == 2 ? VectorOp.MOVUPS_TO : VectorOp.MOVLPS_TO, bytes.as(16), at(RDI));
  }
}
