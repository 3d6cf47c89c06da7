package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.system.CLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// Memory that the system clears when it is first touched, in large pages where it grants them:
/// packed weights are written once and then streamed through, and small pages cost time in both.
/// Small requests lie together in small pages, as a model of few weights should not take much.
///
/// Thread-safe. All is freed with the arena.
final class Pages implements SegmentAllocator {
  private static final long PAGE = 2 << 20;
  private static final long SMALL = 128 << 10;

  private static final int LARGE_PAGES = 14;

  private final Arena arena;
  private final Block small = new Block(PAGE, false);
  private final Block large = new Block(16 * PAGE, true);

  /// An allocator of memory that lives as long as an arena.
  ///
  /// @param arena the arena
  Pages(Arena arena) {
    this.arena = arena;
  }

  @Override
  public synchronized MemorySegment allocate(long bytes, long alignment) {
    MemorySegment memory =
        alignment > PAGE ? null : (bytes < SMALL ? small : large).allocate(bytes, alignment);
    return memory == null ? arena.allocate(bytes, alignment) : memory;
  }

  /// Memory that is handed out in turn.
  private final class Block {
    /// What is mapped at a time; only what is touched takes memory.
    private final long step;

    private final boolean isLarge;
    private MemorySegment rest = MemorySegment.NULL;

    Block(long step, boolean isLarge) {
      this.step = step;
      this.isLarge = isLarge;
    }

    /// {@return memory of its own, or null where the system has none}
    @Nullable MemorySegment allocate(long bytes, long alignment) {
      long gap = -rest.address() & (alignment - 1);
      if (gap + bytes > rest.byteSize()) {
        MemorySegment mapped = map(Math.max(step, (bytes + PAGE - 1) & -PAGE));
        if (mapped == null) {
          return null;
        }
        rest = mapped;
        gap = 0;
      }
      MemorySegment memory = rest.asSlice(gap, bytes);
      rest = rest.asSlice(gap + bytes);
      return memory;
    }

    @SuppressWarnings("restricted")
    private @Nullable MemorySegment map(long bytes) {
      long length = bytes + PAGE;
      long at = Code.map(length);
      if (at == -1) {
        return null;
      }
      long first = (at + PAGE - 1) & -PAGE;
      if (isLarge) {
        Code.call(CLibrary.find("madvise"), first, bytes, LARGE_PAGES, 0, 0, 0);
      }
      return MemorySegment.ofAddress(first)
          .reinterpret(
              bytes, arena, _ -> Code.call(CLibrary.find("munmap"), at, length, 0, 0, 0, 0));
    }
  }
}
