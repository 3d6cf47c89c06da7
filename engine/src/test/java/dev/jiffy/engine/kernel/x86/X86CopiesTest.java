package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.StridedCopy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Interleaves planes and transposes on memory between pages that must not be touched.
class X86CopiesTest {
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void planesAreInterleavedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int planes = 2; planes <= InterleaveCode.MOST_PLANES; planes++) {
      for (int n : new int[] {16, 17, 31, 32, 33, 100}) {
        for (boolean end : new boolean[] {true, false}) {
          StridedCopy copy =
              StridedCopy.of(
                  4,
                  new long[] {2, n, planes},
                  new long[] {4L * n * planes, 4, 4L * n},
                  new long[] {4L * n * planes, 4L * planes, 4});
          interleave(copies, copy, planes, n, end);
        }
      }
    }
  }

  private static void interleave(
      X86Copies copies, StridedCopy copy, int planes, int n, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      long bytes = 8L * n * planes;
      long x = end ? memory.before(bytes) : memory.after(bytes);
      long y = end ? memory.before(bytes) : memory.after(bytes);
      for (int i = 0; i < 2 * n * planes; i++) {
        Memory.setFloat(x + 4L * i, i);
      }
      copies.copy(copy, x, y);
      for (int image = 0; image < 2; image++) {
        for (int i = 0; i < n; i++) {
          for (int plane = 0; plane < planes; plane++) {
            int from = (image * planes + plane) * n + i;
            int to = (image * n + i) * planes + plane;
            assertEquals(from, Memory.getFloat(y + 4L * to), copy::toString);
          }
        }
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void wordsAreTransposedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int rows : new int[] {16, 17, 31, 40, 100}) {
      for (int columns : new int[] {16, 19, 32, 47}) {
        for (boolean end : new boolean[] {true, false}) {
          StridedCopy copy =
              StridedCopy.of(
                  4,
                  new long[] {2, columns, rows},
                  new long[] {4L * rows * columns, 4, 4L * columns},
                  new long[] {4L * rows * columns, 4L * rows, 4});
          transpose(copies, copy, rows, columns, end);
        }
      }
    }
  }

  private static void transpose(
      X86Copies copies, StridedCopy copy, int rows, int columns, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      long bytes = 8L * rows * columns;
      long x = end ? memory.before(bytes) : memory.after(bytes);
      long y = end ? memory.before(bytes) : memory.after(bytes);
      for (int i = 0; i < 2 * rows * columns; i++) {
        Memory.setFloat(x + 4L * i, i);
      }
      copies.copy(copy, x, y);
      for (int matrix = 0; matrix < 2; matrix++) {
        for (int row = 0; row < rows; row++) {
          for (int column = 0; column < columns; column++) {
            int from = (matrix * rows + row) * columns + column;
            int to = (matrix * columns + column) * rows + row;
            assertEquals(from, Memory.getFloat(y + 4L * to), copy::toString);
          }
        }
      }
    }
  }
}
