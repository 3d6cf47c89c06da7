package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares pooling with the oracle, on memory between pages that must not be touched.
class X86PoolingTest {
  private static final int[] CHANNELS = {1, 3, 7, 8, 9, 15, 16, 17, 24, 33, 64, 65, 100, 130};
  private static final float[] SPECIAL = {
    Float.NaN, Float.intBitsToFloat(0xffc00001), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
  };

  private final ScalarRowKernels scalar = new ScalarRowKernels();
  private final Random random = new Random(1);

  private List<PoolGeometry> geometries() {
    List<PoolGeometry> geometries = new ArrayList<>();
    for (int number = 0; number < 500; number++) {
      int dilation = 1 + random.nextInt(2);
      int kernelHeight = 1 + random.nextInt(5);
      int kernelWidth = 1 + random.nextInt(5);
      int spanHeight = (kernelHeight - 1) * dilation;
      int spanWidth = (kernelWidth - 1) * dilation;
      int stride = 1 + random.nextInt(3);
      int top = random.nextInt(3);
      int left = random.nextInt(3);
      int height = Math.max(1, spanHeight + 1 - 2 * top) + random.nextInt(8);
      int width = Math.max(1, spanWidth + 1 - 2 * left) + random.nextInt(12);
      geometries.add(
          new PoolGeometry(
              1 + number % 2,
              height,
              width,
              CHANNELS[number % CHANNELS.length],
              (height + 2 * top - spanHeight - 1) / stride + 1,
              (width + 2 * left - spanWidth - 1) / stride + 1,
              kernelHeight,
              kernelWidth,
              stride,
              stride,
              dilation,
              dilation,
              top,
              left,
              top,
              left,
              random.nextBoolean(),
              random.nextBoolean()));
    }
    for (int channels : CHANNELS) { // of whole images
      geometries.add(
          new PoolGeometry(
              1, 7, 9, channels, 1, 1, 7, 9, 1, 1, 1, 1, 0, 0, 0, 0, channels % 2 == 0, false));
    }
    return geometries;
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void poolingAgreesAndStaysWithinItsOperands(Cpu cpu) {
    X86Pooling pooling = new X86Pooling(cpu);
    for (PoolGeometry geometry : geometries()) {
      compare(pooling, geometry, true);
      compare(pooling, geometry, false);
    }
  }

  private void compare(X86Pooling pooling, PoolGeometry g, boolean end) {
    try (GuardedMemory memory = new GuardedMemory();
        Arena arena = Arena.ofConfined()) {
      int n = g.batch() * g.inHeight() * g.inWidth() * g.channels();
      long x = memory.floats(random, n, -1, 1, end);
      for (float special : SPECIAL) {
        Memory.setFloat(x + 4L * random.nextInt(n), special);
      }
      long size = (long) g.rows() * g.outWidth() * g.channels();
      long expected = arena.allocate(4 * size, 64).address();
      long actual = end ? memory.before(4 * size) : memory.after(4 * size);
      scalar.pool(g, x, expected, 0, g.rows());
      int row = g.rows() / 3;
      pooling.pool(g, x, actual, row, g.rows());
      pooling.pool(g, x, actual, 0, row);
      for (long i = 0; i < size; i++) {
        float right = Memory.getFloat(expected + 4 * i);
        float found = Memory.getFloat(actual + 4 * i);
        if (Float.isNaN(right)) {
          assertTrue(Float.isNaN(found), g::toString);
        } else {
          assertEquals(right, found, 1e-6, g::toString);
        }
      }
    }
  }
}
