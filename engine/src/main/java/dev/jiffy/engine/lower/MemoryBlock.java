package dev.jiffy.engine.lower;

import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.function.Function;

/// A block of native memory for the frames of one session.
public final class MemoryBlock implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment segment;

  private MemoryBlock(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
  }

  /// {@return a new block, aligned as tensors are}
  ///
  /// @param bytes its size
  /// @param source from an owner of memory to where it comes from
  @SuppressWarnings("MustBeClosedChecker") // the block closes it
  public static MemoryBlock allocate(long bytes, Function<Arena, SegmentAllocator> source) {
    Arena arena = Arena.ofShared();
    try {
      SegmentAllocator memory = source.apply(arena);
      return new MemoryBlock(arena, memory.allocate(Math.max(bytes, 1), Tensor.ALIGNMENT));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /// {@return the address of the first byte}
  public long address() {
    return segment.address();
  }

  /// {@return the size}
  public long bytes() {
    return segment.byteSize();
  }

  /// Frees the memory.
  @Override
  public void close() {
    arena.close();
  }
}
