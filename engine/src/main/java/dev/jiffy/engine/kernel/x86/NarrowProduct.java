package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.X86NarrowKernels.COLUMNS;
import static dev.jiffy.engine.kernel.x86.X86NarrowKernels.LANES;
import static dev.jiffy.engine.kernel.x86.X86NarrowKernels.LINE;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.MemorySegment;

/// One product of narrow numbers.
final class NarrowProduct implements NarrowKernels.Prepared {
  /// The least and the most rows that are made narrow and multiplied at a time: twelve tiles.
  private static final int LEAST = 64;

  private static final int MOST = 12 * 12;

  /// The most bytes of a block of more than the least rows, which stays in the second-level cache.
  private static final int BLOCK_BYTES = 256 << 10;

  private final Format format;
  private final Product product;

  /// Whether the whole left-hand side has one scale, instead of each row its own.
  private final boolean whole;

  /// The vectors of the last panel.
  private final int lastVectors;

  /// The columns of the last vector.
  private final int lastPresent;

  /// The rows of a packed panel that are multiplied.
  private final int depth;

  /// The bytes of a row of the left-hand side made narrow; bytes are followed by scale and zero
  /// point.
  private final long narrowRow;

  /// The panels whose sums are finished in registers; those after them are finished in memory.
  private final int finished;

  /// The most rows of a block.
  private final int most;

  /// Whether there are several blocks, whose panels are computed one row of tiles after the other.
  private final boolean isTall;

  private final Sums sums;
  private final Tiles results;
  private final TileRows tileRows;
  private final MemorySegment narrowing;
  private final X86Bytes conversions;

  /// For whole panels and for the last one, without and with residual; where sums are finished in
  /// memory.
  private final MemorySegment[] finishes = new MemorySegment[4];

  /// How raw sums are computed.
  private interface Sums {
    void compute(int vectors, int rows, long a, long b, long sums);
  }

  NarrowProduct(X86NarrowKernels kernels, Format format, Product product, boolean whole) {
    this.whole = whole;
    this.format = format;
    this.product = product;
    int rest = product.n() % COLUMNS == 0 ? COLUMNS : product.n() % COLUMNS;
    lastVectors = rest > LANES ? 2 : 1;
    lastPresent = rest - (lastVectors - 1) * LANES;
    depth = X86NarrowKernels.depth(format, product.k());
    narrowRow = 4L * depth + (format == Format.INT8 ? LINE : 0);
    int panels = (product.n() - 1) / COLUMNS + 1;
    boolean isCutPair = lastVectors == 2 && lastPresent < LANES;
    finished = kernels.usesMatrixUnit() ? 0 : isCutPair ? panels - 1 : panels;
    sums = kernels.usesMatrixUnit() ? new MatrixSums(kernels) : new TileSums(kernels.sums(format));
    results = kernels.results(format, whole);
    tileRows = new TileRows(results, format, product, depth, narrowRow);
    int room = Math.clamp(BLOCK_BYTES / narrowRow, LEAST, MOST);
    isTall = finished > 0 && product.m() > room && tileRows.suits();
    int rows = finished == 0 ? LEAST : isTall ? tileRows.most(room) : room;
    most = Math.clamp(product.m(), 1, rows);
    RowBytesCode toBytes = new RowBytesCode(whole);
    narrowing =
        format == Format.BF16
            ? kernels.code("bf16", () -> NarrowingCode.bf16(false))
            : kernels.code(toBytes, toBytes::emit);
    conversions = kernels.conversions();
    Activation activation = product.activation();
    for (int i = 0; i < finishes.length && finished < panels; i++) {
      boolean last = i >= 2;
      FinishCode finish =
          new FinishCode(
              format, last ? lastVectors : 2, last && lastPresent < LANES, i % 2 == 1, activation);
      finishes[i] = kernels.code(finish, finish::emit);
    }
  }

  /// Sums in vector registers.
  private final class TileSums implements Sums {
    private final Tiles tiles;

    TileSums(Tiles tiles) {
      this.tiles = tiles;
    }

    @Override
    public void compute(int vectors, int rows, long a, long b, long sums) {
      long zeros = Zeros.ADDRESS;
      tiles.multiply(
          rows,
          a,
          narrowRow,
          zeros,
          1,
          depth,
          b,
          vectors * LANES,
          zeros,
          0,
          0,
          0,
          null,
          sums,
          (long) LINE * vectors);
    }
  }

  /// Sums in the matrix unit.
  private final class MatrixSums implements Sums {
    /// One vector wide: at most half of the most rows, and more; two vectors wide likewise.
    private final MemorySegment[] codes = new MemorySegment[4];

    MatrixSums(X86NarrowKernels kernels) {
      for (int i = 0; i < codes.length; i++) {
        MatrixCode code = new MatrixCode(format, 1 + i / 2, i % 2 == 1);
        codes[i] = kernels.code(code, code::emit);
      }
    }

    @Override
    public void compute(int vectors, int rows, long a, long b, long sums) {
      int blocks = rows / MatrixCode.MOST_ROWS;
      int done = blocks * MatrixCode.MOST_ROWS;
      if (blocks > 0) {
        blocks(vectors, MatrixCode.MOST_ROWS, blocks, a, b, sums);
      }
      if (rows > done) {
        long to = sums + (long) done * LINE * vectors;
        blocks(vectors, rows - done, 1, a + done * narrowRow, b, to);
      }
    }

    private void blocks(int vectors, int rows, int blocks, long a, long b, long sums) {
      boolean tall = 2 * rows > MatrixCode.MOST_ROWS;
      Code.call(
          codes[2 * (vectors - 1) + (tall ? 1 : 0)],
          blocks,
          a,
          narrowRow,
          depth / LANES,
          b,
          MatrixCode.shapes(rows),
          sums,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0);
    }
  }

  @Override
  public Format format() {
    return format;
  }

  @Override
  public long scratchBytes() {
    return most * (narrowRow + 2L * LINE) + 3L * LINE;
  }

  @Override
  public void multiply(
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo,
      long scratch) {
    long raw = scratch + most * narrowRow;
    long lastBias = raw + most * 2L * LINE;
    long common = lastBias + 2L * LINE;
    int last = (product.n() - 1) / COLUMNS;
    if (bias != 0 && panelTo > Math.max(last, finished)) {
      long from = 4L * last * COLUMNS;
      Memory.copy(bias + from, lastBias, 4L * product.n() - from);
    }
    if (whole) {
      chooseScale(a, (long) product.m() * product.k(), common);
    }
    long step = 4 * product.cStride();
    int blocks = Math.ceilDiv(rowTo - rowFrom, most);
    for (int block = 0; block < blocks; block++) {
      int row = from(rowFrom, rowTo, block, blocks);
      int next = from(rowFrom, rowTo, block + 1, blocks);
      int afterNext = Math.min(rowTo, from(rowFrom, rowTo, block + 2, blocks));
      int rows = next - row;
      narrow(a + 4L * row * product.aStride(), rows, scratch, common);
      long to = c + row * step;
      long added = residual == 0 ? 0 : residual + 4L * row * product.residualStride();
      int done = panelFrom;
      if (isTall && panelFrom < Math.min(panelTo, tileRows.wholePanels())) {
        done = Math.min(panelTo, tileRows.wholePanels());
        long nearBytes = 4L * (afterNext - next) * product.aStride();
        long near = nearBytes == 0 ? scratch : a + 4L * next * product.aStride();
        tileRows.multiply(rows, scratch, packed, bias, added, to, panelFrom, done, near, nearBytes);
      }
      if (done < Math.min(panelTo, finished)) {
        finishInRegisters(
            rows, scratch, packed, bias, added, to, done, Math.min(panelTo, finished));
        done = finished;
      }
      for (int panel = Math.max(done, finished); panel < panelTo; panel++) {
        finishInMemory(rows, scratch, packed, bias, added, to, panel, raw, lastBias);
      }
    }
  }

  /// {@return the first row of a block, all of which are as equal as possible}
  private static int from(int rowFrom, int rowTo, int block, int blocks) {
    return rowFrom + (int) ((long) (rowTo - rowFrom) * block / blocks);
  }

  /// Computes panels of some rows, all of a panel before those of the next one.
  private void finishInRegisters(
      int rows, long a, long packed, long bias, long residual, long c, int from, int to) {
    int first = from * COLUMNS;
    results.multiply(
        rows,
        a,
        narrowRow,
        Zeros.ADDRESS,
        1,
        depth,
        packed + first * X86NarrowKernels.columnBytes(format, product.k()),
        Math.min(product.n(), to * COLUMNS) - first,
        bias == 0 ? Zeros.ADDRESS : bias + 4L * first,
        0,
        residual == 0 ? 0 : residual + 4L * first,
        4 * product.residualStride(),
        product.activation(),
        c + 4L * first,
        4 * product.cStride());
  }

  /// Computes a panel of some rows.
  ///
  /// @param raw where its sums go
  /// @param lastBias what is added to the columns of the last panel
  private void finishInMemory(
      int rows,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int panel,
      long raw,
      long lastBias) {
    boolean isLast = panel == (product.n() - 1) / COLUMNS;
    int column = panel * COLUMNS;
    int vectors = isLast ? lastVectors : 2;
    long from = packed + column * X86NarrowKernels.columnBytes(format, product.k());
    sums.compute(vectors, rows, a, from, raw);
    Code.call(
        finishes[(isLast ? 2 : 0) + (residual == 0 ? 0 : 1)],
        rows,
        raw,
        c + 4L * column,
        4 * product.cStride(),
        residual == 0 ? 0 : residual + 4L * column,
        4 * product.residualStride(),
        bias == 0 ? Zeros.ADDRESS : isLast ? lastBias : bias + 4L * column,
        (1L << lastPresent) - 1,
        a + 4L * depth,
        narrowRow,
        from + (long) depth * vectors * LINE,
        0,
        0,
        0,
        0,
        0);
  }

  /// Makes rows of the left-hand side narrow.
  ///
  /// @param common where the scale and the zero point are that all rows may have
  private void narrow(long a, int rows, long to, long common) {
    int block = format == Format.BF16 ? COLUMNS : 4 * LANES;
    long blocks = product.k() / block;
    long part = (1L << product.k() % block) - 1;
    long step = 4 * product.aStride();
    Code.call(
        narrowing, rows, a, step, blocks, to, narrowRow, part, common, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /// Chooses a scale and a zero point by the range of some numbers and 0, and stores both.
  private void chooseScale(long x, long n, long to) {
    conversions.range(x, n, to);
    float least = Memory.getFloat(to);
    float greatest = Memory.getFloat(to + 4);
    float scale = Affine.scale(least, greatest);
    Memory.setFloat(to, scale);
    Memory.ALL.set(Memory.INT, to + 4, Affine.zero(least, scale));
  }
}
