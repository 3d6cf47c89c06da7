package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Weights that are integers, in the types in which kernels pack them.
final class IntegerWeights {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The integers that are read at a time.
  private static final int BLOCK = 1 << 13;

  private IntegerWeights() {}

  /// {@return what to take from weights so that they fit signed bytes, or [ByteConvolution#UNFIT]}
  ///
  /// @param weights the weights, i16
  static int shift(Tensor weights) {
    int least = 0;
    int greatest = 0;
    int[] some = new int[BLOCK];
    for (long from = 0; from < weights.shape().elements(); from += BLOCK) {
      int n = read(weights, from, some);
      for (int i = 0; i < n; i++) {
        least = Math.min(least, some[i]);
        greatest = Math.max(greatest, some[i]);
      }
    }
    int above = Math.max(0, greatest - Byte.MAX_VALUE);
    int shift = above > 0 ? above : Math.min(0, least - Byte.MIN_VALUE);
    return least - shift < Byte.MIN_VALUE ? ByteConvolution.UNFIT : shift;
  }

  /// {@return integers less a number as bytes}
  ///
  /// @param weights the integers, i8 or i16
  /// @param shift the number
  static Tensor bytes(Tensor weights, int shift) {
    if (weights.dtype() == DType.I8) {
      return weights;
    }
    Tensor bytes = Tensor.allocate(DType.I8, weights.shape());
    int[] some = new int[BLOCK];
    byte[] narrow = new byte[BLOCK];
    for (long from = 0; from < weights.shape().elements(); from += BLOCK) {
      int n = read(weights, from, some);
      for (int i = 0; i < n; i++) {
        narrow[i] = (byte) (some[i] - shift);
      }
      MemorySegment.copy(narrow, 0, bytes.segment(), ValueLayout.JAVA_BYTE, from, n);
    }
    return bytes;
  }

  /// Reads up to [#BLOCK] elements, as numbers that the JIT makes vector code of.
  ///
  /// @return how many
  private static int read(Tensor weights, long from, int[] to) {
    int n = (int) Math.min(BLOCK, weights.shape().elements() - from);
    short[] shorts = new short[n];
    MemorySegment.copy(weights.segment(), SHORT, 2 * from, shorts, 0, n);
    for (int i = 0; i < n; i++) {
      to[i] = shorts[i];
    }
    return n;
  }

  /// {@return scales that change nothing}
  static Tensor ones(int n) {
    Tensor ones = Tensor.allocate(DType.F32, Shape.of(n));
    for (int i = 0; i < n; i++) {
      ones.setDouble(i, 1);
    }
    return ones;
  }

  /// {@return integers as f32, in the order of filters}
  ///
  /// @param weights filters, or a matrix whose columns are the filters
  /// @param filters how many
  /// @param scales the factor of each filter, or null
  static Tensor floats(Tensor weights, int filters, @Nullable Tensor scales) {
    long size = weights.shape().elements() / filters;
    boolean isMatrix = weights.shape().rank() == 2;
    Tensor scaled = Tensor.allocate(DType.F32, Shape.of(filters, size));
    MemorySegment from = weights.segment();
    MemorySegment to = scaled.segment();
    boolean areBytes = weights.dtype() == DType.I8;
    for (int filter = 0; filter < filters; filter++) {
      float scale = scales == null ? 1 : (float) scales.getDouble(filter);
      long first = isMatrix ? filter : filter * size;
      long step = isMatrix ? filters : 1;
      for (long i = 0; i < size; i++) {
        long at = first + i * step;
        int integer = areBytes ? from.get(ValueLayout.JAVA_BYTE, at) : from.get(SHORT, 2 * at);
        float number = integer * scale;
        to.set(ValueLayout.JAVA_FLOAT, 4 * (filter * size + i), number);
      }
    }
    return scaled;
  }

  /// {@return a matrix of integers as f32}
  ///
  /// @param matrix the integers, `[k, n]`
  /// @param scales the factor of each column
  static Tensor scaled(Tensor matrix, Tensor scales) {
    long n = matrix.shape().dim(1);
    Tensor numbers = Tensor.allocate(DType.F32, matrix.shape());
    for (long i = 0; i < matrix.shape().elements(); i++) {
      numbers.setDouble(i, matrix.getLong(i) * scales.getDouble(i % n));
    }
    return numbers;
  }
}
