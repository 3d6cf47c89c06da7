package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Compares convolutions of bytes with sums of integers, on memory between pages that must not be
/// touched.
final class ByteConvolutions {
  /// The zero point of all inputs.
  static final int ZERO = 130;

  /// A factor with which results are beyond what an `int` holds, and are 0 or 255.
  static final float BEYOND_INTEGERS = 1e13f;

  private final Random random = new Random(1);

  /// Compares all results.
  ///
  /// @param end whether operands end where memory does, else they begin where it does
  void compare(ByteKernels.Prepared prepared, ByteConvolution c, boolean end) {
    ConvGeometry g = c.geometry();
    int pixels = g.batch() * g.inHeight() * g.inWidth();
    int in = g.inChannels() / g.groups();
    int filter = in * g.kernelHeight() * g.kernelWidth();
    float small = 0.0005f / (float) Math.sqrt(in);
    int results = g.rows() * g.outWidth() * g.outChannels();
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = memory.bytes(random, pixels * g.inChannels(), end);
      long w = memory.bytes(random, g.outChannels() * filter, end);
      long scales = memory.floats(random, g.outChannels(), small, 6 * small, end);
      long bias = memory.floats(random, g.outChannels(), -5, 5, end);
      long packed = memory.after(prepared.packedBytes());
      prepared.pack(ByteKernels.Filters.of(g, w), scales, bias, packed);
      if (filter == in && g.groups() == 1) {
        compareMatrix(prepared, g, w, scales, bias, packed, end);
      }
      long bytes = c.rounding() == null ? 4L * results : results;
      long y = end ? memory.before(bytes) : memory.after(bytes);
      long scratch = memory.after(prepared.scratchBytes());
      float scale = c.isDynamic() ? 0.7f : 1;
      long quantization = memory.before(8);
      Memory.setFloat(quantization, scale);
      Memory.ALL.set(Memory.INT, quantization + 4, ZERO);
      long given = c.isDynamic() ? quantization : 0;
      int third = g.rows() / 3;
      prepared.convolve(x, given, packed, y, third, g.rows(), scratch);
      prepared.convolve(x, given, packed, y, 0, third, scratch);
      for (int i = 0; i < results; i++) {
        long channel = i % g.outChannels();
        double sum = scale * Memory.getFloat(scales + 4 * channel) * sum(c, x, w, i);
        compare(c, sum + Memory.getFloat(bias + 4 * channel), y, i);
      }
    }
  }

  /// Packs the same weights as a matrix, which changes nothing.
  private static void compareMatrix(
      ByteKernels.Prepared prepared,
      ConvGeometry g,
      long w,
      long scales,
      long bias,
      long packed,
      boolean end) {
    int in = g.inChannels();
    int out = g.outChannels();
    try (GuardedMemory memory = new GuardedMemory()) {
      long matrix = end ? memory.before((long) in * out) : memory.after((long) in * out);
      for (int i = 0; i < in * out; i++) {
        long from = w + i % out * (long) in + i / out;
        Memory.ALL.set(
            ValueLayout.JAVA_BYTE, matrix + i, Memory.ALL.get(ValueLayout.JAVA_BYTE, from));
      }
      long bytes = prepared.packedBytes();
      long again = memory.after(bytes);
      prepared.pack(ByteKernels.Filters.matrix(g, matrix), scales, bias, again);
      MemorySegment expected = Memory.ALL.asSlice(packed, bytes);
      assertEquals(-1, expected.mismatch(Memory.ALL.asSlice(again, bytes)), g::toString);
    }
  }

  private static void compare(ByteConvolution c, double sum, long y, int result) {
    Activation activation = c.geometry().activation();
    double expected =
        activation == null
            ? sum
            : activation.function().apply(sum, activation.alpha(), activation.beta());
    ByteConvolution.Rounding rounding = c.rounding();
    if (rounding == null) {
      double limit = 1e-5 * Math.max(20, Math.abs(expected));
      assertEquals(expected, Memory.getFloat(y + 4L * result), limit, c::toString);
    } else {
      expected = Math.clamp(expected * rounding.factor() + rounding.zero(), 0, 255);
      int got = Memory.ALL.get(ValueLayout.JAVA_BYTE, y + result) & 0xff;
      assertEquals(expected, got, 0.501, c::toString);
    }
  }

  private static long sum(ByteConvolution c, long x, long w, int result) {
    ConvGeometry g = c.geometry();
    int channel = result % g.outChannels();
    int in = g.inChannels() / g.groups();
    int first = channel / (g.outChannels() / g.groups()) * in;
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
      long at = x + ((long) (image * g.inHeight() + h) * g.inWidth() + v) * g.inChannels() + first;
      for (int i = 0; i < in; i++) {
        int q = Memory.ALL.get(ValueLayout.JAVA_BYTE, at + i) & 0xff;
        long filter = w + ((long) channel * in + i) * taps + tap;
        int weight = Memory.ALL.get(ValueLayout.JAVA_BYTE, filter) + c.shift();
        sum += (long) (q - ZERO) * weight;
      }
    }
    return sum;
  }
}
