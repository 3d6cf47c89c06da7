package dev.jiffy.engine.kernel.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Which elements of a vector exist, in the form that emitted functions take as a number.
final class Masks {
  /// A vector of ones, then one of zeros: a vector read from its middle is a mask.
  private static final long ONES_AND_ZEROS = onesAndZeros();

  private static final int BYTES = 32;

  private Masks() {}

  private static long onesAndZeros() {
    MemorySegment vectors = Arena.global().allocate(2L * BYTES, 64);
    vectors.asSlice(0, BYTES).fill((byte) -1);
    return vectors.address();
  }

  /// {@return a bit per element with AVX-512, else the address of a vector}
  ///
  /// @param vectorBytes the width of vectors
  /// @param present how many f32 elements exist, from the first on
  static long first(int vectorBytes, int present) {
    return vectorBytes == 64 ? (1L << present) - 1 : ONES_AND_ZEROS + BYTES - 4L * present;
  }

  /// {@return the mask of the elements of a row that do not fill a vector}
  ///
  /// @param vectorBytes the width of vectors
  /// @param n f32 elements of the row
  static long rest(int vectorBytes, long n) {
    return first(vectorBytes, (int) (n & (vectorBytes / 4 - 1)));
  }
}
