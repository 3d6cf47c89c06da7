package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Copies between views of all orders of dimensions, backwards and repeated ones among them,
/// against bytes copied one by one.
class MovementTest {
  private static final long[][] EXTENTS = {
    {300, 3}, {3, 300}, {7, 140, 5}, {2, 150, 15}, {140, 2, 4}, {40, 16}, {5, 6, 7}, {129, 1}, {9}
  };

  private static final int SIZE = 1 << 18;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void everyElementArrives(int bytes) {
    Random random = new Random(bytes);
    byte[] elements = new byte[SIZE];
    random.nextBytes(elements);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(SIZE, 64);
      source.copyFrom(MemorySegment.ofArray(elements));
      for (long[] extents : EXTENTS) {
        for (int attempt = 0; attempt < 20; attempt++) {
          copies(bytes, extents, source, random);
        }
      }
    }
  }

  private static void copies(int bytes, long[] extents, MemorySegment source, Random random) {
    int rank = extents.length;
    long[] sourceStrides = strides(bytes, extents, random);
    long[] targetStrides = strides(bytes, extents, random);
    long first = 0;
    for (int d = 0; d < rank; d++) {
      switch (random.nextInt(6)) {
        case 0 -> sourceStrides[d] = 0;
        case 1 -> {
          first += (extents[d] - 1) * sourceStrides[d];
          sourceStrides[d] = -sourceStrides[d];
        }
        default -> {}
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment expected = arena.allocate(SIZE, 64);
      MemorySegment actual = arena.allocate(SIZE, 64);
      long[] index = new long[rank];
      do {
        long from = first;
        long to = 0;
        for (int d = 0; d < rank; d++) {
          from += index[d] * sourceStrides[d];
          to += index[d] * targetStrides[d];
        }
        MemorySegment.copy(source, from, expected, to, bytes);
      } while (next(index, extents));
      StridedCopy copy = StridedCopy.of(bytes, extents, sourceStrides, targetStrides);
      Movement.copy(copy, source.address() + first, actual.address());
      assertEquals(-1, expected.mismatch(actual), copy::toString);
    }
  }

  /// The strides of a view whose dimensions lie within each other in some order, each element, line
  /// and plane at times with room behind it.
  private static long[] strides(int bytes, long[] extents, Random random) {
    Integer[] order = new Integer[extents.length];
    Arrays.setAll(order, i -> i);
    if (random.nextBoolean()) {
      Collections.shuffle(Arrays.asList(order), random);
    }
    long[] strides = new long[extents.length];
    long stride = random.nextInt(4) == 0 ? 2L * bytes : bytes;
    for (int i = extents.length - 1; i >= 0; i--) {
      int d = order[i];
      strides[d] = stride;
      stride *= extents[d] + random.nextInt(3);
    }
    return strides;
  }

  private static boolean next(long[] index, long[] extents) {
    for (int d = index.length - 1; d >= 0; d--) {
      if (++index[d] < extents[d]) {
        return true;
      }
      index[d] = 0;
    }
    return false;
  }
}
