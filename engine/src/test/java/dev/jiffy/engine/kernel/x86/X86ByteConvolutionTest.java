package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Compares convolutions of bytes with sums of integers, on memory between pages that must not be
/// touched.
@Tag("many-machines")
class X86ByteConvolutionTest {
  private static final int HEIGHT = 7;
  private static final int ZERO = 130;

  /// A factor with which results are beyond what an `int` holds, and are 0 or 255.
  private static final float BEYOND_INTEGERS = 1e13f;

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
    X86ByteConvolution kernels = new X86ByteConvolution(cpu);
    int number = 0;
    for (int in : new int[] {1, 3, 4, 8, 17, 36}) {
      for (int out : new int[] {1, 16, 17, 31, 32, 49, 100}) {
        for (int kernel : new int[] {1, 2, 3}) {
          for (int width : new int[] {1, 2, 13, 30}) {
            number++;
            int stride = number % 5 == 0 ? 2 : 1;
            int pad = number % 3 == 0 ? kernel / 2 : 0;
            int dilation = number % 7 == 0 ? 2 : 1;
            int reach = (kernel - 1) * dilation + 1;
            if (width + 2 * pad < reach) {
              continue;
            }
            Activation activation =
                number % 4 == 0 ? new Activation(UnaryFunction.RELU, 0, 0) : null;
            ConvGeometry g =
                new ConvGeometry(
                    2,
                    HEIGHT,
                    width,
                    in,
                    (HEIGHT + 2 * pad - reach) / stride + 1,
                    (width + 2 * pad - reach) / stride + 1,
                    out,
                    kernel,
                    kernel,
                    stride,
                    stride,
                    dilation,
                    dilation,
                    pad,
                    pad,
                    1,
                    activation);
            ByteConvolution.Rounding rounding =
                number % 2 == 0
                    ? new ByteConvolution.Rounding(
                        activation == null ? 1 : number % 8 == 4 ? BEYOND_INTEGERS : 3.3f, 100)
                    : null;
            int zero = rounding == null && number % 3 == 0 ? ByteConvolution.DYNAMIC : ZERO;
            ByteConvolution convolution = new ByteConvolution(g, zero, rounding);
            if (kernels.suits(convolution)) {
              compare(kernels, convolution, number % 2 == 0);
            }
          }
        }
      }
    }
  }

  private void compare(X86ByteConvolution kernels, ByteConvolution c, boolean end) {
    ConvGeometry g = c.geometry();
    int taps = g.kernelHeight() * g.kernelWidth();
    int pixels = g.batch() * g.inHeight() * g.inWidth();
    int results = g.rows() * g.outWidth() * g.outChannels();
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = memory.bytes(random, pixels * g.inChannels(), end);
      long w = memory.bytes(random, g.outChannels() * g.inChannels() * taps, end);
      long scales = memory.floats(random, g.outChannels(), 0.0005f, 0.001f, end);
      long bias = memory.floats(random, g.outChannels(), 0.0005f, 0.001f, end);
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
      int half = g.rows() / 2;
      kernels.convolve(c, x, given, packed, y, 0, half, scratch);
      kernels.convolve(c, x, given, packed, y, half, g.rows(), scratch);
      for (int i = 0; i < results; i++) {
        int channel = i % g.outChannels();
        double sum = scale * Memory.getFloat(scales + 4L * channel) * sum(c, x, w, i);
        sum += Memory.getFloat(bias + 4L * channel);
        sum = g.activation() == null ? sum : Math.max(0, sum);
        ByteConvolution.Rounding rounding = c.rounding();
        if (rounding == null) {
          assertEquals(sum, Memory.getFloat(y + 4L * i), 1e-3, c::toString);
        } else {
          double expected = Math.clamp(sum * rounding.factor() + rounding.zero(), 0, 255);
          int got = Memory.ALL.get(ValueLayout.JAVA_BYTE, y + i) & 0xff;
          assertEquals(expected, got, 0.501, c::toString);
        }
      }
    }
  }

  private static long sum(ByteConvolution c, long x, long w, int result) {
    ConvGeometry g = c.geometry();
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
      if (h < 0 || h >= g.inHeight() || v < 0 || v >= g.inWidth()) {
        continue;
      }
      long at = x + ((long) (image * g.inHeight() + h) * g.inWidth() + v) * g.inChannels();
      for (int in = 0; in < g.inChannels(); in++) {
        int q = Memory.ALL.get(ValueLayout.JAVA_BYTE, at + in) & 0xff;
        long weight = w + ((long) channel * g.inChannels() + in) * taps + tap;
        sum += (long) (q - ZERO) * Memory.ALL.get(ValueLayout.JAVA_BYTE, weight);
      }
    }
    return sum;
  }
}
