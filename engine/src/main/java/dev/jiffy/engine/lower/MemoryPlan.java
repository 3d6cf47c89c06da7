package dev.jiffy.engine.lower;

import java.util.ArrayList;
import java.util.Comparator;
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
    long[] offsets = new long[buffers.size()];
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < buffers.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingLong(i -> -buffers.get(i).bytes()));
    List<Integer> placed = new ArrayList<>();
    long size = 0;
    for (int index : order) {
      Buffer buffer = buffers.get(index);
      long offset = 0;
      for (int other : placed) {
        if (!buffer.overlaps(buffers.get(other))) {
          continue;
        }
        if (offset + buffer.bytes() <= offsets[other]) {
          break;
        }
        offset = Math.max(offset, align(offsets[other] + buffers.get(other).bytes()));
      }
      offsets[index] = offset;
      int position = 0;
      while (position < placed.size() && offsets[placed.get(position)] <= offset) {
        position++;
      }
      placed.add(position, index);
      size = Math.max(size, offset + buffer.bytes());
    }
    return new MemoryPlan(offsets, align(size));
  }

  /// {@return a size rounded up to the alignment}
  static long align(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }
}
