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

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The longs that are made or looked at at a time: the JIT has not compiled the loop yet when
  /// weights are read, so that it goes over several of them in one number.
  private static final int BLOCK = 1 << 11;

  /// How far bytes lie apart at most.
  private static final int RANGE = 255;

  /// A one in each of four words.
  private static final long ONES = 0x0001_0001_0001_0001L;

  /// The top bits of four words.
  private static final long TOPS = ONES << 15;

  private IntegerWeights() {}

  /// {@return what to take from weights so that they fit signed bytes, or [ByteConvolution#UNFIT]}
  ///
  /// Four at a time it is only seen whether they lie between the least and the greatest so far.
  ///
  /// @param weights the weights, i16
  static int shift(Tensor weights) {
    long elements = weights.shape().elements();
    int least = 0;
    int greatest = 0;
    long[] fours = new long[(int) Math.min(BLOCK, elements / 4)];
    short[] some = new short[4 * BLOCK];
    for (long from = 0; from < elements; from += some.length) {
      int n = (int) Math.min(some.length, elements - from);
      int whole = n == some.length ? BLOCK : 0;
      MemorySegment.copy(weights.segment(), LONG, 2 * from, fours, 0, whole);
      if (whole > 0 && areWithin(fours, whole, least, greatest)) {
        continue;
      }
      MemorySegment.copy(weights.segment(), SHORT, 2 * from, some, 0, n);
      for (int i = 0; i < n; i++) {
        least = Math.min(least, some[i]);
        greatest = Math.max(greatest, some[i]);
      }
      if (greatest - least > RANGE) {
        return ByteConvolution.UNFIT;
      }
    }
    int above = Math.max(0, greatest - Byte.MAX_VALUE);
    return above > 0 ? above : Math.min(0, least - Byte.MIN_VALUE);
  }

  /// {@return whether words lie between two numbers, of which 0 is none or lies between them, and
  /// which are at most [#RANGE] apart}
  private static boolean areWithin(long[] fours, int n, int least, int greatest) {
    long added = -least * ONES;
    long spare = (RANGE - greatest + least) * ONES;
    long outside = 0;
    for (int i = 0; i < n; i++) {
      long above = ((fours[i] & ~TOPS) + added) ^ (fours[i] & TOPS);
      outside |= above | (above + spare);
    }
    return (outside & ~(RANGE * ONES)) == 0;
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
    long eights = weights.shape().elements() / 8;
    long[] fours = new long[2 * (int) Math.min(BLOCK, eights)];
    for (long from = 0; from < eights; from += BLOCK) {
      int n = (int) Math.min(BLOCK, eights - from);
      MemorySegment.copy(weights.segment(), LONG, 16 * from, fours, 0, 2 * n);
      narrow(fours, n, shift);
      MemorySegment.copy(fours, 0, bytes.segment(), LONG, 8 * from, n);
    }
    for (long i = 8 * eights; i < weights.shape().elements(); i++) {
      bytes.setLong(i, weights.getLong(i) - shift);
    }
    return bytes;
  }

  /// Makes eight bytes of twice four words.
  private static void narrow(long[] fours, int n, int shift) {
    long added = (-shift & RANGE) * ONES;
    for (int i = 0; i < n; i++) {
      fours[i] = bytes(fours[2 * i], added) | bytes(fours[2 * i + 1], added) << 32;
    }
  }

  /// {@return the lower bytes of four sums}
  private static long bytes(long four, long added) {
    long even = ((four & RANGE * ONES) + added) & RANGE * ONES;
    long twos = (even | even >>> 8) & 0x0000_ffff_0000_ffffL;
    return (twos | twos >>> 16) & 0xffff_ffffL;
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
  /// @param shift what each weight stands for more than itself
  /// @param filters how many
  /// @param scales the factor of each filter, or null
  static Tensor floats(Tensor weights, int shift, int filters, @Nullable Tensor scales) {
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
        float number = (integer + shift) * scale;
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
