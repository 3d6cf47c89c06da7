package dev.jiffy.engine.pass;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Bytes less one zero point, as [Centring] computes them, eight at a time: weights are read before
/// the JIT has made vector code of a loop over single ones.
///
/// Signed bytes are seen as unsigned ones less 128, so that there is one case.
final class CentredBytes {
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// The longs of a block.
  private static final int BLOCK = 1 << 10;

  /// The top bits of eight bytes.
  private static final long TOPS = 0x8080_8080_8080_8080L;

  /// Every other byte of eight.
  private static final long EVEN = 0x00ff_00ff_00ff_00ffL;

  /// A one in each of four words.
  private static final long ONES = 0x0001_0001_0001_0001L;

  private final Tensor bytes;

  /// What makes unsigned bytes of eight.
  private final long flip;

  /// The zero point of unsigned bytes.
  private final int zero;

  private CentredBytes(Tensor bytes, int zero) {
    boolean isSigned = bytes.dtype() == DType.I8;
    this.bytes = bytes;
    flip = isSigned ? TOPS : 0;
    this.zero = isSigned ? zero + 128 : zero;
  }

  /// {@return the results as i8, or as i16 where they do not fit}
  ///
  /// @param bytes i8 or u8
  /// @param zero the zero point, of the same type
  static Tensor of(Tensor bytes, int zero) {
    CentredBytes centred = new CentredBytes(bytes, zero);
    Tensor narrow = centred.narrow();
    return narrow != null ? narrow : centred.wide();
  }

  /// {@return whether [#of] computes integers less zero points}
  ///
  /// @param integers the integers
  /// @param zeros the zero points
  static boolean suits(Tensor integers, long[] zeros) {
    int least = integers.dtype() == DType.I8 ? Byte.MIN_VALUE : 0;
    boolean areBytes = integers.dtype() == DType.I8 || integers.dtype() == DType.U8;
    return areBytes
        && zeros.length > 0
        && zeros[0] >= least
        && zeros[0] <= least + 255
        && Arrays.stream(zeros).allMatch(zero -> zero == zeros[0]);
  }

  /// Signed bytes, and what each of them stands for more than itself.
  ///
  /// @param bytes i8
  /// @param shift -127 to 128
  record Shifted(Tensor bytes, int shift) {}

  /// {@return the results as signed bytes, which stand for more where they do not fit}
  ///
  /// @param bytes i8 or u8
  /// @param zero the zero point, of the same type
  static Shifted shifted(Tensor bytes, int zero) {
    boolean isSigned = bytes.dtype() == DType.I8;
    Tensor narrow = isSigned && zero == 0 ? bytes : new CentredBytes(bytes, zero).narrow();
    if (narrow != null) {
      return new Shifted(narrow, 0);
    }
    return isSigned
        ? new Shifted(bytes, -zero)
        : new Shifted(Objects.requireNonNull(new CentredBytes(bytes, 128).narrow()), 128 - zero);
  }

  private @Nullable Tensor narrow() {
    Tensor result = Tensor.allocate(DType.I8, bytes.shape());
    long eights = bytes.shape().elements() / 8;
    long[] block = new long[(int) Math.min(BLOCK, eights)];
    for (long from = 0; from < eights; from += BLOCK) {
      int n = (int) Math.min(BLOCK, eights - from);
      MemorySegment.copy(bytes.segment(), LONG, 8 * from, block, 0, n);
      if (!narrow(block, n)) {
        return null;
      }
      MemorySegment.copy(block, 0, result.segment(), LONG, 8 * from, n);
    }
    for (long i = 8 * eights; i < bytes.shape().elements(); i++) {
      int centred = centred(i);
      if (centred != (byte) centred) {
        return null;
      }
      result.setLong(i, centred);
    }
    return result;
  }

  /// Adds 128 less the zero point to each byte, which makes a byte of what fits, and takes 128 off.
  /// A sum that fits leaves its byte where less than 0 is added, and only there.
  ///
  /// @return whether all results fit
  private boolean narrow(long[] block, int n) {
    long added = (128 - zero & 0xff) * (ONES | ONES << 8);
    long leaving = zero > 128 ? TOPS : 0;
    long wrong = 0;
    for (int i = 0; i < n; i++) {
      long eight = block[i] ^ flip;
      long sum = ((eight & ~TOPS) + (added & ~TOPS)) ^ ((eight ^ added) & TOPS);
      wrong |= ((eight & added) | ((eight | added) & ~sum)) ^ leaving;
      block[i] = sum ^ TOPS;
    }
    return (wrong & TOPS) == 0;
  }

  private Tensor wide() {
    Tensor result = Tensor.allocate(DType.I16, bytes.shape());
    long eights = bytes.shape().elements() / 8;
    long[] block = new long[(int) Math.min(BLOCK, eights)];
    long[] words = new long[2 * block.length];
    for (long from = 0; from < eights; from += BLOCK) {
      int n = (int) Math.min(BLOCK, eights - from);
      MemorySegment.copy(bytes.segment(), LONG, 8 * from, block, 0, n);
      widen(block, n, words);
      MemorySegment.copy(words, 0, result.segment(), LONG, 16 * from, 2 * n);
    }
    for (long i = 8 * eights; i < bytes.shape().elements(); i++) {
      result.setLong(i, centred(i));
    }
    return result;
  }

  private void widen(long[] block, int n, long[] words) {
    long added = (-zero & 0x7fff) * ONES;
    long tops = zero == 0 ? 0 : ONES << 15;
    for (int i = 0; i < n; i++) {
      long eight = block[i] ^ flip;
      words[2 * i] = (words(eight & 0xffff_ffffL) + added) ^ tops;
      words[2 * i + 1] = (words(eight >>> 32) + added) ^ tops;
    }
  }

  /// {@return four bytes as words}
  private static long words(long four) {
    long twos = (four | four << 16) & 0x0000_ffff_0000_ffffL;
    return (twos | twos << 8) & EVEN;
  }

  private int centred(long index) {
    return (int) ((bytes.getLong(index) ^ flip) & 0xff) - zero;
  }
}
