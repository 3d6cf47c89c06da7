package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.Memory;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares attention in bf16 with sums in `double` of the same rounded numbers, on memory between
/// pages that must not be touched.
class Bf16AttentionTest {
  private final Random random = new Random(1);

  static Stream<Cpu> cpus() {
    return Cpus.all().filter(Cpu::bf16);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void attentionAgreesWithItsRoundedOperands(Cpu cpu) {
    AttentionKernels kernels = Objects.requireNonNull(new X86NarrowKernels(cpu).bf16Attention());
    int number = 0;
    for (int size : new int[] {1, 15, 16, 20, 32, 33, 64, 72}) {
      for (int keys : new int[] {1, 2, 5, 16, 17, 31, 32, 33, 48, 63, 70, 129}) {
        number++;
        int queries = number % 3 == 0 ? 1 + keys / 2 : keys;
        long stride = size + number % 4L;
        long maskStride = number % 2 == 0 ? 0 : keys + 3;
        AttentionGeometry g =
            new AttentionGeometry(
                queries,
                keys,
                size,
                stride,
                stride + 1,
                stride + 2,
                stride + 3,
                maskStride,
                0.3f,
                number % 6 == 0 ? 0.5f : 0,
                number % 4 == 1,
                number % 8 == 5 ? 11 : 0);
        compare(kernels, g, number % 5 != 0, number % 7 < 4);
      }
    }
  }

  private void compare(AttentionKernels kernels, AttentionGeometry g, boolean masked, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      int keys = g.keys();
      int size = g.headSize();
      long q = numbers(memory, last(g.queries(), g.queryStride()) + size, end);
      long k = numbers(memory, last(keys, g.keyStride()) + size, end);
      long v = numbers(memory, last(keys, g.valueStride()) + size, end);
      long mask = masked ? numbers(memory, last(g.queries(), g.maskStride()) + keys, end) : 0;
      if (masked && keys > 1) {
        Memory.setFloat(mask + 4, Float.NEGATIVE_INFINITY);
      }
      long out = numbers(memory, last(g.queries(), g.outStride()) + size, end);
      long scratchBytes = kernels.attentionScratchBytes(g);
      long scratch = memory.after(scratchBytes);
      for (long at = 0; at < scratchBytes; at += 4) {
        Memory.setFloat(scratch + at, Float.NaN);
      }
      int seen = g.isCausal() ? 1 + keys - g.queries() : keys;
      kernels.attend(g, seen, q, k, v, mask, out, scratch);
      for (int i = 0; i < g.queries(); i++) {
        double[] weights = new double[keys];
        double sum = 0;
        for (int j = g.from(seen, i); j < g.to(seen, i); j++) {
          double score = 0;
          for (int c = 0; c < size; c++) {
            score += bf16(q, i * g.queryStride() + c) * bf16(k, j * g.keyStride() + c);
          }
          float added = masked ? Memory.getFloat(mask + 4 * (i * g.maskStride() + j)) : 0;
          double scaled = g.scale() * score;
          double capped = g.cap() == 0 ? scaled : g.cap() * Math.tanh(scaled / g.cap());
          weights[j] = Math.exp(capped + added);
          sum += weights[j];
        }
        for (int c = 0; c < size; c++) {
          double expected = 0;
          double most = 0;
          for (int j = 0; j < keys; j++) {
            double part = weights[j] / sum * bf16(v, j * g.valueStride() + c);
            expected += part;
            most += Math.abs(part);
          }
          float got = Memory.getFloat(out + 4 * (i * g.outStride() + c));
          // weights have eight bits
          assertEquals(expected, got, 0x1p-8 * most + 1e-5, g::toString);
        }
      }
    }
  }

  private static int last(int rows, long stride) {
    return Math.toIntExact((rows - 1) * stride);
  }

  private static double bf16(long at, long index) {
    int bits = Float.floatToRawIntBits(Memory.getFloat(at + 4 * index));
    return Float.intBitsToFloat((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  }

  private long numbers(GuardedMemory memory, int n, boolean end) {
    return memory.floats(random, n, -1, 1.3f, end);
  }
}
