package dev.jiffy.engine.kernel.x86;

import java.lang.foreign.MemorySegment;

/// Stores one f32 many times.
final class X86Fill implements CodeTable.Emitter {
  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 18;

  private final int vectorBytes;
  private final CodeTable fills;

  X86Fill(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    fills = new CodeTable("fill", 1, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return new FillCode(vectorBytes).emit();
  }

  void fill(float value, long to, long n) {
    MemorySegment code = fills.get(0);
    int bits = Float.floatToRawIntBits(value);
    for (long done = 0; done < n; done += MOST) {
      long part = Math.min(MOST, n - done);
      long _ = Code.call(code, bits, to + 4 * done, 4 * part, Masks.rest(vectorBytes, part), 0, 0);
    }
  }
}
