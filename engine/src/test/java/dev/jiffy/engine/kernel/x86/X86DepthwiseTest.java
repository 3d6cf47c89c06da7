package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares convolutions with one filter per channel, or with groups of few channels, with the
/// oracle, on memory between pages that must not be touched.
class X86DepthwiseTest {
  private static final int[] CHANNELS = {2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 80};
  private static final int[][] IMAGES = {
    {1, 1}, {1, 9}, {7, 1}, {2, 3}, {5, 8}, {9, 21}, {4, 33}, {13, 6}
  };

  /// Height, width, strides and dilations.
  private static final int[][] WINDOWS = {
    {1, 1, 1, 1, 1, 1},
    {3, 3, 1, 1, 1, 1},
    {3, 3, 2, 2, 1, 1},
    {3, 3, 2, 1, 1, 1},
    {3, 3, 1, 1, 2, 2},
    {3, 3, 1, 1, 6, 18},
    {5, 5, 1, 1, 1, 1},
    {5, 5, 2, 2, 1, 1},
    {5, 5, 2, 1, 1, 1},
    {5, 3, 1, 2, 1, 2},
    {7, 7, 1, 1, 1, 1},
    {2, 2, 2, 2, 1, 1},
    {4, 4, 3, 3, 1, 1},
    {3, 3, 4, 40, 1, 1},
    {1, 5, 1, 1, 1, 3},
    {5, 1, 2, 2, 1, 1},
    {9, 11, 1, 1, 1, 1},
    {31, 3, 1, 1, 1, 1},
    {3, 35, 2, 2, 1, 1},
  };

  private final ScalarMatrixKernels scalar = new ScalarMatrixKernels();
  private final Random random = new Random(1);

  /// Geometries in which everything occurs with everything, but not each with each.
  private static List<ConvGeometry> geometries() {
    List<ConvGeometry> geometries = new ArrayList<>();
    int number = 0;
    for (int[] window : WINDOWS) {
      for (int[] image : IMAGES) {
        for (int i = 0; i < 4; i++) {
          number++;
          int channels = CHANNELS[(number + number / CHANNELS.length) % CHANNELS.length];
          int padding = number % 3;
          Activation activation = activation(image[0] + channels);
          ConvGeometry geometry =
              DepthwiseGeometry.of(1 + number % 2, image, channels, window, padding, activation);
          if (geometry.outHeight() > 0 && geometry.outWidth() > 0) {
            geometries.add(geometry);
          }
        }
      }
    }
    return geometries;
  }

  private static @Nullable Activation activation(int number) {
    return switch (number % 5) {
      case 0 -> new Activation(UnaryFunction.RELU, 0, 0);
      case 1 -> new Activation(UnaryFunction.CLIP, -0.5f, 0.5f);
      case 2 -> new Activation(UnaryFunction.HARD_SWISH, 0, 0);
      case 3 -> new Activation(UnaryFunction.ATAN, 0, 0);
      default -> null;
    };
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void convolutionsAgreeAndStayWithinTheirOperands(Cpu cpu) {
    X86Depthwise kernels = new X86Depthwise(cpu);
    int number = 0;
    for (ConvGeometry geometry : geometries()) {
      number++;
      boolean bias = number % 4 != 0;
      boolean residual = number % 3 == 0;
      compare(kernels, geometry, bias, residual, number % 2 == 0, true);
      compare(kernels, geometry, bias, residual, number % 2 == 0, false);
    }
    assertTrue(number > 400);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("dev.jiffy.engine.kernel.x86.Cpus#all")
  void groupsOfFewChannelsAgreeAndStayWithinTheirOperands(Cpu cpu) {
    X86Depthwise kernels = new X86Depthwise(cpu);
    int number = 0;
    for (ConvGeometry geometry : geometries()) {
      for (int members = 2; members <= 8; members *= 2) {
        int channels = geometry.inChannels();
        int groups = channels / members;
        if (groups > 1 && groups * members == channels && kernels.suits(geometry.grouped(groups))) {
          number++;
          ConvGeometry grouped = geometry.grouped(groups);
          compare(
              kernels, grouped, number % 4 != 0, number % 3 == 0, number % 2 == 0, number % 5 > 1);
        }
      }
    }
    assertTrue(number > 200);
  }

  private void compare(
      X86Depthwise kernels,
      ConvGeometry g,
      boolean hasBias,
      boolean hasResidual,
      boolean inPlace,
      boolean end) {
    try (GuardedMemory memory = new GuardedMemory();
        Arena arena = Arena.ofConfined()) {
      long x = numbers(memory, (long) g.batch() * g.inHeight() * g.inWidth() * g.inChannels(), end);
      int products = g.inChannels() / g.groups() * g.kernelHeight() * g.kernelWidth();
      long weights = numbers(memory, (long) g.outChannels() * products, end);
      long bias = hasBias ? numbers(memory, g.inChannels(), end) : 0;
      long size = (long) g.rows() * g.outWidth() * g.outChannels();
      long residual = hasResidual ? numbers(memory, size, end) : 0;
      long packed = arena.allocate(scalar.convPackedBytes(g) + 64, 64).address();
      scalar.packConv(g, weights, packed);
      long scratch = arena.allocate(scalar.convScratchBytes(g) + 64, 64).address();
      long expected = arena.allocate(4 * size, 64).address();
      scalar.convolve(g, x, packed, bias, residual, expected, 0, g.rows(), scratch);

      assertTrue(kernels.suits(g));
      long own = numbers(memory, kernels.packedBytes(g) / 4, end);
      kernels.pack(g, weights, own);
      long actual = numbers(memory, size, end);
      long added = residual;
      if (inPlace && hasResidual) {
        Memory.copy(residual, actual, 4 * size);
        added = actual;
      }
      int row = g.rows() / 3;
      kernels.convolve(g, x, own, bias, added, actual, row, g.rows(), 0);
      kernels.convolve(g, x, own, bias, added, actual, 0, row, 0);
      for (long i = 0; i < size; i++) {
        float right = Memory.getFloat(expected + 4 * i);
        float tolerance = 1e-5f * Math.abs(right) + 1e-6f * (float) Math.sqrt(products);
        assertEquals(right, Memory.getFloat(actual + 4 * i), tolerance, g::toString);
      }
    }
  }

  private long numbers(GuardedMemory memory, long n, boolean end) {
    return memory.floats(random, (int) n, -1, 1, end);
  }
}
