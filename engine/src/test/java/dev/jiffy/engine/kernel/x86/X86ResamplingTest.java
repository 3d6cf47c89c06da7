package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares resampling with the oracle, on memory between pages that must not be touched.
class X86ResamplingTest {
  private static final int[] CHANNELS = {1, 2, 3, 4, 8, 15, 16, 17, 20, 33, 64};

  private final ScalarRowKernels scalar = new ScalarRowKernels();
  private final Random random = new Random(1);

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void resamplingAgreesAndStaysWithinItsOperands(Cpu cpu) {
    X86Resampling resampling = new X86Resampling(cpu);
    for (int round = 0; round < 200; round++) {
      int height = 1 + random.nextInt(6);
      int width = 1 + random.nextInt(6);
      int rows = 1 + random.nextInt(9);
      int columns = 1 + random.nextInt(12);
      boolean nearest = random.nextBoolean();
      ResizeGeometry geometry =
          new ResizeGeometry(
              1 + round % 2,
              height,
              width,
              CHANNELS[round % CHANNELS.length],
              indices(rows, height),
              indices(rows, height),
              weights(rows, nearest),
              indices(columns, width),
              indices(columns, width),
              weights(columns, nearest),
              nearest);
      compare(resampling, geometry, true);
      compare(resampling, geometry, false);
    }
  }

  private int[] indices(int n, int bound) {
    return random.ints(n, 0, bound).toArray();
  }

  private float[] weights(int n, boolean nearest) {
    float[] weights = new float[n];
    for (int i = 0; i < n; i++) {
      weights[i] = nearest || i % 3 == 0 ? 0 : random.nextFloat();
    }
    return weights;
  }

  private void compare(X86Resampling resampling, ResizeGeometry g, boolean end) {
    try (GuardedMemory memory = new GuardedMemory();
        Arena arena = Arena.ofConfined()) {
      int n = g.batch() * g.inHeight() * g.inWidth() * g.channels();
      long x = memory.floats(random, n, -1, 1, end);
      long size = (long) g.rows() * g.columnLow().length * g.channels();
      long expected = arena.allocate(4 * size, 64).address();
      long actual = end ? memory.before(4 * size) : memory.after(4 * size);
      scalar.resize(g, x, expected, 0, g.rows());
      int row = g.rows() / 3;
      resampling.resize(g, x, actual, row, g.rows());
      resampling.resize(g, x, actual, 0, row);
      for (long i = 0; i < size; i++) {
        float right = Memory.getFloat(expected + 4 * i);
        assertEquals(right, Memory.getFloat(actual + 4 * i), 1e-6, g::toString);
      }
    }
  }
}
