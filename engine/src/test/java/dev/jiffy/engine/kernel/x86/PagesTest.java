package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PagesTest {
  private static final long[] SIZES = {64, 100 << 10, 3 << 20, (1 << 20) + 64, 70 << 20, 8 << 20};

  @Test
  void memoryIsClearedAlignedAndOnesOwn() {
    if (Cpus.all().findAny().isEmpty()) {
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      SegmentAllocator pages = new Pages(arena);
      List<MemorySegment> all = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        MemorySegment memory = pages.allocate(SIZES[i % SIZES.length], 64);
        assertEquals(SIZES[i % SIZES.length], memory.byteSize());
        assertEquals(0, memory.address() % 64);
        long last = memory.byteSize() - 1;
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, last));
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) (i + 1));
        memory.set(ValueLayout.JAVA_BYTE, last, (byte) (i + 1));
        all.add(memory);
      }
      for (int i = 0; i < all.size(); i++) {
        assertEquals(i + 1, all.get(i).get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(i + 1, all.get(i).get(ValueLayout.JAVA_BYTE, all.get(i).byteSize() - 1));
      }
    }
  }
}
