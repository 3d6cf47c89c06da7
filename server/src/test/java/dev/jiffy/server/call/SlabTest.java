package dev.jiffy.server.call;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlabTest {
  /// How much lies in the block of some memory is told by what else fits in it.
  @ParameterizedTest
  @CsvSource({
    "1, 16384",
    "16300, 16384",
    "20000, 32768",
    "1000000, 1048576",
    "8388500, 8388608",
  })
  void blocksAreLittleLargerThanWhatIsAskedFor(long bytes, long block) {
    try (Slab slab = new Slab()) {
      MemorySegment first = slab.allocate(bytes, 1);
      MemorySegment rest = slab.allocate(block - bytes, 1);
      assertEquals(first.address() + bytes, rest.address());
      MemorySegment beyond = slab.allocate(1, 1);
      assertTrue(beyond.address() != first.address() + block);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "20000", "8388500"})
  void blocksAreUsedAgain(long bytes) {
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      try (Slab slab = new Slab()) {
        addresses.add(slab.allocate(bytes, 64).address());
      }
    }
    assertTrue(addresses.size() < 500, () -> addresses.size() + " blocks");
  }

  @Test
  void whatIsLargerThanAnyBlock() {
    try (Slab slab = new Slab()) {
      assertEquals(10 << 20, slab.allocate(10 << 20, 64).byteSize());
      assertEquals(0, slab.allocate(16, 64).address() % 64);
    }
  }
}
