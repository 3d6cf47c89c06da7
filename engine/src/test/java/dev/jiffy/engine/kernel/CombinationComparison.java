package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Compares functions of two tensors of any type with the scalar kernels.
public final class CombinationComparison {
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

  private CombinationComparison() {}

  /// What computes combinations.
  public interface Combining {
    /// Computes one as [RowKernels#combine] does.
    ///
    /// @param combination what is computed
    /// @param x the first argument
    /// @param y the second argument
    /// @param out the result
    /// @param scratch working memory
    void combine(Combination combination, long x, long y, long out, long scratch);
  }

  /// Compares all combinations.
  ///
  /// @param kernels what computes them
  public static void compare(Combining kernels) {
    List<String> wrong = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (DType type : DType.values()) {
        for (BinaryFunction function : BinaryFunction.values()) {
          if (Combination.isSupported(function, type)) {
            for (Space space : SPACES) {
              check(kernels, type, function, space, arena, wrong);
            }
          }
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static void check(
      Combining kernels,
      DType type,
      BinaryFunction function,
      Space space,
      Arena arena,
      List<String> wrong) {
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
    kernels.combine(combination, x, y, actual.address(), scratch);
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
}
