package dev.jiffy.engine.kernel;

import dev.jiffy.tensor.DType;
import java.util.Arrays;

/// The largest or the smallest elements of lines, in order.
///
/// An element and its index are one `long`; that of an element which comes earlier is less, so that
/// what is wanted are the least of them.
public final class TopElements {
  private static final int SPARE = 32;

  private TopElements() {}

  /// {@return whether elements of a type and their indices fit a `long`}
  ///
  /// @param type the type
  public static boolean isSupported(DType type) {
    return switch (type) {
      case F32, F16, BF16, I32, I16, I8, I4, U16, U8, U4 -> true;
      case F64, I64, U64, U32, BOOL, STRING -> false;
    };
  }

  /// {@return how long an array [#select] works in}
  ///
  /// @param n elements of a line
  /// @param k how many are wanted
  public static int capacity(int n, int k) {
    return (int) Math.min(n, 2L * k + SPARE);
  }

  /// Finds the first elements of a line in the wanted order: NaN is larger than all, of equals the
  /// one with the lower index comes first.
  ///
  /// @param type the type of the elements, one that [#isSupported]
  /// @param largest whether the largest come first
  /// @param x the first element
  /// @param step the bytes from one element to the next
  /// @param n how many elements there are
  /// @param k how many are wanted, 1 to `n`
  /// @param found an array of [#capacity], which receives what [#index] takes
  public static void select(
      DType type, boolean largest, long x, long step, int n, int k, long[] found) {
    int capacity = capacity(n, k);
    int flip = largest ? -1 : 0;
    int count = 0;
    long limit = Long.MAX_VALUE;
    float bound = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      float turned = turned(type, flip, x + i * step);
      if (turned < bound) { // most are; ranks also order NaN and equal numbers
        continue;
      }
      long ranked = (long) (rank(type, x + i * step) ^ flip) << 32 | i;
      if (ranked < limit) {
        found[count++] = ranked;
        if (count == capacity) {
          Arrays.sort(found, 0, count);
          count = k;
          limit = found[k - 1];
          bound = turned(type, flip, x + index(limit) * step);
        }
      }
    }
    Arrays.sort(found, 0, count);
  }

  /// {@return the index of an element that was found}
  ///
  /// @param found what stands for it
  public static int index(long found) {
    return (int) found;
  }

  /// {@return an element, rounded, or its negative where the least are wanted}
  private static float turned(DType type, int flip, long address) {
    float value =
        type == DType.F32 ? Memory.getFloat(address) : (float) TypedMemory.getDouble(type, address);
    return flip < 0 ? value : -value;
  }

  /// {@return an integer in the order of the elements}
  private static int rank(DType type, long address) {
    if (type == DType.F32) {
      return Positions.rank(Memory.getFloat(address));
    }
    return type.isFloat()
        ? Positions.rank((float) TypedMemory.getDouble(type, address))
        : (int) TypedMemory.getLong(type, address);
  }
}
