package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;
import static dev.jiffy.engine.kernel.x86.Register.R10;
import static dev.jiffy.engine.kernel.x86.Register.R11;
import static dev.jiffy.engine.kernel.x86.Register.R8;
import static dev.jiffy.engine.kernel.x86.Register.R9;
import static dev.jiffy.engine.kernel.x86.Register.RCX;
import static dev.jiffy.engine.kernel.x86.Register.RDI;
import static dev.jiffy.engine.kernel.x86.Register.RDX;
import static dev.jiffy.engine.kernel.x86.Register.RSI;

import dev.jiffy.engine.kernel.x86.Operand.Address;
import dev.jiffy.engine.kernel.x86.Operand.Vector;

/// Generates the transposition of a strip of words, as wide as a vector, in square blocks.
///
/// Rows are interleaved word by word, then pair by pair, then by groups of four.
///
/// The arguments, in order: x, bytes from source row to source row, y, bytes from target row to
/// target row, and how many blocks lie below each other.
///
/// @param vectorBytes the width of vectors, 32 or 64
record TransposeCode(int vectorBytes) {
  /// Numbers of a shuffle that takes the first two of each four, or the last two.
  private static final int FIRST = 0x44;

  private static final int LAST = 0xee;

  /// Numbers of a shuffle of groups that takes the even ones, or the odd ones.
  private static final int EVEN = 0x88;

  private static final int ODD = 0xdd;

  /// Numbers of a shuffle of two halves that takes the lower ones, or the upper ones.
  private static final int LOWER = 0x20;

  private static final int UPPER = 0x31;

  /// {@return the words along a side of a block}
  int side() {
    return vectorBytes / 4;
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    code.lea(R9, at(RSI, RSI, 2, 0));
    code.lea(R11, at(RCX, RCX, 2, 0));
    Label block = code.here();
    pairs(code);
    quads(code);
    code.mov(R10, RDX);
    if (vectorBytes == 64) {
      groups(code);
    } else {
      halves(code);
    }
    code.alu(ADD, RDX, vectorBytes);
    code.repeat(block, R8);
    return code.end();
  }

  /// Interleaves each two rows: the first registers hold the lower and the upper words of the
  /// fours.
  private void pairs(Assembler code) {
    Vector row = register(side());
    for (int i = 0; i < side(); i += 4) {
      code.op(VectorOp.MOVUPS, row, at(RDI, 0));
      interleave(code, i, row, at(RDI, RSI, 1, 0));
      code.op(VectorOp.MOVUPS, row, at(RDI, RSI, 2, 0));
      interleave(code, i + 2, row, at(RDI, R9, 1, 0));
      code.lea(RDI, at(RDI, RSI, 4, 0));
    }
  }

  private void interleave(Assembler code, int to, Vector row, Address next) {
    code.op(VectorOp.UNPCKLPS, register(to), row, next);
    code.op(VectorOp.UNPCKHPS, register(to + 1), row, next);
  }

  /// Joins the pairs of each four rows: the last registers hold, in each four words, those of one
  /// column.
  private void quads(Assembler code) {
    for (int i = 0; i < side(); i += 4) {
      for (int half = 0; half < 2; half++) {
        Vector upper = register(i + half);
        Vector lower = register(i + 2 + half);
        int to = side() + i + 2 * half;
        code.op(VectorOp.SHUFPS, register(to), upper, lower, FIRST);
        code.op(VectorOp.SHUFPS, register(to + 1), upper, lower, LAST);
      }
    }
  }

  /// Joins the fours of sixteen rows and stores the columns.
  private void groups(Assembler code) {
    for (int column = 0; column < 4; column++) {
      for (int half = 0; half < 2; half++) {
        Vector upper = register(16 + 8 * half + column);
        Vector lower = register(16 + 8 * half + 4 + column);
        code.op(VectorOp.SHUFF32X4, register(4 * column + 2 * half), upper, lower, EVEN);
        code.op(VectorOp.SHUFF32X4, register(4 * column + 2 * half + 1), upper, lower, ODD);
      }
    }
    for (int group = 0; group < 4; group++) {
      for (int column = 0; column < 4; column++) {
        Vector upper = register(4 * column + group % 2);
        Vector lower = register(4 * column + 2 + group % 2);
        Vector result = register(16 + column);
        code.op(VectorOp.SHUFF32X4, result, upper, lower, group < 2 ? EVEN : ODD);
      }
      store(code, 16);
    }
  }

  /// Joins the fours of eight rows and stores the columns.
  private void halves(Assembler code) {
    for (int half = 0; half < 2; half++) {
      for (int column = 0; column < 4; column++) {
        Vector upper = register(8 + column);
        Vector lower = register(12 + column);
        code.op(VectorOp.PERM2F128, register(column), upper, lower, half == 0 ? LOWER : UPPER);
      }
      store(code, 0);
    }
  }

  /// Stores the next four columns.
  private void store(Assembler code, int first) {
    code.op(VectorOp.MOVUPS_TO, register(first), at(R10, 0));
    code.op(VectorOp.MOVUPS_TO, register(first + 1), at(R10, RCX, 1, 0));
    code.op(VectorOp.MOVUPS_TO, register(first + 2), at(R10, RCX, 2, 0));
    code.op(VectorOp.MOVUPS_TO, register(first + 3), at(R10, R11, 1, 0));
    code.lea(R10, at(R10, RCX, 4, 0));
  }
}
