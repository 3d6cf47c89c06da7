package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.system.CLibrary;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Memory between pages that must not be touched: an access outside it ends the process.
final class GuardedMemory implements AutoCloseable {
  private static final long PAGE = 4096;
  private static final int NONE = 0;
  private static final int READ_WRITE = 3;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final MemorySegment MMAP = CLibrary.find("mmap");
  private static final MemorySegment MPROTECT = CLibrary.find("mprotect");
  private static final MemorySegment MUNMAP = CLibrary.find("munmap");

  private record Mapping(long address, long bytes) {}

  private final List<Mapping> mappings = new ArrayList<>();

  /// {@return memory that ends where the page after it must not be touched}
  long before(long bytes) {
    return map(bytes) + whole(bytes) - bytes;
  }

  /// {@return memory that starts where the page before it must not be touched}
  long after(long bytes) {
    return map(bytes);
  }

  /// {@return bytes at random, next to a page that must not be touched}
  ///
  /// @param end whether that page follows, else it precedes
  long bytes(Random random, int n, boolean end) {
    long at = end ? before(n) : after(n);
    for (int i = 0; i < n; i++) {
      Memory.ALL.set(ValueLayout.JAVA_BYTE, at + i, (byte) random.nextInt());
    }
    return at;
  }

  /// {@return numbers at random from a range, next to a page that must not be touched}
  ///
  /// @param end whether that page follows, else it precedes
  long floats(Random random, int n, float least, float greatest, boolean end) {
    long at = end ? before(4L * n) : after(4L * n);
    for (int i = 0; i < n; i++) {
      Memory.setFloat(at + 4L * i, random.nextFloat(least, greatest));
    }
    return at;
  }

  private static long whole(long bytes) {
    return (bytes + PAGE - 1) & -PAGE;
  }

  private long map(long bytes) {
    long all = whole(bytes) + 2 * PAGE;
    long at = Code.call(MMAP, 0, all, NONE, PRIVATE_ANONYMOUS, -1, 0);
    if (at == -1) {
      throw new IllegalStateException("mmap failed");
    }
    mappings.add(new Mapping(at, all));
    if (bytes > 0) {
      long failed = Code.call(MPROTECT, at + PAGE, whole(bytes), READ_WRITE, 0, 0, 0);
      if ((int) failed != 0) {
        throw new IllegalStateException("mprotect failed");
      }
    }
    return at + PAGE;
  }

  @Override
  public void close() {
    for (Mapping mapping : mappings) {
      long _ = Code.call(MUNMAP, mapping.address(), mapping.bytes(), 0, 0, 0, 0);
    }
  }
}
