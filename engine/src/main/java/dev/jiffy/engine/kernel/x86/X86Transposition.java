package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.StridedCopy;
import java.lang.foreign.MemorySegment;

/// Copies that transpose words or bytes: in squares, the last of which begin so early that they end
/// where the matrix does, or, between pixels and a few planes of bytes, in vectors of each plane.
final class X86Transposition implements CodeTable.Emitter, StridedCopy.Loops {
  /// The most blocks of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 14;

  /// Rows of a strip of squares, few enough that their cache lines are there for the next strip.
  private static final long STRIP_ROWS = 256;

  private final TransposeCode words;
  private final CodeTable wordSquares;
  private final CodeTable byteSquares;
  private final CodeTable together;
  private final CodeTable apart;

  X86Transposition(Cpu cpu) {
    words = new TransposeCode(cpu.vectorBytes());
    wordSquares = new CodeTable("transpose", 1, this);
    byteSquares = new CodeTable("transpose-bytes", 1, this);
    together = new CodeTable("planes-together", BytePlanesCode.MOST_PLANES + 1, this);
    apart = new CodeTable("planes-apart", BytePlanesCode.MOST_PLANES + 1, this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return switch (table) {
      case "transpose" -> words.emit();
      case "transpose-bytes" -> ByteTransposeCode.emit();
      case "planes-together" -> new BytePlanesCode(form, false).emit();
      default -> new BytePlanesCode(form, true).emit();
    };
  }

  /// {@return whether there is code for a copy}
  ///
  /// @param copy the copy
  /// @param columns the dimension along which source elements lie side by side, or -1
  /// @param rows the dimension along which target elements do, or -1
  boolean suits(StridedCopy copy, int columns, int rows) {
    if (columns < 0 || rows < 0 || columns == rows) {
      return false;
    }
    return switch (copy.elementBytes()) {
      case 1 ->
          hasSides(copy, columns, rows, ByteTransposeCode.SIDE)
              || isInterleaving(copy, columns, rows)
              || isSeparation(copy, columns, rows);
      case 4 -> hasSides(copy, columns, rows, words.side());
      default -> false;
    };
  }

  private static boolean hasSides(StridedCopy copy, int columns, int rows, int side) {
    return copy.dims()[columns] >= side && copy.dims()[rows] >= side;
  }

  private static boolean isInterleaving(StridedCopy copy, int columns, int rows) {
    return arePlanes(copy.dims()[rows], copy.dims()[columns], copy.targetStrides()[columns]);
  }

  private static boolean isSeparation(StridedCopy copy, int columns, int rows) {
    return arePlanes(copy.dims()[columns], copy.dims()[rows], copy.sourceStrides()[rows]);
  }

  private static boolean arePlanes(long planes, long pixels, long pixelBytes) {
    return planes <= BytePlanesCode.MOST_PLANES
        && planes == pixelBytes
        && pixels >= BytePlanesCode.BLOCK;
  }

  /// Computes a copy that [#suits].
  void copy(StridedCopy copy, int columns, int rows, long x, long y) {
    copy.around(columns, rows, this, x, y);
  }

  @Override
  public void run(StridedCopy copy, int columns, int rows, long x, long y) {
    long stepX = copy.sourceStrides()[rows];
    long stepY = copy.targetStrides()[columns];
    int bytes = copy.elementBytes();
    int side = bytes == 1 ? ByteTransposeCode.SIDE : words.side();
    if (hasSides(copy, columns, rows, side)) {
      MemorySegment code = (bytes == 1 ? byteSquares : wordSquares).get(0);
      long m = copy.dims()[rows];
      for (long row = 0; row < m; ) {
        long from = Math.min(row, m - side);
        long squares = Math.max(1, Math.min(STRIP_ROWS, m - from) / side);
        strips(
            code,
            side,
            bytes,
            squares,
            copy.dims()[columns],
            x + from * stepX,
            stepX,
            y + from * bytes,
            stepY);
        row = from + squares * side;
      }
    } else if (isInterleaving(copy, columns, rows)) {
      int planes = (int) copy.dims()[rows];
      planes(together.get(planes), copy.dims()[columns], x, 1, stepX, y, planes);
    } else {
      int planes = (int) copy.dims()[columns];
      planes(apart.get(planes), copy.dims()[rows], x, planes, stepY, y, 1);
    }
  }

  /// Transposes some rows of squares.
  private static void strips(
      MemorySegment code,
      int side,
      int bytes,
      long squares,
      long columns,
      long x,
      long stepX,
      long y,
      long stepY) {
    for (long done = 0; done < columns; done += side) {
      long column = Math.min(done, columns - side);
      long _ = Code.call(code, x + column * bytes, stepX, y + column * stepY, stepY, squares, 0);
    }
  }

  /// @param pixelX bytes from pixel to pixel of the source
  /// @param step bytes from plane to plane
  /// @param pixelY bytes from pixel to pixel of the target
  private static void planes(
      MemorySegment code, long pixels, long x, long pixelX, long step, long y, long pixelY) {
    long last = pixels - BytePlanesCode.BLOCK;
    for (long done = 0; done < pixels; ) {
      long pixel = Math.min(done, last);
      long blocks = Math.clamp((pixels - pixel) / BytePlanesCode.BLOCK, 1, MOST);
      long _ = Code.call(code, x + pixel * pixelX, step, y + pixel * pixelY, blocks, 0, 0);
      done = pixel + blocks * BytePlanesCode.BLOCK;
    }
  }
}
