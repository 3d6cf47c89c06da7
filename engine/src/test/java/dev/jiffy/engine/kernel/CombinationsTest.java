package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Loops over numbers of any type against the scalar kernels.
class CombinationsTest {
  private static final ScalarRowKernels ORACLE = new ScalarRowKernels();

  private static final List<BinaryFunction> DIVISIONS =
      List.of(BinaryFunction.DIV, BinaryFunction.MOD, BinaryFunction.FMOD);

  @Test
  void combinationsAreThoseOfTheOracle() {
    CombinationComparison.compare(Combinations::combine);
  }

  @Test
  void nothingIsDividedByZero() {
    List<Long> dims = List.of(1300L);
    List<Long> strides = List.of(1L);
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(65536, 64).address();
      long scratch = arena.allocate(Combinations.SCRATCH_BYTES, 64).address();
      for (DType type : List.of(DType.I64, DType.I32, DType.U8)) {
        for (BinaryFunction function : DIVISIONS) {
          Combination c = new Combination(function, type, type, dims, strides, strides);
          assertThrows(ArithmeticException.class, () -> Combinations.combine(c, x, x, x, scratch));
        }
      }
    }
  }

  @Test
  void elementsPickedAreThoseOfTheOracle() {
    try (Arena arena = Arena.ofConfined()) {
      for (DType type : List.of(DType.I64, DType.I32)) {
        for (int bytes : new int[] {1, 2, 4, 8}) {
          for (int form = 0; form < 4; form++) {
            long inner = form % 2 == 0 ? 1 : 3;
            boolean shared = form >= 2;
            MemorySegment x = arena.allocate(4 * 5 * 3 * 8, 64);
            for (int i = 0; i < x.byteSize(); i++) {
              x.set(ValueLayout.JAVA_BYTE, i, (byte) (7 * i + 1));
            }
            MemorySegment indices = arena.allocate(4 * 7 * 3 * 8, 64);
            for (int i = 0; i < 4 * 7 * 3; i++) {
              TypedMemory.setLong(type, indices.address() + (long) i * type.bytes(), i % 10 - 5);
            }
            MemorySegment expected = arena.allocate(1024, 64).fill((byte) 7);
            MemorySegment actual = arena.allocate(1024, 64).fill((byte) 7);
            GatherGeometry g = new GatherGeometry(4, 5, inner, bytes, type, 7, shared);
            ORACLE.gather(g, x.address(), indices.address(), expected.address());
            Movement.gather(g, x.address(), indices.address(), actual.address());
            assertEquals(-1, expected.mismatch(actual), g::toString);
            TypedMemory.setLong(type, indices.address() + 5L * type.bytes(), 5);
            String message =
                String.valueOf(
                    assertThrows(
                            IndexOutOfBoundsException.class,
                            () ->
                                Movement.gather(
                                    g, x.address(), indices.address(), actual.address()))
                        .getMessage());
            assertEquals("index 5 at position 5: expected -5 to 4", message);
          }
        }
      }
    }
  }

  @Test
  void productsWithUnitVectorsAreThoseOfTheOracle() {
    float[] special = {1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f};
    try (Arena arena = Arena.ofConfined()) {
      for (DType type : List.of(DType.I64, DType.I32)) {
        MemorySegment indices = arena.allocate(256, 64);
        for (int i = 0; i < 28; i++) {
          long at = indices.address() + (long) i * type.bytes();
          TypedMemory.setLong(type, at, i % 13 - 6);
        }
        for (float element : special) {
          MemorySegment x = arena.allocate(4 * 4 * 5, 64);
          for (int i = 0; i < 20; i++) {
            x.setAtIndex(ValueLayout.JAVA_FLOAT, i, i - 3.5f);
          }
          x.setAtIndex(ValueLayout.JAVA_FLOAT, 7, element);
          MemorySegment expected = arena.allocate(128, 64).fill((byte) 7);
          MemorySegment actual = arena.allocate(128, 64).fill((byte) 7);
          ORACLE.oneHotDot(x.address(), 4, 5, indices.address(), type, 7, expected.address());
          Movement.oneHotDot(x.address(), 4, 5, indices.address(), type, 7, actual.address());
          assertArrayEquals(
              expected.toArray(ValueLayout.JAVA_FLOAT),
              actual.toArray(ValueLayout.JAVA_FLOAT),
              type + " beside " + element);
        }
      }
    }
  }

  @Test
  void unitVectorsAreThoseOfTheOracle() {
    try (Arena arena = Arena.ofConfined()) {
      for (DType type : List.of(DType.I64, DType.I32, DType.U8)) {
        for (int bytes : new int[] {1, 2, 4, 8}) {
          MemorySegment indices = arena.allocate(256, 64);
          for (int i = 0; i < 24; i++) {
            long at = indices.address() + (long) i * type.bytes();
            TypedMemory.setLong(type, at, i % 11 - 5);
          }
          MemorySegment values = arena.allocate(16, 64);
          for (int i = 0; i < 16; i++) {
            values.set(ValueLayout.JAVA_BYTE, i, (byte) (3 * i + 1));
          }
          MemorySegment expected = arena.allocate(2048, 64).fill((byte) 7);
          MemorySegment actual = arena.allocate(2048, 64).fill((byte) 7);
          ORACLE.oneHot(
              indices.address(), type, 8, 5, 3, values.address(), bytes, expected.address());
          Movement.oneHot(
              ORACLE, indices.address(), type, 8, 5, 3, values.address(), bytes, actual.address());
          assertEquals(-1, expected.mismatch(actual), type + ", " + bytes + " bytes");
        }
      }
    }
  }
}
