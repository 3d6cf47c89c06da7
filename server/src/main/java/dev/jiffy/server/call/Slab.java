package dev.jiffy.server.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The memory of one request's tensors, out of blocks that requests use one after the other.
///
/// It is not zeroed: who takes memory fills it. Closing gives the blocks back; tensors in them must
/// not be used after that. One thread at a time.
public final class Slab implements Arena {
  private static final int SMALLEST_LOG2 = 14;
  private static final int LARGEST_LOG2 = 23;

  /// The blocks nobody uses, by the powers of two that are their sizes.
  private static final List<Pool> POOLS =
      IntStream.rangeClosed(SMALLEST_LOG2, LARGEST_LOG2).mapToObj(Pool::new).toList();

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
    Pool pool = pool(bytes);
    return pool == null ? Arena.ofAuto().allocate(bytes, 64) : pool.take();
  }

  /// {@return the pool of the smallest blocks that are large enough, null if none are}
  private static @Nullable Pool pool(long bytes) {
    int log2 = Math.max(SMALLEST_LOG2, Long.SIZE - Long.numberOfLeadingZeros(bytes - 1));
    return log2 > LARGEST_LOG2 ? null : POOLS.get(log2 - SMALLEST_LOG2);
  }

  /// Blocks of one size. Shared between threads.
  private static final class Pool {
    private static final long KEPT_BYTES = 4 << 20;
    private static final int KEPT_BLOCKS = 4;

    private final ConcurrentLinkedQueue<MemorySegment> free = new ConcurrentLinkedQueue<>();
    private final AtomicInteger kept = new AtomicInteger();
    private final long bytes;
    private final long most;

    Pool(int log2) {
      bytes = 1L << log2;
      most = Math.max(KEPT_BLOCKS, KEPT_BYTES / bytes);
    }

    MemorySegment take() {
      MemorySegment found = free.poll();
      if (found == null) {
        return Arena.ofAuto().allocate(bytes, 64);
      }
      kept.decrementAndGet();
      return found;
    }

    void give(MemorySegment block) {
      if (kept.incrementAndGet() > most) {
        kept.decrementAndGet(); // the garbage collector frees it
      } else {
        free.add(block);
      }
    }
  }

  @Override
  public MemorySegment.Scope scope() {
    return Arena.global().scope();
  }

  @Override
  public void close() {
    for (MemorySegment each : blocks) {
      Pool pool = pool(each.byteSize());
      if (pool != null) {
        pool.give(each);
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
