package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.Memory.LONG;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.ResizeGeometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// Two-tap resampling of channels-last images as machine code.
final class X86Resampling implements CodeTable.Emitter {
  /// The table of columns that a thread makes for the code, which does not see the heap; it grows
  /// to the widest result.
  private static final ThreadLocal<MemorySegment> TABLE =
      ThreadLocal.withInitial(() -> MemorySegment.NULL);

  private final int vectorBytes;
  private final int lanes;

  /// Bit 0 for nearest elements, bit 1 for a last vector that is not whole.
  private final CodeTable functions;

  X86Resampling(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    functions = new CodeTable("resize", 4, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return new ResizeCode(vectorBytes, (form & 1) != 0, (form & 2) != 0).emit();
  }

  /// See [dev.jiffy.engine.kernel.RowKernels#resize].
  void resize(ResizeGeometry g, long x, long y, int rowFrom, int rowTo) {
    int columns = g.columnLow().length;
    if (columns == 0 || g.channels() == 0) {
      return;
    }
    MemorySegment table = table(g);
    try {
      rows(g, x, y, rowFrom, rowTo, table.address());
    } finally {
      Reference.reachabilityFence(table);
    }
  }

  private void rows(ResizeGeometry g, long x, long y, int rowFrom, int rowTo, long table) {
    int columns = g.columnLow().length;
    long pixel = 4L * g.channels();
    long line = pixel * g.inWidth();
    int height = g.rowLow().length;
    int rest = g.channels() % lanes;
    MemorySegment function = functions.get((g.nearest() ? 1 : 0) | (rest != 0 ? 2 : 0));
    for (int row = rowFrom; row < rowTo; row++) {
      int r = row % height;
      long image = x + (long) row / height * g.inHeight() * line;
      float weight = g.rowWeights()[r];
      Code.call(
          function,
          image + g.rowLow()[r] * line,
          image + g.rowHigh()[r] * line,
          y + row * pixel * columns,
          table,
          columns,
          pixel,
          g.channels() / lanes,
          Masks.first(vectorBytes, rest),
          Float.floatToRawIntBits(weight),
          Float.floatToRawIntBits(1 - weight),
          0,
          0,
          0,
          0,
          0,
          0);
    }
  }

  private static MemorySegment table(ResizeGeometry g) {
    int columns = g.columnLow().length;
    long bytes = (long) columns * ResizeCode.ENTRY;
    MemorySegment table = TABLE.get();
    if (table.byteSize() < bytes) {
      table = Arena.ofAuto().allocate(bytes, 64);
      TABLE.set(table);
    }
    long to = table.address();
    long pixel = 4L * g.channels();
    for (int c = 0; c < columns; c++, to += ResizeCode.ENTRY) {
      float weight = g.columnWeights()[c];
      ALL.set(LONG, to, g.columnLow()[c] * pixel);
      ALL.set(LONG, to + 8, g.columnHigh()[c] * pixel);
      Memory.setFloat(to + 16, weight);
      Memory.setFloat(to + 20, 1 - weight);
    }
    return table;
  }
}
