package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.ValueLayout;

/// Small problems of bytes and parts of bytes, and what their results are by definition.
///
/// @param comparison has working memory
record ByteCheck(Comparison comparison) {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// The channels of images.
  static final int CHANNELS = 20;

  private static final int SIZE = 4;
  private static final int ZERO = 7;

  private static final int FEW_ROWS = 8;
  private static final int MANY_ROWS = 57;

  /// The results of the convolution.
  static final int RESULTS = SIZE * SIZE * CHANNELS;

  /// {@return a product with weights of a few bits}
  ///
  /// @param bits the bits of a weight
  /// @param bytes whether rows are rounded to bytes
  static BlockProduct product(int bits, boolean bytes) {
    return new BlockProduct(bytes ? FEW_ROWS : MANY_ROWS, 40, 19, 32, bits, false, bytes, null);
  }

  /// Numbers that depend on their place alone.
  private static int pattern(int i) {
    return (i * 37 + i / 5) % 23 - 11;
  }

  private long bytes(int n, int step) {
    long address = comparison.memory(n);
    for (int i = 0; i < n; i++) {
      Memory.ALL.set(BYTE, address + i, (byte) (pattern(i) * step));
    }
    return address;
  }

  private long floats(int n, float scale) {
    long address = comparison.memory(4L * n);
    for (int i = 0; i < n; i++) {
      Memory.setFloat(address + 4L * i, pattern(i) * scale);
    }
    return address;
  }

  /// Multiplies with weights of a few bits: one row, then a few, then all others, which kernels may
  /// compute in other ways.
  ///
  /// @param c the result
  void multiply(BlockKernels kernels, BlockProduct p, long c) {
    int weights = p.n() * p.blocks() * p.block() * p.bits() / 8;
    long w = bytes(weights, 11);
    long scales = floats(p.n() * p.blocks(), 0.01f);
    long packed = comparison.memory(kernels.packedBytes(p));
    Memory.ALL.asSlice(packed, kernels.packedBytes(p)).fill((byte) 0);
    kernels.pack(p, w, scales, 0, packed);
    long a = floats(p.m() * p.k(), 0.1f);
    int panels = (p.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
    long scratch = comparison.memory(kernels.scratchBytes(p));
    kernels.multiply(p, a, packed, 0, 0, c, 0, 1, 0, panels, scratch);
    kernels.multiply(p, a, packed, 0, 0, c, 1, FEW_ROWS, 0, panels, scratch);
    kernels.multiply(p, a, packed, 0, 0, c, FEW_ROWS, p.m(), 0, panels, scratch);
  }

  /// Multiplies with what weights of a few bits stand for.
  ///
  /// @param c the result
  void multiply(BlockProduct p, long c) {
    long w = bytes(p.n() * p.blocks() * p.block() * p.bits() / 8, 11);
    double[] weights = new double[p.k()];
    for (int column = 0; column < p.n(); column++) {
      for (int i = 0; i < p.k(); i++) {
        int index = column * p.blocks() + i / p.block();
        int at = index * p.block() + i % p.block();
        int perByte = 8 / p.bits();
        int shift = at % perByte * p.bits();
        int q = Memory.ALL.get(BYTE, w + at / perByte) >> shift & ((1 << p.bits()) - 1);
        weights[i] = (q - (1 << (p.bits() - 1))) * (pattern(index) * 0.01f);
      }
      for (int row = 0; row < p.m(); row++) {
        double sum = 0;
        for (int i = 0; i < p.k(); i++) {
          sum += pattern(row * p.k() + i) * 0.1f * weights[i];
        }
        Memory.setFloat(c + 4L * (row * p.n() + column), (float) sum);
      }
    }
  }

  /// Quantizes the columns of a matrix of numbers from -1 to 1, each with a scale of its own, and
  /// makes it what its bytes stand for.
  ///
  /// @param b the matrix
  /// @param k its rows
  /// @param n its columns
  /// @param to where the bytes go
  /// @param scales where the scales go
  static void quantize(long b, int k, int n, long to, long scales) {
    for (int column = 0; column < n; column++) {
      float scale = 1 / (100f + column % 20);
      Memory.setFloat(scales + 4L * column, scale);
      for (int row = 0; row < k; row++) {
        int index = row * n + column;
        byte q = (byte) Math.rint(Memory.getFloat(b + 4L * index) / scale);
        Memory.ALL.set(BYTE, to + index, q);
        Memory.setFloat(b + 4L * index, q * scale);
      }
    }
  }

  /// {@return a convolution of 3 by 3}
  ///
  /// @param groups groups of channels: 1, or as many as there are channels
  /// @param rounds whether results become bytes
  /// @param shift what weights stand for more than their bytes
  static ByteConvolution convolution(int groups, boolean rounds, int shift) {
    ConvGeometry g =
        new ConvGeometry(
            1, SIZE, SIZE, CHANNELS, SIZE, SIZE, CHANNELS, 3, 3, 1, 1, 1, 1, 1, 1, groups, null);
    return new ByteConvolution(
        g, ZERO, shift, rounds ? new ByteConvolution.Rounding(1, 100) : null);
  }

  /// Computes a convolution.
  ///
  /// @param y the results, f32 also where they are bytes
  void convolve(ByteKernels.Prepared prepared, ByteConvolution c, long y) {
    long packed = comparison.memory(prepared.packedBytes());
    Memory.ALL.asSlice(packed, prepared.packedBytes()).fill((byte) 0);
    long w = bytes(CHANNELS * CHANNELS * 9, 5);
    prepared.pack(
        ByteKernels.Filters.of(c.geometry(), w),
        floats(CHANNELS, 0.001f),
        floats(CHANNELS, 0.1f),
        packed);
    long to = c.rounding() == null ? y : comparison.memory(RESULTS);
    long scratch = comparison.memory(prepared.scratchBytes());
    prepared.convolve(bytes(RESULTS, 9), 0, packed, to, 0, c.geometry().rows(), scratch);
    for (int i = 0; c.rounding() != null && i < RESULTS; i++) {
      Memory.setFloat(y + 4L * i, Memory.ALL.get(BYTE, to + i) & 0xff);
    }
  }

  /// Computes a convolution by definition.
  ///
  /// @param y the results, f32 also where they are bytes
  static void convolve(ByteConvolution c, long y) {
    int group = CHANNELS / c.geometry().groups();
    for (int i = 0; i < RESULTS; i++) {
      int channel = i % CHANNELS;
      int row = i / CHANNELS / SIZE;
      int column = i / CHANNELS % SIZE;
      int sum = 0;
      for (int tap = 0; tap < 9; tap++) {
        int h = row + tap / 3 - 1;
        int v = column + tap % 3 - 1;
        for (int in = 0; h >= 0 && h < SIZE && v >= 0 && v < SIZE && in < group; in++) {
          int from = channel / group * group + in;
          int q = (byte) (pattern((h * SIZE + v) * CHANNELS + from) * 9) & 0xff;
          int weight = (byte) (pattern((channel * group + in) * 9 + tap) * 5) + c.shift();
          sum += (q - ZERO) * weight;
        }
      }
      float result = sum * (pattern(channel) * 0.001f) + pattern(channel) * 0.1f;
      ByteConvolution.Rounding rounding = c.rounding();
      Memory.setFloat(
          y + 4L * i,
          rounding == null
              ? result
              : Math.clamp((float) Math.rint(result) + rounding.zero(), 0f, 255f));
    }
  }
}
