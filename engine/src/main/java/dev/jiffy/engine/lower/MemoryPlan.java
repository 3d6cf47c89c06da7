package dev.jiffy.engine.lower;

import java.util.Arrays;
import java.util.List;

/// Offsets in one arena for buffers whose lifetimes are known, so that buffers alive at the same
/// time do not overlap.
///
/// Greedy by size: the largest buffer is placed first, each at the lowest gap among the buffers
/// alive with it (Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference,
/// 2020).
///
/// @param offsets for each buffer its offset in bytes, 64-byte aligned
/// @param bytes the size of the arena
@SuppressWarnings("ArrayRecordComponent")
record MemoryPlan(long[] offsets, long bytes) {
  private static final long ALIGNMENT = 64;

  /// A buffer to place.
  ///
  /// @param bytes its size
  /// @param first the step that writes it first
  /// @param last the step that reads it last
  record Buffer(long bytes, int first, int last) {
    boolean overlaps(Buffer other) {
      return first <= other.last && other.first <= last;
    }
  }

  static MemoryPlan of(List<Buffer> buffers) {
    Buffer[] all = buffers.toArray(new Buffer[0]);
    long[] offsets = new long[all.length];
    Integer[] order = new Integer[all.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, (a, b) -> Long.compare(all[b].bytes, all[a].bytes));
    int[] placed = new int[all.length]; // by their offsets
    long size = 0;
    for (int count = 0; count < all.length; count++) {
      int index = order[count];
      Buffer buffer = all[index];
      long offset = 0;
      for (int i = 0; i < count; i++) {
        int other = placed[i];
        if (buffer.overlaps(all[other])) {
          if (offset + buffer.bytes <= offsets[other]) {
            break;
          }
          offset = Math.max(offset, align(offsets[other] + all[other].bytes));
        }
      }
      offsets[index] = offset;
      int position = count;
      for (; position > 0 && offsets[placed[position - 1]] > offset; position--) {
        placed[position] = placed[position - 1];
      }
      placed[position] = index;
      size = Math.max(size, offset + buffer.bytes);
    }
    return new MemoryPlan(offsets, align(size));
  }

  /// {@return a size rounded up to the alignment}
  static long align(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }
}
