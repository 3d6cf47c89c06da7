package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.function.DoubleUnaryOperator;

/// What two families of kernels make of the same numbers.
final class Comparison {
  /// How far f32 may be off.
  static final double TOLERANCE = 1e-4;

  private final Arena arena;
  private int seed = 1;

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

  /// What is computed, to an address.
  interface Computation {
    void run(long y);
  }

  /// What kernels compute, to an address.
  ///
  /// @param <K> the kernels
  interface Task<K> {
    void run(K kernels, long y);
  }

  /// Compares f32 numbers that two families of kernels compute in the same way.
  ///
  /// @param tolerance how far each may be off, as a part of the right one, or of 1 where that is
  ///   more
  <K> void near(String what, int n, double tolerance, K own, K oracle, Task<K> task) {
    near(what, n, tolerance, y -> task.run(own, y), y -> task.run(oracle, y));
  }

  /// Compares f32 numbers.
  ///
  /// @param tolerance how far each may be off, as a part of the right one, or of 1 where that is
  ///   more
  void near(String what, int n, double tolerance, Computation own, Computation oracle) {
    compare(what, n, right -> tolerance * Math.max(1, Math.abs(right)), own, oracle);
  }

  /// Compares bytes that are stored as f32 numbers.
  ///
  /// @param most how far each may be off
  void bytes(String what, int n, int most, Computation own, Computation oracle) {
    compare(what, n, _ -> most, own, oracle);
  }

  private void compare(
      String what, int n, DoubleUnaryOperator most, Computation own, Computation oracle) {
    long actual = memory(4L * n);
    long expected = memory(4L * n);
    own.run(actual);
    oracle.run(expected);
    for (int i = 0; i < n; i++) {
      float right = Memory.getFloat(expected + 4L * i);
      float got = Memory.getFloat(actual + 4L * i);
      if (!(Math.abs(right - got) <= most.applyAsDouble(right))) {
        throw new Fault("%s: element %d is %s instead of %s".formatted(what, i, got, right));
      }
    }
  }

  long memory(long bytes) {
    return arena.allocate(bytes + Tensor.ALIGNMENT, Tensor.ALIGNMENT).address();
  }

  /// Numbers from -1 to 1.
  long numbers(int n) {
    long address = memory(4L * n);
    for (int i = 0; i < n; i++) {
      seed = seed * 1_664_525 + 1_013_904_223;
      Memory.setFloat(address + 4L * i, (seed >> 8) * 0x1p-23f);
    }
    return address;
  }
}
