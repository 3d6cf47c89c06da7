package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BytePackingTest {
  private static final int[] SIZES = {1, 3, 4, 15, 16, 17, 32, 33, 48, 64, 65, 100};

  @Test
  void bytesStandWhereProductsReadThem() {
    for (Cpu cpu : Cpus.all().toList()) {
      X86NarrowKernels kernels = new X86NarrowKernels(cpu);
      if (!kernels.computes(Format.INT8, null)) {
        continue;
      }
      for (int k : SIZES) {
        for (int n : SIZES) {
          try (GuardedMemory memory = new GuardedMemory()) {
            check(kernels, memory, k, n);
          }
        }
      }
    }
  }

  private static void check(X86NarrowKernels kernels, GuardedMemory memory, int k, int n) {
    byte[] bytes = new byte[k * n];
    new Random(k * 1000L + n).nextBytes(bytes);
    long b = memory.before(bytes.length);
    MemorySegment.copy(bytes, 0, Memory.ALL, ValueLayout.JAVA_BYTE, b, bytes.length);
    long scales = memory.before(4L * n);
    for (int column = 0; column < n; column++) {
      Memory.setFloat(scales + 4L * column, column + 0.5f);
    }
    long size = kernels.packedBytes(Format.INT8, k, n);
    long packed = memory.before(size);
    Memory.ALL.asSlice(packed, size).fill((byte) 77);
    kernels.packBytes(b, scales, k, n, packed);

    int depth = X86NarrowKernels.depth(Format.INT8, k);
    for (int column = 0; column < (n + 15) / 16 * 16; column++) {
      int first = column - column % 32;
      int width = n - first > 16 ? 32 : 16;
      long panel = packed + first * X86NarrowKernels.columnBytes(Format.INT8, k);
      long top = panel + 4L * (column - first);
      int sum = 0;
      for (int row = 0; row < 4 * depth; row++) {
        byte expected = row < k && column < n ? bytes[row * n + column] : 0;
        long at = top + 4L * width * (row / 4) + row % 4;
        byte found = Memory.ALL.get(ValueLayout.JAVA_BYTE, at);
        assertEquals(expected, found, "row %d, column %d of %d x %d".formatted(row, column, k, n));
        sum += expected;
      }
      long numbers = top + 4L * width * depth;
      assertEquals(column < n ? column + 0.5f : 0, Memory.getFloat(numbers));
      assertEquals(sum, Memory.ALL.get(Memory.INT, numbers + 4L * width));
    }
  }
}
