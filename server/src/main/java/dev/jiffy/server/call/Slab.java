package dev.jiffy.server.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The memory of one request's tensors, out of blocks that requests use one after the other.
///
/// It is not zeroed: who takes memory fills it. Closing gives the blocks back; tensors in them must
/// not be used after that. One thread at a time.
public final class Slab implements Arena {
  private static final int KEPT_BLOCKS = 64;
  private static final long SMALLEST = 16 << 10;
  private static final long LARGEST = 8 << 20;
  private static final ConcurrentLinkedQueue<MemorySegment> SMALL = new ConcurrentLinkedQueue<>();
  private static final ConcurrentLinkedQueue<MemorySegment> LARGE = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger SMALL_KEPT = new AtomicInteger();
  private static final AtomicInteger LARGE_KEPT = new AtomicInteger();
  private static final int KEPT_LARGE_BLOCKS = 4;

  private final List<MemorySegment> blocks = new ArrayList<>(1);
  private MemorySegment block = MemorySegment.NULL;
  private long used;
  private @Nullable Runnable whenClosed;

  /// No memory yet.
  public Slab() {}

  /// Says what else ends with the request.
  ///
  /// @param task is run once, when this is closed
  public void whenClosed(Runnable task) {
    whenClosed = task;
  }

  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    long from = (used + alignment - 1) & -alignment;
    if (from + bytes > block.byteSize()) {
      block = take(bytes + alignment);
      blocks.add(block);
      from = (alignment - block.address() % alignment) % alignment;
    }
    used = from + bytes;
    return block.asSlice(from, bytes);
  }

  private static MemorySegment take(long bytes) {
    if (bytes <= SMALLEST) {
      return poll(SMALL, SMALL_KEPT, SMALLEST);
    }
    return bytes <= LARGEST ? poll(LARGE, LARGE_KEPT, LARGEST) : Arena.ofAuto().allocate(bytes, 64);
  }

  private static MemorySegment poll(
      ConcurrentLinkedQueue<MemorySegment> free, AtomicInteger kept, long bytes) {
    MemorySegment found = free.poll();
    if (found == null) {
      return Arena.ofAuto().allocate(bytes, 64);
    }
    kept.decrementAndGet();
    return found;
  }

  private static void give(
      ConcurrentLinkedQueue<MemorySegment> free,
      AtomicInteger kept,
      int most,
      MemorySegment block) {
    if (kept.incrementAndGet() > most) {
      kept.decrementAndGet(); // the garbage collector frees it
    } else {
      free.add(block);
    }
  }

  @Override
  public MemorySegment.Scope scope() {
    return Arena.global().scope();
  }

  @Override
  public void close() {
    for (MemorySegment each : blocks) {
      if (each.byteSize() == SMALLEST) {
        give(SMALL, SMALL_KEPT, KEPT_BLOCKS, each);
      } else if (each.byteSize() == LARGEST) {
        give(LARGE, LARGE_KEPT, KEPT_LARGE_BLOCKS, each);
      }
    }
    blocks.clear();
    block = MemorySegment.NULL;
    used = 0;
    Runnable task = whenClosed;
    if (task != null) {
      whenClosed = null;
      task.run();
    }
  }
}
