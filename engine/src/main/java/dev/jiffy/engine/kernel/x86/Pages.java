package dev.jiffy.engine.kernel.x86;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// Memory that the system clears when it is first touched, in large pages where it grants them:
/// packed weights are written once and then streamed through, and small pages cost time in both.
///
/// Thread-safe. Small requests go to the arena, which also frees the rest.
final class Pages implements SegmentAllocator {
  private static final long PAGE = 2 << 20;
  private static final long SMALL = 128 << 10;

  /// What is mapped at a time; only what is touched takes memory.
  private static final long BLOCK = 16 * PAGE;

  private static final int LARGE_PAGES = 14;

  private final Arena arena;
  private MemorySegment block = MemorySegment.NULL;
  private long used;

  /// An allocator of memory that lives as long as an arena.
  ///
  /// @param arena the arena
  Pages(Arena arena) {
    this.arena = arena;
  }

  @Override
  public synchronized MemorySegment allocate(long bytes, long alignment) {
    if (bytes < SMALL || alignment > PAGE) {
      return arena.allocate(bytes, alignment);
    }
    long start = (used + alignment - 1) & -alignment;
    if (start + bytes > block.byteSize()) {
      MemorySegment mapped = map(Math.max(BLOCK, (bytes + PAGE - 1) & -PAGE));
      if (mapped == null) {
        return arena.allocate(bytes, alignment);
      }
      block = mapped;
      start = 0;
    }
    used = start + bytes;
    return block.asSlice(start, bytes);
  }

  /// {@return pages of their own, or null where the system has none}
  @SuppressWarnings("restricted")
  private @Nullable MemorySegment map(long bytes) {
    long length = bytes + PAGE;
    long at = Code.map(length);
    if (at == -1) {
      return null;
    }
    long first = (at + PAGE - 1) & -PAGE;
    MemorySegment madvise = Code.libc("madvise");
    Code.call(madvise, first, bytes, LARGE_PAGES, 0, 0, 0);
    return MemorySegment.ofAddress(first)
        .reinterpret(bytes, arena, _ -> Code.call(Code.libc("munmap"), at, length, 0, 0, 0, 0));
  }
}
