package dev.jiffy.engine.kernel;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Makes of numbers keys: unsigned integers of 32 bits in the same order, which trees compare
/// instead.
///
/// The key of a number is never 0. NaN has the greatest key, or 0 where a comparison wants it to be
/// less than everything.
public final class TreeKeys {
  private static final int NAN = -1;
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TreeKeys() {}

  /// {@return the key of a number; both zeros have the same}
  ///
  /// @param x the number
  public static int key(float x) {
    int bits = Float.floatToRawIntBits(x + 0f);
    return Float.isNaN(x) ? NAN : bits ^ ((bits >> 31) | Integer.MIN_VALUE);
  }

  /// Makes the keys of rows, as [RowKernels#treeKeys] says.
  static void keys(long x, int rows, int features, boolean twice, long keys, int keyBytes) {
    for (int row = 0; row < rows; row++) {
      long from = x + 4L * features * row;
      long to = keys + (long) keyBytes * row;
      for (int i = 0; i < features; i++) {
        put(key(Memory.getFloat(from + 4L * i)), to + 4L * i, twice, 4L * features);
      }
    }
  }

  private static void put(int key, long to, boolean twice, long distance) {
    Memory.ALL.set(Memory.INT, to, key);
    if (twice) {
      Memory.ALL.set(Memory.INT, to + distance, key == NAN ? 0 : key);
    }
  }

  /// Makes keys of one row of f64: for each the number of cuts that are less, plus one.
  ///
  /// @param x the row
  /// @param features how many numbers
  /// @param twice whether a second key of each follows, in which NaN is 0
  /// @param begins for each feature the i32 number of its first cut, and the number of all
  /// @param cuts f64, for each feature ascending
  /// @param keys where the keys go
  public static void ranks(long x, int features, boolean twice, long begins, long cuts, long keys) {
    for (int i = 0; i < features; i++) {
      double number = Memory.ALL.get(DOUBLE, x + 8L * i);
      long from = Memory.ALL.get(Memory.INT, begins + 4L * i);
      long count = Memory.ALL.get(Memory.INT, begins + 4L * i + 4) - from;
      long less = 0;
      for (long step = Long.highestOneBit(count); step > 0; step >>= 1) {
        long next = less + step;
        boolean isLess =
            next <= count && Memory.ALL.get(DOUBLE, cuts + 8 * (from + next - 1)) < number;
        less = isLess ? next : less;
      }
      put(Double.isNaN(number) ? NAN : (int) less + 1, keys + 4L * i, twice, 4L * features);
    }
  }

  /// Makes a key of whether a number is one of a set: 0 where it is, else 1.
  ///
  /// @param number the number
  /// @param takesMissing whether NaN counts as one of the set
  /// @param set the numbers, f64, ascending
  /// @param count how many
  /// @param key where the key goes
  public static void member(double number, boolean takesMissing, long set, int count, long key) {
    boolean isIn = takesMissing && Double.isNaN(number);
    for (int i = 0; i < count && !isIn; i++) {
      isIn = Memory.ALL.get(DOUBLE, set + 8L * i) == number;
    }
    Memory.ALL.set(Memory.INT, key, isIn ? 0 : 1);
  }
}
