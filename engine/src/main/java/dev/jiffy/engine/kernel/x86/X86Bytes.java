package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Casts;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Numbers to unsigned bytes and back, and from f16 and bytes, as machine code.
final class X86Bytes implements CodeTable.Emitter {
  private static final int GROUP = ByteCode.GROUP;

  /// The most groups of one call: the JVM cannot stop a thread within.
  private static final long MOST = (1 << 18) / GROUP;

  private static final int TO_BYTES = 0;
  private static final int TINY_TO_BYTES = 1;
  private static final int TO_FLOATS = 2;
  private static final int RANGE = 3;
  private static final int TABLE = 4;
  private static final int WIDEN = 5;
  private static final int SIGNED_TO_FLOATS = 6;

  private final int vectorBytes;
  private final boolean looksUp;
  private final CodeTable codes;

  X86Bytes(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    looksUp = cpu.bytes();
    codes = new CodeTable("bytes", 7, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    ByteCode code = new ByteCode(vectorBytes);
    return switch (form) {
      case TO_FLOATS -> code.dequantize(false);
      case SIGNED_TO_FLOATS -> code.dequantize(true);
      case RANGE -> code.range();
      case TABLE -> ByteTableCode.emit();
      case WIDEN -> code.widen();
      default -> code.quantize(form == TO_BYTES);
    };
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#quantize(float, int, long, long, long)].
  void quantize(float scale, int zero, long x, long y, long n) {
    long whole = n / GROUP;
    if (whole > 0) {
      MemorySegment code = quantizing(scale);
      int bits = Float.floatToRawIntBits(scale);
      for (long done = 0; done < whole; done += MOST) {
        long groups = Math.min(MOST, whole - done);
        long from = x + 4 * GROUP * done;
        long _ = Code.call(code, from, groups, y + GROUP * done, bits, zero, 0);
      }
    }
    long done = GROUP * whole;
    Affine.quantize(0, scale, zero, x + 4 * done, y + done, n - done);
  }

  private MemorySegment quantizing(float scale) {
    return codes.get(scale < Float.MIN_NORMAL ? TINY_TO_BYTES : TO_BYTES);
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#range].
  void range(long x, long n, long to) {
    float least = 0;
    float greatest = 0;
    for (long done = 0; done < n; done += MOST * GROUP) {
      long count = Math.min(MOST * GROUP, n - done);
      long end = Masks.rest(vectorBytes, count);
      long _ = Code.call(codes.get(RANGE), x + 4 * done, to, 4 * count, end, 0, 0);
      least = Math.min(least, Memory.getFloat(to));
      greatest = Math.max(greatest, Memory.getFloat(to + 4));
    }
    Memory.setFloat(to, least);
    Memory.setFloat(to + 4, greatest);
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#lookUp].
  void lookUp(long table, long x, long y, long n) {
    long whole = looksUp ? n / ByteTableCode.BLOCK : 0;
    for (long done = 0; done < whole; done += MOST) {
      long blocks = Math.min(MOST, whole - done);
      long at = ByteTableCode.BLOCK * done;
      long _ = Code.call(codes.get(TABLE), table, x + at, y + at, blocks, 0, 0);
    }
    long done = ByteTableCode.BLOCK * whole;
    Movement.lookUp(table, x + done, y + done, n - done);
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#dequantize(float, int, long, long, long)].
  void dequantize(float scale, int zero, long x, long y, long n) {
    long done = dequantize(TO_FLOATS, scale, zero, x, y, n);
    Affine.dequantize(0xff, scale, zero, x + done, y + 4 * done, n - done);
  }

  /// Makes f32 of bytes.
  ///
  /// @param type their type, i8 or u8
  void toFloats(DType type, long x, long y, long n) {
    int form = type == DType.I8 ? SIGNED_TO_FLOATS : TO_FLOATS;
    long done = dequantize(form, 1, 0, x, y, n);
    Casts.cast(type, DType.F32, x + done, y + 4 * done, n - done);
  }

  /// {@return how many numbers are done: whole groups of them}
  private long dequantize(int form, float scale, int zero, long x, long y, long n) {
    long whole = n / GROUP;
    int bits = Float.floatToRawIntBits(scale);
    for (long done = 0; done < whole; done += MOST) {
      long groups = Math.min(MOST, whole - done);
      long to = y + 4 * GROUP * done;
      long _ = Code.call(codes.get(form), x + GROUP * done, groups, to, bits, zero, 0);
    }
    return GROUP * whole;
  }

  /// Makes f32 of f16.
  void widen(long x, long y, long n) {
    long whole = n / GROUP;
    for (long done = 0; done < whole; done += MOST) {
      long groups = Math.min(MOST, whole - done);
      long at = GROUP * done;
      long _ = Code.call(codes.get(WIDEN), x + 2 * at, groups, y + 4 * at, 0, 0, 0);
    }
    long done = GROUP * whole;
    Casts.cast(DType.F16, DType.F32, x + 2 * done, y + 4 * done, n - done);
  }
}
