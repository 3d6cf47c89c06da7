package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.StridedCopy;

/// Copies between strided views for which there is machine code: the interleaving of a few planes
/// of f32.
final class X86Copies {
  /// The most blocks of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 14;

  private final boolean wide;
  private final CodeTable interleavings;

  X86Copies(Cpu cpu) {
    wide = cpu.vectorBytes() == 64;
    interleavings =
        new CodeTable(
            "interleave",
            InterleaveCode.MOST_PLANES + 1,
            planes -> new InterleaveCode(planes).emit());
  }

  /// {@return whether there is machine code for a copy}
  boolean suits(StridedCopy copy) {
    int rank = copy.dims().length;
    if (!wide || copy.elementBytes() != 4 || rank < 2) {
      return false;
    }
    long planes = copy.dims()[rank - 1];
    return planes >= 2
        && planes <= InterleaveCode.MOST_PLANES
        && copy.dims()[rank - 2] >= InterleaveCode.BLOCK
        && copy.targetStrides()[rank - 1] == 4
        && copy.targetStrides()[rank - 2] == 4 * planes
        && copy.sourceStrides()[rank - 2] == 4;
  }

  /// Computes a copy that [#suits].
  void copy(StridedCopy copy, long x, long y) {
    copy(copy, 0, x, y);
  }

  private void copy(StridedCopy copy, int axis, long x, long y) {
    int rank = copy.dims().length;
    if (axis < rank - 2) {
      for (long i = 0; i < copy.dims()[axis]; i++) {
        long from = x + i * copy.sourceStrides()[axis];
        copy(copy, axis + 1, from, y + i * copy.targetStrides()[axis]);
      }
      return;
    }
    int planes = (int) copy.dims()[rank - 1];
    long n = copy.dims()[rank - 2];
    long step = copy.sourceStrides()[rank - 1];
    long blocks = n / InterleaveCode.BLOCK;
    for (long block = 0; block < blocks; block += MOST) {
      long at = 4 * InterleaveCode.BLOCK * block;
      long count = Math.min(MOST, blocks - block);
      long _ = Code.call(interleavings.get(planes), x + at, step, y + planes * at, count, 0, 0);
    }
    for (long i = blocks * InterleaveCode.BLOCK; i < n; i++) {
      for (int plane = 0; plane < planes; plane++) {
        float value = Memory.getFloat(x + plane * step + 4 * i);
        Memory.setFloat(y + 4 * (i * planes + plane), value);
      }
    }
  }
}
