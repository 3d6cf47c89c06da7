package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Indices that lie outside.
class ScatteringTest {
  @Test
  void indicesOutOfRangeAreRefused() {
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(256, 64).address();
      long y = arena.allocate(256, 64).address();
      for (DType type : List.of(DType.I64, DType.I32)) {
        long at = arena.allocate(64, 64).address();
        TypedMemory.setLong(type, at + type.bytes(), -1);
        TypedMemory.setLong(type, at + 3L * type.bytes(), 5);
        IndexedSlices rows = slices(type, 5);
        IndexedSlices pairs = slices(type, 2, 5);
        for (IndexedSlices slices : List.of(rows, pairs)) {
          Combination sum =
              new Combination(
                  BinaryFunction.ADD, DType.F32, DType.F32, List.of(2L), List.of(1L), List.of(1L));
          refuses(() -> Scattering.gather(slices, 4, x, at, y));
          refuses(() -> Scattering.scatter(slices, 4, x, at, y));
          refuses(() ->
              Scattering.combine(slices, sum, new ScalarRowKernels().prepare(sum), x, at, y, 0));
        }
      }
    }
  }

  /// Slices of two elements.
  private static IndexedSlices slices(DType type, long... extents) {
    long[] steps = extents.length == 1 ? new long[] {2} : new long[] {2 * extents[1], 2};
    return new IndexedSlices(
        new long[] {4 / extents.length}, new long[] {0}, extents, steps, 2, type);
  }

  private static void refuses(Executable executable) {
    IndexOutOfBoundsException thrown = assertThrows(IndexOutOfBoundsException.class, executable);
    assertEquals("index 5 at position 3: expected -5 to 4", thrown.getMessage());
  }
}
