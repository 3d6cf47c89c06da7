package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.check.KernelCheck;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.tile.TiledMatrixKernels;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares products of narrow numbers with sums in `double` of the same numbers, on memory between
/// pages that must not be touched.
@Tag("many-machines")
class NarrowProductTest {
  private final Random random = new Random(1);

  /// This machine, and the same without a matrix unit.
  static Stream<Cpu> cpus() {
    return Cpus.all().flatMap(cpu -> Stream.of(cpu, cpu.withoutMatrices())).distinct();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void productsAgreeWithTheirRoundedOperands(Cpu cpu) {
    X86NarrowKernels kernels = new X86NarrowKernels(cpu);
    Activation relu = new Activation(UnaryFunction.RELU, 0, 0);
    for (Format format : new Format[] {Format.BF16, Format.INT8}) {
      if (!kernels.computes(format, null)) {
        continue;
      }
      int number = 0;
      for (int m : new int[] {1, 2, 5, 16, 17, 31, 32, 33, 65, 70, 150}) {
        for (int k : new int[] {1, 3, 31, 32, 33, 64, 100, 256}) {
          for (int n : new int[] {1, 15, 16, 17, 32, 33, 50, 64, 155}) {
            number++;
            boolean bias = number % 3 != 0;
            boolean end = number % 2 == 0;
            Activation activation = number % 5 == 0 ? relu : null;
            long residualStride = number % 4 == 0 ? n : 0;
            Product product = new Product(m, k, n, k, n, residualStride, 1, activation);
            compare(kernels, format, product, bias, end);
          }
        }
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void productsOfManyRowsAgreeWithTheirRoundedOperands(Cpu cpu) {
    X86NarrowKernels kernels = new X86NarrowKernels(cpu);
    Activation relu = new Activation(UnaryFunction.RELU, 0, 0);
    // a last panel of a cut pair of vectors, of one vector, and none; two groups of panels
    int[][] extents = {{240, 700, 187}, {149, 640, 208}, {150, 700, 192}, {160, 1300, 300}};
    for (Format format : new Format[] {Format.BF16, Format.INT8}) {
      for (int i = 0; i < extents.length && kernels.computes(format, null); i++) {
        int m = extents[i][0];
        int k = extents[i][1];
        int n = extents[i][2];
        boolean even = i % 2 == 0;
        Product product = new Product(m, k, n, k, n, even ? n : 0, 1, i < 2 ? null : relu);
        compare(kernels, format, product, i % 3 > 0, even);
      }
    }
    if (kernels.computes(Format.INT8, null)) {
      quantized(kernels, new Product(150, 640, 210, 640, 210, 210, 1, null), 1);
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void productsOfQuantizedNumbersAreCheckedWhereTheyRun(Cpu cpu) {
    NarrowKernels right = new X86NarrowKernels(cpu);
    NarrowKernels wrong =
        WrongKernels.changed(
            NarrowKernels.class,
            right,
            "prepareQuantized",
            (_, _) -> WrongKernels.idle(NarrowKernels.Prepared.class));
    MatrixKernels kernels =
        new TiledMatrixKernels(
            new X86MicroKernels(cpu), new X86Depthwise(cpu), new X86Winograd(cpu), () -> wrong);
    String fault = KernelCheck.fault(KernelCheck.Kind.INT8, kernels, new ScalarRowKernels());
    assertEquals(
        right.computes(Format.INT8, null),
        fault != null && fault.startsWith("product of quantized numbers: "));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void rowsThatAreNoNumbersSpoilNoOther(Cpu cpu) {
    X86NarrowKernels kernels = new X86NarrowKernels(cpu);
    if (!kernels.computes(Format.INT8, null)) {
      return;
    }
    float[] strange = {0, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e-42f};
    int k = 70;
    int n = 40;
    for (int m : new int[] {1, 2, 3, 13, 25}) {
      Product p = new Product(m, k, n, k, n, 0, 1, null);
      try (GuardedMemory memory = new GuardedMemory()) {
        long b = numbers(memory, k * n, true);
        long packed = memory.after(kernels.packedBytes(Format.INT8, k, n));
        kernels.pack(Format.INT8, b, n, 1, k, n, packed);
        NarrowKernels.Prepared prepared = kernels.prepare(Format.INT8, p);
        long scratch = memory.after(prepared.scratchBytes());
        long a = numbers(memory, m * k, true);
        long clean = numbers(memory, m * n, true);
        long c = numbers(memory, m * n, true);
        prepared.multiply(a, packed, 0, 0, clean, 0, m, 0, 2, scratch);
        for (float value : strange) {
          int row = random.nextInt(m);
          boolean all = value == 0 || Math.abs(value) < 1;
          long kept = memory.before(4L * k);
          Memory.copy(a + 4L * row * k, kept, 4L * k);
          for (int i = 0; i < (all ? k : 1); i++) {
            Memory.setFloat(a + 4L * (row * k + i), value);
          }
          prepared.multiply(a, packed, 0, 0, c, 0, m, 0, 2, scratch);
          Memory.copy(kept, a + 4L * row * k, 4L * k);
          for (int i = 0; i < m * n; i++) {
            float got = Memory.getFloat(c + 4L * i);
            if (i / n != row) {
              assertEquals(Memory.getFloat(clean + 4L * i), got);
            } else if (all) {
              assertEquals(0, got, 1e-38);
            }
          }
        }
      }
    }
  }

  private void compare(
      X86NarrowKernels kernels, Format format, Product p, boolean bias, boolean end) {
    try (GuardedMemory memory = new GuardedMemory()) {
      int k = p.k();
      int n = p.n();
      long a = numbers(memory, p.m() * k, end);
      long b = numbers(memory, k * n, end);
      long packed = memory.after(kernels.packedBytes(format, k, n));
      kernels.pack(format, b, n, 1, k, n, packed);
      long biases = bias ? numbers(memory, n, end) : 0;
      long residual = p.residualStride() == 0 ? 0 : numbers(memory, p.m() * n, end);
      long c = numbers(memory, p.m() * n, end);
      NarrowKernels.Prepared prepared = kernels.prepare(format, p);
      long scratch = memory.after(prepared.scratchBytes());
      int rows = p.m() / 3;
      int panels = (n + 31) / 32;
      prepared.multiply(a, packed, biases, residual, c, 0, rows, 0, panels, scratch);
      prepared.multiply(a, packed, biases, residual, c, rows, p.m(), 0, panels / 2, scratch);
      prepared.multiply(a, packed, biases, residual, c, rows, p.m(), panels / 2, panels, scratch);
      double[][] right = right(format, b, k, n);
      for (int i = 0; i < p.m(); i++) {
        double[] left = left(format, a + 4L * i * k, k);
        for (int j = 0; j < n; j++) {
          double sum = bias ? Memory.getFloat(biases + 4L * j) : 0;
          sum += residual == 0 ? 0 : Memory.getFloat(residual + 4L * (i * n + j));
          for (int q = 0; q < k; q++) {
            sum += left[q] * right[q][j];
          }
          sum = p.activation() == null ? sum : Math.max(0, sum);
          float got = Memory.getFloat(c + 4L * (i * n + j));
          assertEquals(sum, got, Math.max(1e-4, 1e-6 * k), () -> format + " " + p);
        }
      }
    }
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void quantizedProductsHaveOneScaleEvenWhereItIsTiny(Cpu cpu) {
    X86NarrowKernels kernels = new X86NarrowKernels(cpu);
    // of the last the scale is no normal number and its inverse infinite; still smaller scales have
    // too few bits themselves for any comparison
    for (float size : new float[] {1, 1e-20f, 4e-37f}) {
      for (int m : new int[] {1, 5, 66}) {
        for (int n : new int[] {7, 32, 49, 80}) {
          if (kernels.computes(Format.INT8, null)) {
            quantized(kernels, new Product(m, 37, n, 37, n, n, 1, null), size);
          }
        }
      }
    }
  }

  private void quantized(X86NarrowKernels kernels, Product p, float size) {
    try (GuardedMemory memory = new GuardedMemory()) {
      int k = p.k();
      int n = p.n();
      long a = numbers(memory, p.m() * k, true);
      for (long i = 0; i < (long) p.m() * k; i++) {
        Memory.setFloat(a + 4 * i, Memory.getFloat(a + 4 * i) * size);
      }
      long b = memory.before((long) k * n);
      for (long i = 0; i < (long) k * n; i++) {
        Memory.ALL.set(ValueLayout.JAVA_BYTE, b + i, (byte) random.nextInt(-127, 128));
      }
      long scales = memory.before(4L * n);
      for (int j = 0; j < n; j++) {
        Memory.setFloat(scales + 4L * j, 0.5f + j);
      }
      long packed = memory.after(kernels.packedBytes(Format.INT8, k, n));
      kernels.packBytes(b, scales, k, n, packed);
      long c = memory.before(4L * p.m() * n);
      NarrowKernels.Prepared prepared = kernels.prepareQuantized(p);
      long scratch = memory.after(prepared.scratchBytes());
      boolean adds = size == 1;
      long bias = adds ? numbers(memory, n, true) : 0;
      long residual = adds ? numbers(memory, p.m() * n, true) : 0;
      prepared.multiply(a, packed, bias, residual, c, 0, p.m(), 0, (n + 31) / 32, scratch);
      double[] left = left(Format.INT8, a, p.m() * k);
      for (int i = 0; i < p.m(); i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          for (int q = 0; q < k; q++) {
            sum += left[i * k + q] * Memory.ALL.get(ValueLayout.JAVA_BYTE, b + (long) q * n + j);
          }
          double scaled = sum * (0.5 + j);
          if (adds) {
            long at = 4L * (i * n + j);
            scaled += Memory.getFloat(bias + 4L * j) + Memory.getFloat(residual + at);
          }
          float got = Memory.getFloat(c + 4L * ((long) i * n + j));
          double tolerance = 1e-5 * Math.abs(scaled) + 1e-6 * size;
          assertEquals(scaled, got, tolerance, () -> p + " of " + size);
        }
      }
    }
  }

  private static double[] left(Format format, long row, int k) {
    double[] values = new double[k];
    float least = 0;
    float greatest = 0;
    for (int i = 0; i < k; i++) {
      float value = Memory.getFloat(row + 4L * i);
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
      values[i] = bf16(value);
    }
    if (format == Format.INT8) {
      float scale = greatest == least ? 1 : (greatest - least) / 255;
      double zero = Math.rint(-least / scale);
      for (int i = 0; i < k; i++) {
        double quantized = Math.rint(Memory.getFloat(row + 4L * i) / scale) + zero;
        values[i] = scale * (Math.clamp(quantized, 0, 255) - zero);
      }
    }
    return values;
  }

  private static double[][] right(Format format, long b, int k, int n) {
    double[][] values = new double[k][n];
    for (int j = 0; j < n; j++) {
      float greatest = 0;
      for (int i = 0; i < k; i++) {
        float value = Memory.getFloat(b + 4L * (i * n + j));
        greatest = Math.max(greatest, Math.abs(value));
        values[i][j] = bf16(value);
      }
      float scale = greatest / 127;
      for (int i = 0; format == Format.INT8 && i < k; i++) {
        values[i][j] = scale * Math.rint(Memory.getFloat(b + 4L * (i * n + j)) / scale);
      }
    }
    return values;
  }

  private static double bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  }

  private long numbers(GuardedMemory memory, int n, boolean end) {
    return memory.floats(random, n, -0.7f, 1.3f, end);
  }
}
