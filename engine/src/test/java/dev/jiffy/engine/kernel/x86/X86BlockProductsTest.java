package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares products with weights of a few bits with their formula, on memory between pages that
/// must not be touched.
@Tag("many-machines")
class X86BlockProductsTest {
  private static final List<Activation> ACTIVATIONS =
      List.of(
          new Activation(UnaryFunction.RELU, 0, 0),
          new Activation(UnaryFunction.SILU, 1, 0),
          new Activation(UnaryFunction.CELU, 1, 0)); // none that there is code for

  private final Random random = new Random(1);

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void productsAgreeWithTheFormula(Cpu cpu) {
    X86BlockProducts kernels = new X86BlockProducts(cpu);
    int number = 0;
    for (int m : new int[] {1, 2, 7, 8, 9, 13, 19, 97}) {
      for (int n : new int[] {1, 15, 16, 17, 50}) {
        for (int block : new int[] {16, 32, 64, 256}) {
          for (int k : new int[] {1, block, 2 * block + 5}) {
            number++;
            BlockProduct product =
                new BlockProduct(
                    m,
                    k,
                    n,
                    block,
                    2 << (number % 3),
                    number / 3 % 3 == 0,
                    number % 2 == 0,
                    number % 11 < 3 ? ACTIVATIONS.get(number % 11) : null);
            if (kernels.suits(product)) {
              compare(kernels, product, number % 5 < 2, number % 13 < 5, number % 7 < 3);
            }
          }
        }
      }
    }
  }

  /// As products of numbers are: infinite, or NaN where an infinity meets 0 or another.
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void rowsMayHaveInfinities(Cpu cpu) {
    X86BlockProducts kernels = new X86BlockProducts(cpu);
    for (int m : new int[] {1, 3, 8, 64}) {
      for (boolean zeros : new boolean[] {true, false}) {
        BlockProduct p = new BlockProduct(m, 40, 35, 32, 8, zeros, false, null);
        try (GuardedMemory memory = new GuardedMemory()) {
          long a = memory.floats(random, m * p.k(), -0.5f, 0.5f, true);
          Memory.setFloat(a + 4L * ((m - 1) * p.k() + 7), Float.POSITIVE_INFINITY);
          Memory.setFloat(a + 4L * (m / 2 * p.k() + 35), Float.NEGATIVE_INFINITY);
          compare(kernels, p, a, memory, true, true, true);
        }
      }
    }
  }

  private void compare(
      X86BlockProducts kernels, BlockProduct p, boolean biased, boolean added, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      long a = memory.floats(random, p.m() * p.k(), -0.5f, 0.5f, end);
      compare(kernels, p, a, memory, biased, added, end);
    }
  }

  private void compare(
      X86BlockProducts kernels,
      BlockProduct p,
      long a,
      GuardedMemory memory,
      boolean biased,
      boolean added,
      boolean end) {
    int blocks = p.blocks();
    long w = memory.bytes(random, p.n() * blocks * p.block() * p.bits() / 8, end);
    long scales = memory.floats(random, p.n() * blocks, -0.5f, 0.5f, end);
    long zeros = p.zeros() ? memory.bytes(random, p.n() * (int) p.zeroBytes(), end) : 0;
    long bias = biased ? memory.floats(random, p.n(), -0.5f, 0.5f, end) : 0;
    long residual = added ? memory.floats(random, p.m() * p.n(), -0.5f, 0.5f, end) : 0;
    long packed = memory.after(kernels.packedBytes(p));
    kernels.pack(p, w, scales, zeros, packed);
    long size = 4L * p.m() * p.n();
    long c = end ? memory.before(size) : memory.after(size);
    long scratch = memory.after(kernels.scratchBytes(p));
    int panels = (p.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
    int rows = p.m() / 2;
    kernels.multiply(p, a, packed, bias, residual, c, 0, rows, 0, panels, scratch);
    kernels.multiply(p, a, packed, bias, residual, c, rows, p.m(), 0, panels / 2, scratch);
    kernels.multiply(p, a, packed, bias, residual, c, rows, p.m(), panels / 2, panels, scratch);
    for (int row = 0; row < p.m(); row++) {
      for (int column = 0; column < p.n(); column++) {
        double expected = expected(p, a, w, scales, zeros, row, column);
        expected += biased ? Memory.getFloat(bias + 4L * column) : 0;
        expected += added ? Memory.getFloat(residual + 4L * (row * p.n() + column)) : 0;
        Activation last = p.activation();
        if (last != null) {
          expected = last.function().apply(expected, last.alpha(), last.beta());
        }
        float got = Memory.getFloat(c + 4L * (row * p.n() + column));
        assertEquals(expected, got, 2e-5 * (1 << p.bits()) * p.k(), p::toString);
      }
    }
  }

  private static double expected(
      BlockProduct p, long a, long w, long scales, long zeros, int row, int column) {
    double sum = 0;
    for (int block = 0; block < p.blocks(); block++) {
      int from = block * p.block();
      int to = Math.min(p.k(), from + p.block());
      long x = a + 4L * row * p.k();
      float greatest = 0;
      for (int i = from; i < to; i++) {
        greatest = Math.max(greatest, Math.abs(Memory.getFloat(x + 4L * i)));
      }
      float step = greatest / 127;
      long index = (long) column * p.blocks() + block;
      int bits = p.bits();
      long place = column * p.zeroBytes() * 8 / bits + block;
      int zero = p.zeros() ? packed(zeros, place, bits) : 1 << (bits - 1);
      for (int i = from; i < to; i++) {
        float value = Memory.getFloat(x + 4L * i);
        double taken = p.bytes() ? Math.rint(value * (1 / step)) * step : value;
        int q = packed(w, index * p.block() + i - from, bits);
        sum += taken * (q - zero) * Memory.getFloat(scales + 4 * index);
      }
    }
    return sum;
  }

  private static int packed(long bytes, long index, int bits) {
    int several = Memory.ALL.get(ValueLayout.JAVA_BYTE, bytes + index * bits / 8);
    return (several >> (index * bits % 8)) & ((1 << bits) - 1);
  }
}
