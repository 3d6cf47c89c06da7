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
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Loops over numbers of any type against the scalar kernels.
class CombinationsTest {
  private static final ScalarRowKernels ORACLE = new ScalarRowKernels();

  private static final List<BinaryFunction> DIVISIONS =
      List.of(BinaryFunction.DIV, BinaryFunction.MOD, BinaryFunction.FMOD);

  /// Extents, and the strides of both arguments.
  private record Space(List<Long> dims, List<Long> x, List<Long> y) {}

  private static final List<Space> SPACES =
      List.of(
          new Space(List.of(1L), List.of(0L), List.of(0L)),
          new Space(List.of(1300L), List.of(1L), List.of(1L)),
          new Space(List.of(513L), List.of(1L), List.of(0L)),
          new Space(List.of(5003L), List.of(0L), List.of(1L)),
          new Space(List.of(70L, 15L), List.of(15L, 1L), List.of(0L, 1L)),
          new Space(List.of(3L, 600L), List.of(1L, 0L), List.of(600L, 1L)),
          new Space(List.of(3L, 21L), List.of(21L, 1L), List.of(21L, 1L)),
          new Space(List.of(2L, 2L, 4L), List.of(12L, 0L, 1L), List.of(0L, 4L, 1L)),
          new Space(List.of(2L, 3L, 5L, 7L), List.of(0L, 35L, 7L, 1L), List.of(5L, 0L, 1L, 0L)),
          new Space(List.of(4L, 0L), List.of(0L, 1L), List.of(1L, 0L)));

  @Test
  void combinationsAreThoseOfTheOracle() {
    List<String> wrong = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (DType type : DType.values()) {
        for (BinaryFunction function : BinaryFunction.values()) {
          if (Combination.isSupported(function, type)) {
            for (Space space : SPACES) {
              check(type, function, space, arena, wrong);
            }
          }
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static void check(
      DType type, BinaryFunction function, Space space, Arena arena, List<String> wrong) {
    DType out = function.isPredicate() ? DType.BOOL : type;
    Combination combination = new Combination(function, type, out, space.dims, space.x, space.y);
    long x = numbers(type, 1, arena).address();
    long y = numbers(type, 2, arena).address();
    for (long at = y; DIVISIONS.contains(function) && at < y + 65536; at += type.bytes()) {
      TypedMemory.setLong(type, at, TypedMemory.getLong(type, at) | 1);
    }
    MemorySegment expected = arena.allocate(65536, 64).fill((byte) 7);
    MemorySegment actual = arena.allocate(65536, 64).fill((byte) 7);
    long scratch = arena.allocate(Combinations.SCRATCH_BYTES, 64).address();
    ORACLE.combine(combination, x, y, expected.address(), 0);
    Combinations.combine(combination, x, y, actual.address(), scratch);
    long at = expected.mismatch(actual);
    if (at >= 0) {
      wrong.add(function + " of " + type + " over " + space + " at byte " + at);
    }
  }

  /// Numbers of a type, of which some are equal, zero, extreme or not a number.
  private static MemorySegment numbers(DType type, int seed, Arena arena) {
    MemorySegment numbers = arena.allocate(65536, 64);
    Random random = new Random(seed);
    for (long i = 0; i < 6000; i++) {
      long at = numbers.address() + i * type.bytes();
      switch (random.nextInt(8)) {
        case 0 -> TypedMemory.setDouble(type, at, type.isFloat() ? Double.NaN : -1);
        case 1 -> TypedMemory.setDouble(type, at, 1e30);
        case 2 -> TypedMemory.setDouble(type, at, -1e30);
        default -> TypedMemory.setDouble(type, at, random.nextInt(7) - 3);
      }
      if (type == DType.BOOL && random.nextBoolean()) { // what is not 0 is true
        Memory.ALL.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(256));
      }
    }
    return numbers;
  }

  @Test
  void nothingIsDividedByZero() {
    Space space = SPACES.get(1);
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(65536, 64).address();
      long scratch = arena.allocate(Combinations.SCRATCH_BYTES, 64).address();
      for (DType type : List.of(DType.I64, DType.I32, DType.U8)) {
        for (BinaryFunction function : DIVISIONS) {
          Combination c = new Combination(function, type, type, space.dims, space.x, space.y);
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
              indices.address(), type, 8, 5, 3, values.address(), bytes, actual.address());
          assertEquals(-1, expected.mismatch(actual), type + ", " + bytes + " bytes");
        }
      }
    }
  }
}
