package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.PoolGeometry;

/// Pooling of channels-last images as machine code.
///
/// In a row of the result, the pixels whose windows lie within the columns of the image are
/// computed by one call, those to the left and right of them one by one. Where windows are a pixel
/// apart and vectors would not be full, the former are one pixel of many channels.
final class X86Pooling implements CodeTable.Emitter {
  /// The most elements that one call reads: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 22;

  private final int vectorBytes;
  private final int lanes;

  /// Bit 0 for the largest element, bit 1 for a last vector that is not whole.
  private final CodeTable functions;

  X86Pooling(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    functions = new CodeTable("pool", 4, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return new PoolCode(vectorBytes, (form & 1) != 0, (form & 2) != 0).emit();
  }

  /// See [dev.jiffy.engine.kernel.RowKernels#pool].
  void pool(PoolGeometry g, long x, long y, int rowFrom, int rowTo) {
    int span = (g.kernelWidth() - 1) * g.dilationWidth();
    int from = Math.min(g.outWidth(), (g.padLeft() + g.strideWidth() - 1) / g.strideWidth());
    int room = g.inWidth() + g.padLeft() - span - 1;
    int to = room < 0 ? from : Math.clamp(room / g.strideWidth() + 1L, from, g.outWidth());
    boolean isWhole = from == 0 && to == g.outWidth();
    long read = (long) g.outWidth() * g.channels() * g.kernelHeight() * g.kernelWidth();
    long atOnce = MOST / Math.max(1, read);
    int rows;
    for (int row = rowFrom; row < rowTo; row += rows) {
      rows = isWhole ? Math.clamp(Math.min(alike(g, row), atOnce), 1, rowTo - row) : 1;
      for (int column = 0; column < from; column++) {
        pixels(g, x, y, row, 1, column, 1);
      }
      if (to > from) {
        pixels(g, x, y, row, rows, from, to - from);
      }
      for (int column = to; column < g.outWidth(); column++) {
        pixels(g, x, y, row, 1, column, 1);
      }
    }
  }

  /// How many rows of an image, from one on, see all rows of their windows; 0 where that one does
  /// not.
  private static int alike(PoolGeometry g, int row) {
    int own = row % g.outHeight();
    int top = own * g.strideHeight() - g.padTop();
    int room = g.inHeight() - 1 - (g.kernelHeight() - 1) * g.dilationHeight() - top;
    return top < 0 || room < 0 ? 0 : Math.min(room / g.strideHeight() + 1, g.outHeight() - own);
  }

  /// Computes pixels that see equally many columns, of rows that see equally many rows; of several
  /// rows, all pixels.
  private void pixels(PoolGeometry g, long x, long y, int row, int rows, int column, int count) {
    long pixel = 4L * g.channels();
    long line = pixel * g.inWidth();
    int top = row % g.outHeight() * g.strideHeight() - g.padTop();
    int left = column * g.strideWidth() - g.padLeft();
    int tapTop = g.firstTapRow(top);
    int tapLeft = g.firstTapColumn(left);
    int height = g.lastTapRow(top) - tapTop;
    int width = g.lastTapColumn(left) - tapLeft;
    if (height <= 0 || width <= 0) {
      height = 0;
      width = 0;
    }
    long originRow =
        (long) row / g.outHeight() * g.inHeight() + top + (long) tapTop * g.dilationHeight();
    long originColumn = left + (long) tapLeft * g.dilationWidth();
    boolean isOne = g.strideWidth() == 1 && g.channels() % lanes != 0;
    long channels = isOne ? (long) count * g.channels() : g.channels();
    int pixels = isOne ? 1 : count;
    int rest = (int) (channels % lanes);
    Code.call(
        functions.get((g.max() ? 1 : 0) | (rest != 0 ? 2 : 0)),
        x + originRow * line + originColumn * pixel,
        pixel * g.dilationWidth(),
        line * g.dilationHeight(),
        width,
        height,
        y + ((long) row * g.outWidth() + column) * pixel,
        pixels,
        4 * channels * g.strideWidth(),
        4 * channels,
        channels / lanes,
        Masks.first(vectorBytes, rest),
        Float.floatToRawIntBits(g.counted(top, left)),
        rows,
        line * g.strideHeight() - count * pixel * g.strideWidth(),
        0,
        0);
  }
}
