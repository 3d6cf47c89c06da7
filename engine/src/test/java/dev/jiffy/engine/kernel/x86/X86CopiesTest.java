package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.RowComparison;
import dev.jiffy.engine.kernel.StridedCopy;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Copies words and bytes on memory between pages that must not be touched, and more of them than
/// one call takes.
class X86CopiesTest {
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void planesAreInterleavedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int planes = 2; planes <= InterleaveCode.MOST_PLANES; planes++) {
      for (int n : new int[] {8, 9, 16, 17, 31, 32, 33, 100}) {
        boolean isWide = 4 * n >= cpu.vectorBytes();
        assertEquals(isWide, copies.interleaves(transposition(planes, n)));
        transpose(copies, planes, n);
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void wordsAreTransposedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int rows : new int[] {16, 17, 31, 40, 100}) {
      for (int columns : new int[] {16, 19, 32, 47}) {
        transpose(copies, rows, columns);
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void bytesAreTransposedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int rows : new int[] {2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 33, 300}) {
      for (int columns : new int[] {2, 3, 4, 5, 6, 7, 8, 10, 15, 16, 17, 40, 300}) {
        StridedCopy copy =
            new StridedCopy(
                1,
                dims(2, columns, rows),
                dims((long) rows * columns, 1, columns),
                dims((long) rows * columns, rows, 1));
        compare(copies, copy, true);
        compare(copies, copy, false);
      }
    }
  }

  /// Of two matrices, one after the other.
  private static StridedCopy transposition(int rows, int columns) {
    return StridedCopy.of(
        4,
        new long[] {2, columns, rows},
        new long[] {4L * rows * columns, 4, 4L * columns},
        new long[] {4L * rows * columns, 4L * rows, 4});
  }

  private static void transpose(X86Copies copies, int rows, int columns) {
    StridedCopy copy = transposition(rows, columns);
    for (boolean end : new boolean[] {true, false}) {
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

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void runsAndEveryOtherWordAreCopiedWithinTheirOperands(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (int words = 1; words < 80; words++) {
      for (int step = 1; step <= 3; step++) {
        StridedCopy copy =
            new StridedCopy(
                4,
                dims(2, 3, words),
                dims(4L * step * words * 6, 8L * step * words, 4L * step),
                dims(12L * words, 4L * words, 4));
        compare(copies, copy, true);
        compare(copies, copy, false);
      }
    }
  }

  private static void compare(X86Copies copies, StridedCopy copy, boolean end) {
    long read = extent(copy, copy.sourceStrides());
    long written = extent(copy, copy.targetStrides());
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = end ? memory.before(read) : memory.after(read);
      long expected = memory.after(written);
      long y = end ? memory.before(written) : memory.after(written);
      for (long i = 0; i < read; i++) {
        Memory.ALL.set(ValueLayout.JAVA_BYTE, x + i, (byte) (i % 251));
      }
      Movement.copy(copy, x, expected);
      copies.copy(copy, x, y);
      long different =
          MemorySegment.mismatch(
              Memory.ALL, expected, expected + written, Memory.ALL, y, y + written);
      assertEquals(-1, different, copy::toString);
    }
  }

  /// The bytes from the first element to the end of the last.
  private static long extent(StridedCopy copy, long[] strides) {
    long bytes = copy.elementBytes();
    for (int d = 0; d < strides.length; d++) {
      bytes += (copy.dims()[d] - 1) * Math.abs(strides[d]);
    }
    return bytes;
  }

  /// One for each loop that is cut into several calls: squares, strips, bytes, planes, words,
  /// neighbours, runs.
  private static List<StridedCopy> longOnes() {
    int rows = 65_600;
    int many = (1 << 18) + 56;
    return List.of(
        new StridedCopy(4, dims(16, rows), dims(4, 64), dims(4L * rows, 4)),
        new StridedCopy(4, dims(7, rows), dims(4, 28), dims(4L * rows, 4)),
        new StridedCopy(1, dims(9, rows), dims(1, 9), dims(rows, 1)),
        new StridedCopy(1, dims(3, many), dims(1, 3), dims(many, 1)),
        new StridedCopy(1, dims(many, 3), dims(1, many), dims(3, 1)),
        new StridedCopy(4, dims(many, 3), dims(4, 4L * many), dims(12, 4)),
        new StridedCopy(4, dims(many, 5), dims(4, 4L * many), dims(20, 4)),
        new StridedCopy(4, dims(many), dims(8), dims(4)),
        new StridedCopy(4, dims(many, 2), dims(8, -4), dims(8, 4)),
        new StridedCopy(4, dims(600, 512), dims(4 * 520, 4), dims(4 * 512, 4)));
  }

  private static long[] dims(long... values) {
    return values;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void longCopiesTakeSeveralCalls(Cpu cpu) {
    X86Copies copies = new X86Copies(cpu);
    for (StridedCopy copy : longOnes()) {
      long read = extent(copy, copy.sourceStrides());
      long written = extent(copy, copy.targetStrides());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment x = arena.allocate(read, 64);
        MemorySegment expected = arena.allocate(written, 64);
        MemorySegment y = arena.allocate(written, 64);
        for (long i = 0; i + 4 <= read; i += 4) {
          x.set(ValueLayout.JAVA_INT, i, (int) i);
        }
        long first = x.address() + RowComparison.first(copy);
        Movement.copy(copy, first, expected.address());
        copies.copy(copy, first, y.address());
        assertEquals(-1, expected.mismatch(y), copy::toString);
      }
    }
  }
}
