package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What two families of kernels make of the same numbers.
///
/// A problem asks for the memory of two results ([#result]), the kernels' own and the right one in
/// this order, and then compares them ([#near]). There are no function objects, as a young process
/// would link one for each problem.
final class Comparison {
  /// How far f32 may be off.
  static final double TOLERANCE = 1e-4;

  private static final long BLOCK_BYTES = 1 << 18;

  private final Arena arena;
  private long free;
  private long end;
  private int seed = 1;
  private final long[] results = new long[2];
  private int made;
  private int size;

  Comparison(Arena arena) {
    this.arena = arena;
  }

  /// A result that is not what it should be.
  static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message, null, false, false);
    }
  }

  /// {@return where the next result goes}
  ///
  /// @param n how many f32 numbers it is
  long result(int n) {
    long address = memory(4L * n);
    results[made++] = address;
    size = n;
    return address;
  }

  /// Compares the last two results.
  ///
  /// @param tolerance how far each number may be off, as a part of the right one, or of 1 where
  ///   that is more
  void near(String what, double tolerance) {
    compare(what, tolerance, 0);
  }

  /// Compares the last two results, which are bytes that are stored as f32 numbers.
  ///
  /// @param most how far each may be off
  void bytes(String what, int most) {
    compare(what, 0, most);
  }

  private void compare(String what, double relative, double absolute) {
    if (made != results.length) {
      throw new IllegalStateException(what + ": " + made + " results");
    }
    made = 0;
    float[] actual = floats(results[0]);
    float[] expected = floats(results[1]);
    for (int i = 0; i < size; i++) {
      double most = absolute + relative * Math.max(1, Math.abs(expected[i]));
      if (!(Math.abs(expected[i] - actual[i]) <= most)) {
        throw new Fault(
            "%s: element %d is %s instead of %s".formatted(what, i, actual[i], expected[i]));
      }
    }
  }

  private float[] floats(long address) {
    float[] numbers = new float[size];
    MemorySegment.copy(Memory.ALL, Memory.FLOAT, address, numbers, 0, size);
    return numbers;
  }

  /// {@return memory that is cleared, for as long as the comparison lasts; no two pieces touch}
  long memory(long bytes) {
    long whole = (bytes + 2 * Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT;
    if (whole > end - free) {
      long block = Math.max(BLOCK_BYTES, whole);
      free = arena.allocate(block, Tensor.ALIGNMENT).address();
      end = free + block;
    }
    long address = free;
    free += whole;
    return address;
  }

  /// Numbers from -1 to 1.
  long numbers(int n) {
    float[] numbers = new float[n];
    for (int i = 0; i < n; i++) {
      seed = seed * 1_664_525 + 1_013_904_223;
      numbers[i] = (seed >> 8) * 0x1p-23f;
    }
    long address = memory(4L * n);
    MemorySegment.copy(numbers, 0, Memory.ALL, Memory.FLOAT, address, n);
    return address;
  }
}
