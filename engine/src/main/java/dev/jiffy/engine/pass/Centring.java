package dev.jiffy.engine.pass;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Integers less their zero points, of which there may be many: they are read block by block, and
/// to find their range no further than it matters.
final class Centring {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The elements of a block.
  private static final int BLOCK = 1 << 13;

  /// What no result can be.
  private static final int FAR = 1 << 20;

  private final Tensor integers;
  private final boolean areBytes;
  private final int[] zeros;
  private final long same;
  private final byte[] bytes;
  private final short[] shorts;
  private final int[] centred;

  /// Nothing is read yet.
  ///
  /// @param integers the integers
  /// @param zeros the zero points, in turns
  /// @param same how many elements one behind the other have the same one
  Centring(Tensor integers, long[] zeros, long same) {
    this.integers = integers;
    this.areBytes = integers.dtype() == DType.I8 || integers.dtype() == DType.U8;
    this.zeros = Arrays.stream(zeros).mapToInt(zero -> Math.clamp(zero, -FAR, FAR)).toArray();
    this.same = same;
    int block = (int) Math.min(BLOCK, integers.shape().elements());
    bytes = new byte[block];
    shorts = new short[block];
    centred = new int[block];
  }

  /// {@return the results as i8, or as i16 where they do not fit, or null where they, or the
  /// integers, do not fit those}
  @Nullable Tensor result() {
    DType dtype = dtype();
    if (dtype == null) {
      return null;
    }
    Tensor result = Tensor.allocate(dtype, integers.shape());
    for (long from = 0; from < integers.shape().elements(); from += BLOCK) {
      int n = read(from);
      if (dtype == DType.I8) {
        for (int i = 0; i < n; i++) {
          bytes[i] = (byte) centred[i];
        }
        MemorySegment.copy(bytes, 0, result.segment(), ValueLayout.JAVA_BYTE, from, n);
      } else {
        for (int i = 0; i < n; i++) {
          shorts[i] = (short) centred[i];
        }
        MemorySegment.copy(shorts, 0, result.segment(), SHORT, 2 * from, n);
      }
    }
    return result;
  }

  private @Nullable DType dtype() {
    int least = 0;
    int greatest = 0;
    boolean fitBytes = true;
    boolean fitShorts = true;
    // bytes less bytes are shorts
    boolean areNear = areBytes && Arrays.stream(zeros).allMatch(zero -> Math.abs(zero) <= 255);
    for (long from = 0;
        from < integers.shape().elements() && fitShorts && (fitBytes || !areNear);
        from += BLOCK) {
      int n = read(from);
      for (int i = 0; i < n; i++) {
        least = Math.min(least, centred[i]);
        greatest = Math.max(greatest, centred[i]);
      }
      fitBytes = least >= Byte.MIN_VALUE && greatest <= Byte.MAX_VALUE;
      fitShorts = least >= Short.MIN_VALUE && greatest <= Short.MAX_VALUE;
    }
    return fitBytes ? DType.I8 : fitShorts ? DType.I16 : null;
  }

  /// Loops are kept apart where the JIT makes vector code of them that way.
  private void load(long from, int n) {
    MemorySegment segment = integers.segment();
    switch (integers.dtype()) {
      case U8 -> {
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, from, bytes, 0, n);
        for (int i = 0; i < n; i++) {
          centred[i] = bytes[i] & 0xff;
        }
      }
      case I8 -> {
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, from, bytes, 0, n);
        for (int i = 0; i < n; i++) {
          centred[i] = bytes[i];
        }
      }
      case I32 -> {
        MemorySegment.copy(segment, INT, 4 * from, centred, 0, n);
        for (int i = 0; i < n; i++) {
          centred[i] = centred[i] == (short) centred[i] ? centred[i] : 2 * FAR;
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          long integer = integers.getLong(from + i);
          centred[i] = integer == (short) integer ? (int) integer : 2 * FAR;
        }
      }
    }
  }

  /// Reads a block.
  ///
  /// @param from its first element
  /// @return how many elements it has
  private int read(long from) {
    int n = (int) Math.min(BLOCK, integers.shape().elements() - from);
    load(from, n);
    int index = (int) (from / same % zeros.length);
    long left = same - from % same;
    for (int i = 0; i < n; left = same) {
      int end = (int) Math.min(n, i + left);
      int zero = zeros[index];
      for (; i < end; i++) {
        centred[i] -= zero;
      }
      index = index + 1 == zeros.length ? 0 : index + 1;
    }
    return n;
  }
}
