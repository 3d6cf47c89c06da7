package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Makes keys of rows on memory between pages that must not be touched.
class X86TreesTest {
  private static final float[] NUMBERS = {
    0f,
    -0f,
    1.5f,
    -1.5f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    Float.intBitsToFloat(0xffc0_0001),
    Float.intBitsToFloat(0x7f80_0001)
  };

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void keysAreThoseOfTheOracle(Cpu cpu) {
    RowKernels oracle = new ScalarRowKernels();
    X86Trees trees = new X86Trees(cpu);
    for (int features = 1; features < 40; features++) {
      for (boolean twice : new boolean[] {false, true}) {
        for (boolean end : new boolean[] {true, false}) {
          compare(trees, oracle, features, twice, end);
        }
      }
    }
  }

  private static void compare(
      X86Trees trees, RowKernels oracle, int features, boolean twice, boolean end) {
    int rows = 3;
    int keyBytes = 4 * (twice ? 2 : 1) * features;
    long allBytes = (long) rows * keyBytes;
    Random random = new Random(features);
    try (GuardedMemory memory = new GuardedMemory()) {
      long bytes = 4L * rows * features;
      long x = end ? memory.before(bytes) : memory.after(bytes);
      for (int i = 0; i < rows * features; i++) {
        Memory.setFloat(x + 4L * i, NUMBERS[random.nextInt(NUMBERS.length)]);
      }
      long found = end ? memory.before(allBytes) : memory.after(allBytes);
      long expected = memory.after(allBytes);
      trees.keys(x, rows, features, twice, found, keyBytes);
      oracle.treeKeys(x, rows, features, twice, expected, keyBytes);
      for (int i = 0; i < rows * keyBytes; i += 4) {
        int at = i;
        assertEquals(
            Memory.ALL.get(Memory.INT, expected + i),
            Memory.ALL.get(Memory.INT, found + i),
            () -> features + " features, byte " + at);
      }
    }
  }
}
