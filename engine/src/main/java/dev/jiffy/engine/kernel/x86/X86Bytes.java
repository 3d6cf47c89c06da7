package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Affine;
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

  private final boolean wide;
  private final CodeTable codes =
      new CodeTable(
          "bytes",
          3,
          form ->
              form == TO_FLOATS ? NarrowingCode.floats() : NarrowingCode.bytes(form == TO_BYTES));

  X86Bytes(Cpu cpu) {
    wide = cpu.vectorBytes() == 64;
  }

  /// As [Affine#quantize].
  void quantize(Affine affine, long x, long y, long n) {
    long whole = suits(affine) ? n / LANES : 0;
    if (whole > 0) {
      MemorySegment code = codes.get(affine.scale() < Float.MIN_NORMAL ? TINY_TO_BYTES : TO_BYTES);
      int scale = Float.floatToRawIntBits(affine.scale());
      for (long done = 0; done < whole; done += MOST / LANES) {
        long vectors = Math.min(MOST / LANES, whole - done);
        long from = x + 4 * LANES * done;
        long _ = Code.call(code, from, vectors, 0, y + LANES * done, scale, affine.zero());
      }
    }
    long done = LANES * whole;
    affine.quantize(x + 4 * done, y + done, n - done);
  }

  /// As [Affine#dequantize].
  void dequantize(Affine affine, long x, long y, long n) {
    long whole = suits(affine) ? n / LANES : 0;
    if (whole > 0) {
      int scale = Float.floatToRawIntBits(affine.scale());
      for (long done = 0; done < whole; done += MOST / LANES) {
        long vectors = Math.min(MOST / LANES, whole - done);
        long to = y + 4 * LANES * done;
        long _ =
            Code.call(codes.get(TO_FLOATS), x + LANES * done, vectors, to, scale, affine.zero(), 0);
      }
    }
    long done = LANES * whole;
    affine.dequantize(x + done, y + 4 * done, n - done);
  }

  private boolean suits(Affine affine) {
    return wide && affine.type() == DType.U8;
  }
}
