package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.StridedCopy;

/// Copies that transpose words, as far as these make squares of whole vectors.
final class X86Transposition {
  /// The most words of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 18;

  private final TransposeCode form;
  private final CodeTable code;

  X86Transposition(Cpu cpu) {
    form = new TransposeCode(cpu.vectorBytes());
    code = new CodeTable("transpose", 1, _ -> form.emit());
  }

  /// {@return whether there is code for a copy}
  ///
  /// @param copy the copy
  /// @param columns the dimension along which source elements lie side by side, or -1
  /// @param rows the dimension along which target elements do, or -1
  boolean suits(StridedCopy copy, int columns, int rows) {
    return copy.elementBytes() == 4
        && columns >= 0
        && rows >= 0
        && columns != rows
        && copy.dims()[columns] >= form.side()
        && copy.dims()[rows] >= form.side();
  }

  /// Computes a copy that [#suits].
  void copy(StridedCopy copy, int columns, int rows, long x, long y) {
    copy(copy, columns, rows, 0, x, y);
  }

  private void copy(StridedCopy copy, int columns, int rows, int axis, long x, long y) {
    if (axis == copy.dims().length) {
      transpose(
          copy.dims()[columns],
          copy.dims()[rows],
          x,
          copy.sourceStrides()[rows],
          y,
          copy.targetStrides()[columns]);
    } else if (axis == columns || axis == rows) {
      copy(copy, columns, rows, axis + 1, x, y);
    } else {
      for (long i = 0; i < copy.dims()[axis]; i++) {
        long from = x + i * copy.sourceStrides()[axis];
        copy(copy, columns, rows, axis + 1, from, y + i * copy.targetStrides()[axis]);
      }
    }
  }

  /// Transposes a matrix strip by strip.
  private void transpose(long columns, long rows, long x, long stepX, long y, long stepY) {
    int side = form.side();
    long squares = rows / side;
    long most = MOST / ((long) side * side);
    long column = 0;
    for (; column <= columns - side; column += side) {
      long from = x + 4 * column;
      long to = y + column * stepY;
      for (long square = 0; square < squares; square += most) {
        long row = square * side;
        long count = Math.min(most, squares - square);
        long _ = Code.call(code.get(0), from + row * stepX, stepX, to + 4 * row, stepY, count, 0);
      }
      for (long row = squares * side; row < rows; row++) {
        Movement.elements(4, from + row * stepX, 4, to + 4 * row, stepY, side);
      }
    }
    for (; column < columns; column++) {
      Movement.elements(4, x + 4 * column, stepX, y + column * stepY, 4, rows);
    }
  }
}
