package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares convolutions of bytes with one filter per channel with sums of integers, on memory
/// between pages that must not be touched.
@Tag("many-machines")
class X86ByteDepthwiseTest {
  private static final int ZERO = 130;

  /// A factor with which results are beyond what an `int` holds, and are 0 or 255.
  private static final float BEYOND_INTEGERS = 1e13f;

  private static final int[] CHANNELS = {
    16, 17, 24, 32, 33, 40, 63, 64, 65, 96, 100, 144, 160, 200
  };
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
    {3, 3, 1, 1, 6, 12},
    {5, 5, 1, 1, 1, 1},
    {5, 5, 2, 2, 1, 1},
    {5, 3, 1, 2, 1, 2},
    {7, 7, 1, 1, 1, 1},
    {2, 2, 2, 2, 1, 1},
    {4, 4, 3, 3, 1, 1},
    {1, 5, 1, 1, 1, 3},
    {9, 1, 2, 2, 1, 1},
    {3, 3, 4, 40, 1, 1},
  };

  private final Random random = new Random(1);

  /// This machine, the lesser form that it can play, and one without products of bytes.
  private static Stream<Cpu> cpus() {
    return Cpus.all()
        .flatMap(cpu -> Stream.of(cpu, new Cpu(cpu.vectorBytes(), false, false, false)))
        .distinct();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("cpus")
  void convolutionsAgreeWithSumsOfIntegers(Cpu cpu) {
    X86ByteDepthwise kernels = new X86ByteDepthwise(cpu);
    int number = 0;
    int compared = 0;
    for (int[] window : WINDOWS) {
      for (int[] image : IMAGES) {
        for (int i = 0; i < 3; i++) {
          number++;
          int channels = CHANNELS[(number + number / CHANNELS.length) % CHANNELS.length];
          ConvGeometry g = geometry(1 + number % 2, image, channels, window, number % 4);
          if (g.outHeight() > 0 && g.outWidth() > 0) {
            compared++;
            float factor = g.activation() == null ? 1 : number % 5 == 0 ? BEYOND_INTEGERS : 3.3f;
            ByteConvolution.Rounding rounding =
                number % 3 == 0 ? null : new ByteConvolution.Rounding(factor, 100);
            int zero = rounding == null && number % 2 == 0 ? ByteConvolution.DYNAMIC : ZERO;
            ByteConvolution convolution = new ByteConvolution(g, zero, rounding);
            assertTrue(kernels.suits(convolution), convolution::toString);
            compare(kernels, convolution, number % 5 < 2);
          }
        }
      }
    }
    assertTrue(compared > 200);
  }

  /// {@return a geometry}
  ///
  /// @param padding 0 for none, else one less than what is added to as much as keeps the extents
  private static ConvGeometry geometry(
      int batch, int[] image, int channels, int[] window, int padding) {
    int spanHeight = (window[0] - 1) * window[4];
    int spanWidth = (window[1] - 1) * window[5];
    int top = padding == 0 ? 0 : spanHeight / 2 + padding - 1;
    int left = padding == 0 ? 0 : spanWidth / 2 + padding - 1;
    return new ConvGeometry(
        batch,
        image[0],
        image[1],
        channels,
        Math.floorDiv(image[0] + 2 * top - spanHeight - 1, window[2]) + 1,
        Math.floorDiv(image[1] + 2 * left - spanWidth - 1, window[3]) + 1,
        channels,
        window[0],
        window[1],
        window[2],
        window[3],
        window[4],
        window[5],
        top,
        left,
        channels,
        activation(image[0] + channels));
  }

  private static @Nullable Activation activation(int number) {
    return switch (number % 4) {
      case 0 -> new Activation(UnaryFunction.RELU, 0, 0);
      case 1 -> new Activation(UnaryFunction.CLIP, -3, 6);
      case 2 -> new Activation(UnaryFunction.HARD_SWISH, 1f / 6, 0.5f);
      default -> null;
    };
  }

  private void compare(X86ByteDepthwise kernels, ByteConvolution c, boolean end) {
    ConvGeometry g = c.geometry();
    int channels = g.outChannels();
    int results = g.rows() * g.outWidth() * channels;
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = memory.bytes(random, g.batch() * g.inHeight() * g.inWidth() * channels, end);
      long w = memory.bytes(random, channels * g.kernelHeight() * g.kernelWidth(), end);
      long scales = memory.floats(random, channels, 0.0005f, 0.003f, end);
      long bias = memory.floats(random, channels, -5, 5, end);
      long packed = memory.after(kernels.packedBytes(c));
      kernels.pack(c, w, scales, bias, packed);
      long bytes = c.rounding() == null ? 4L * results : results;
      long y = end ? memory.before(bytes) : memory.after(bytes);
      long scratch = memory.after(kernels.scratchBytes(c));
      float scale = c.isDynamic() ? 0.7f : 1;
      long quantization = memory.before(8);
      Memory.setFloat(quantization, scale);
      Memory.ALL.set(Memory.INT, quantization + 4, ZERO);
      long given = c.isDynamic() ? quantization : 0;
      int third = g.rows() / 3;
      kernels.convolve(c, x, given, packed, y, third, g.rows(), scratch);
      kernels.convolve(c, x, given, packed, y, 0, third, scratch);
      for (int i = 0; i < results; i++) {
        long channel = i % channels;
        double expected = scale * Memory.getFloat(scales + 4 * channel) * sum(g, x, w, i);
        expected += Memory.getFloat(bias + 4 * channel);
        Activation activation = g.activation();
        if (activation != null) {
          expected = activation.function().apply(expected, activation.alpha(), activation.beta());
        }
        ByteConvolution.Rounding rounding = c.rounding();
        if (rounding == null) {
          double limit = 1e-5 * Math.max(20, Math.abs(expected));
          assertEquals(expected, Memory.getFloat(y + 4L * i), limit, c::toString);
        } else {
          expected = Math.clamp(expected * rounding.factor() + rounding.zero(), 0, 255);
          int got = Memory.ALL.get(ValueLayout.JAVA_BYTE, y + i) & 0xff;
          assertEquals(expected, got, 0.501, c::toString);
        }
      }
    }
  }

  private static long sum(ConvGeometry g, long x, long w, int result) {
    int channel = result % g.outChannels();
    int pixel = result / g.outChannels();
    int row = pixel / g.outWidth();
    int image = row / g.outHeight();
    int top = row % g.outHeight() * g.strideHeight() - g.padTop();
    int left = pixel % g.outWidth() * g.strideWidth() - g.padLeft();
    int taps = g.kernelHeight() * g.kernelWidth();
    long sum = 0;
    for (int tap = 0; tap < taps; tap++) {
      int h = top + tap / g.kernelWidth() * g.dilationHeight();
      int v = left + tap % g.kernelWidth() * g.dilationWidth();
      if (h >= 0 && h < g.inHeight() && v >= 0 && v < g.inWidth()) {
        long at = ((long) (image * g.inHeight() + h) * g.inWidth() + v) * g.inChannels() + channel;
        int q = Memory.ALL.get(ValueLayout.JAVA_BYTE, x + at) & 0xff;
        long weight = w + (long) channel * taps + tap;
        sum += (long) (q - ZERO) * Memory.ALL.get(ValueLayout.JAVA_BYTE, weight);
      }
    }
    return sum;
  }
}
