package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The f32 that bytes stand for with one scale and zero point: one of 256, looked up.
///
/// Whole weights are read before the JIT has compiled anything: arrays are the quickest form there.
///
/// @param bytes i8 or u8
/// @param numbers what each unsigned byte stands for
@SuppressWarnings("ArrayRecordComponent")
record ByteNumbers(Tensor bytes, float[] numbers) {
  /// The bytes that are read at a time.
  private static final int BLOCK = 1 << 13;

  /// {@return whether these are bytes that become f32}
  ///
  /// @param q the integers
  /// @param out the numbers
  static boolean suits(Tensor q, Tensor out) {
    return (q.dtype() == DType.I8 || q.dtype() == DType.U8) && out.dtype() == DType.F32;
  }

  /// {@return the numbers that bytes stand for}
  ///
  /// @param bytes i8 or u8
  /// @param scale the scale
  /// @param zero the zero point
  static ByteNumbers of(Tensor bytes, float scale, long zero) {
    float[] numbers = new float[256];
    boolean isSigned = bytes.dtype() == DType.I8;
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) ((isSigned ? (byte) i : i) - zero) * scale;
    }
    return new ByteNumbers(bytes, numbers);
  }

  /// Stores all numbers.
  ///
  /// @param out where they go, f32
  void write(Tensor out) {
    long elements = bytes.shape().elements();
    byte[] from = new byte[(int) Math.min(BLOCK, elements)];
    float[] to = new float[from.length];
    for (long at = 0; at < elements; at += BLOCK) {
      int n = (int) Math.min(BLOCK, elements - at);
      MemorySegment.copy(bytes.segment(), ValueLayout.JAVA_BYTE, at, from, 0, n);
      for (int i = 0; i < n; i++) {
        to[i] = numbers[from[i] & 0xff];
      }
      MemorySegment.copy(to, 0, out.segment(), Memory.FLOAT, 4 * at, n);
    }
  }
}
