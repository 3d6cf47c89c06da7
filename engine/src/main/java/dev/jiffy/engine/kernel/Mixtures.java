package dev.jiffy.engine.kernel;

/// Sums of weighted rows.
///
/// A tap says where a row begins, in elements, 32 bits, and its weight, an f32. Where the taps of
/// each sum begin is a row of 32-bit numbers, behind which the number of all taps stands.
public final class Mixtures {
  /// The bytes of a tap.
  public static final int TAP_BYTES = 8;

  private Mixtures() {}

  /// Writes a tap.
  ///
  /// @param tap its address
  /// @param row where the row begins, in elements
  /// @param weight its weight
  public static void setTap(long tap, int row, float weight) {
    Memory.ALL.set(Memory.INT, tap, row);
    Memory.setFloat(tap + 4, weight);
  }

  /// Writes a tap for each pair of two rows of taps: where both lead, and the product of weights.
  ///
  /// @param a the first taps
  /// @param aEnd behind the last of them
  /// @param b the second taps
  /// @param bEnd behind the last of them
  /// @param to where they go
  /// @return behind the last
  public static long pairs(long a, long aEnd, long b, long bEnd, long to) {
    long tap = to;
    for (long i = a; i < aEnd; i += TAP_BYTES) {
      int row = Memory.ALL.get(Memory.INT, i);
      float weight = Memory.getFloat(i + 4);
      for (long j = b; j < bEnd; j += TAP_BYTES, tap += TAP_BYTES) {
        setTap(tap, row + Memory.ALL.get(Memory.INT, j), weight * Memory.getFloat(j + 4));
      }
    }
    return tap;
  }

  /// Adds rows up, as [RowKernels#mix] says.
  static void mix(long begins, long taps, long x, long y, long rows, long n) {
    for (long row = 0; row < rows; row++) {
      long from = taps + TAP_BYTES * (long) Memory.ALL.get(Memory.INT, begins + 4 * row);
      long to = taps + TAP_BYTES * (long) Memory.ALL.get(Memory.INT, begins + 4 * row + 4);
      long sum = y + 4 * n * row;
      for (long i = 0; i < n; i++) {
        Memory.setFloat(sum + 4 * i, 0);
      }
      for (long tap = from; tap < to; tap += TAP_BYTES) {
        add(x + 4L * Memory.ALL.get(Memory.INT, tap), Memory.getFloat(tap + 4), sum, n);
      }
    }
  }

  /// Adds a weighted row to another.
  static void add(long x, float weight, long sum, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(
          sum + 4 * i, Memory.getFloat(sum + 4 * i) + weight * Memory.getFloat(x + 4 * i));
    }
  }
}
