package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Numbers to unsigned bytes and back as machine code; AVX-512 only.
final class X86Bytes {
  private static final int LANES = 16;

  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 18;

  private static final int TO_BYTES = 0;
  private static final int TINY_TO_BYTES = 1;
  private static final int TO_FLOATS = 2;
  private static final int RANGE = 3;

  private final boolean wide;
  private final CodeTable codes =
      new CodeTable(
          "bytes",
          4,
          form ->
              switch (form) {
                case TO_FLOATS -> NarrowingCode.floats();
                case RANGE -> NarrowingCode.range();
                default -> NarrowingCode.bytes(form == TO_BYTES);
              });

  X86Bytes(Cpu cpu) {
    wide = cpu.vectorBytes() == 64;
  }

  /// As [Affine#quantize].
  void quantize(Affine affine, long x, long y, long n) {
    if (suits(affine)) {
      quantize(affine.scale(), affine.zero(), x, y, n);
    } else {
      affine.quantize(x, y, n);
    }
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#quantize(float, int, long, long, long)].
  void quantize(float scale, int zero, long x, long y, long n) {
    long whole = wide ? n / LANES : 0;
    if (whole > 0) {
      MemorySegment code = codes.get(scale < Float.MIN_NORMAL ? TINY_TO_BYTES : TO_BYTES);
      int bits = Float.floatToRawIntBits(scale);
      for (long done = 0; done < whole; done += MOST / LANES) {
        long vectors = Math.min(MOST / LANES, whole - done);
        long _ = Code.call(code, x + 4 * LANES * done, vectors, 0, y + LANES * done, bits, zero);
      }
    }
    long done = LANES * whole;
    Affine.quantize(0, scale, zero, x + 4 * done, y + done, n - done);
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#range].
  void range(long x, long n, long to) {
    float least = 0;
    float greatest = 0;
    long whole = wide ? n / LANES : 0;
    for (long done = 0; done < whole; done += MOST / LANES) {
      long vectors = Math.min(MOST / LANES, whole - done);
      long _ = Code.call(codes.get(RANGE), x + 4 * LANES * done, vectors, 0, to, 0, 0);
      least = Math.min(least, Memory.getFloat(to));
      greatest = Math.max(greatest, Memory.getFloat(to + 4));
    }
    for (long i = LANES * whole; i < n; i++) {
      least = Math.min(least, Memory.getFloat(x + 4 * i));
      greatest = Math.max(greatest, Memory.getFloat(x + 4 * i));
    }
    Memory.setFloat(to, least);
    Memory.setFloat(to + 4, greatest);
  }

  /// As [Affine#dequantize].
  void dequantize(Affine affine, long x, long y, long n) {
    if (suits(affine)) {
      dequantize(affine.scale(), affine.zero(), x, y, n);
    } else {
      affine.dequantize(x, y, n);
    }
  }

  /// As [dev.jiffy.engine.kernel.RowKernels#dequantize(float, int, long, long, long)].
  void dequantize(float scale, int zero, long x, long y, long n) {
    long whole = wide ? n / LANES : 0;
    int bits = Float.floatToRawIntBits(scale);
    for (long done = 0; done < whole; done += MOST / LANES) {
      long vectors = Math.min(MOST / LANES, whole - done);
      long to = y + 4 * LANES * done;
      long _ = Code.call(codes.get(TO_FLOATS), x + LANES * done, vectors, to, bits, zero, 0);
    }
    long done = LANES * whole;
    Affine.dequantize(0xff, scale, zero, x + done, y + 4 * done, n - done);
  }

  private boolean suits(Affine affine) {
    return wide && affine.type() == DType.U8;
  }
}
