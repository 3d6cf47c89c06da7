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
  /// The rows that are made narrow and multiplied at a time.
  private static final int BLOCK = 64;

  private final Format format;
  private final Product product;

  /// Whether the whole left-hand side has one scale, instead of each row its own.
  private final boolean whole;

  /// The vectors of the last panel.
  private final int lastVectors;

  /// The columns of the last vector.
  private final int lastPresent;

  /// The rows of a packed panel.
  private final int depth;

  /// The rows of a block.
  private final int most;

  private final Sums sums;
  private final MemorySegment toBf16;
  private final X86Bytes conversions;

  /// For whole panels and for the last one, without and with residual.
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
    most = Math.max(1, Math.min(BLOCK, product.m()));
    sums = kernels.usesMatrixUnit() ? new MatrixSums(kernels) : new TileSums(kernels.tiles(format));
    toBf16 = kernels.code("bf16", () -> NarrowingCode.bf16(false));
    conversions = kernels.conversions();
    Activation activation = product.activation();
    for (int i = 0; i < finishes.length; i++) {
      boolean last = i >= 2;
      FinishCode finish =
          new FinishCode(
              format,
              whole,
              last ? lastVectors : 2,
              last && lastPresent < LANES,
              i % 2 == 1,
              activation);
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
          narrowRow(),
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
        blocks(vectors, rows - done, 1, a + done * narrowRow(), b, to);
      }
    }

    private void blocks(int vectors, int rows, int blocks, long a, long b, long sums) {
      boolean tall = 2 * rows > MatrixCode.MOST_ROWS;
      Code.call(
          codes[2 * (vectors - 1) + (tall ? 1 : 0)],
          blocks,
          a,
          narrowRow(),
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

  /// The bytes of a row of the left-hand side made narrow.
  private long narrowRow() {
    return 4L * depth;
  }

  @Override
  public Format format() {
    return format;
  }

  @Override
  public long scratchBytes() {
    return most * (narrowRow() + 2L * LINE + 8) + 2L * LINE;
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
    long raw = scratch + most * narrowRow();
    long lastBias = raw + most * 2L * LINE;
    long quantization = lastBias + 2L * LINE;
    int last = (product.n() - 1) / COLUMNS;
    if (bias != 0 && panelTo > last) {
      long from = 4L * last * COLUMNS;
      Memory.copy(bias + from, lastBias, 4L * product.n() - from);
    }
    if (whole) {
      chooseScale(a, (long) product.m() * product.k(), quantization);
    }
    for (long row = rowFrom; row < rowTo; row += most) {
      int rows = (int) Math.min(most, rowTo - row);
      narrow(a + 4L * row * product.aStride(), rows, scratch, quantization);
      long to = c + 4L * row * product.cStride();
      long added = residual == 0 ? 0 : residual + 4L * row * product.residualStride();
      for (int panel = panelFrom; panel < panelTo; panel++) {
        long column = 4L * panel * COLUMNS;
        int vectors = panel == last ? lastVectors : 2;
        sums.compute(vectors, rows, scratch, packed + column * depth, raw);
        long start = bias == 0 ? Zeros.ADDRESS : panel == last ? lastBias : bias + column;
        finish(panel == last, rows, raw, start, added, to, column, packed, quantization);
      }
    }
  }

  /// Makes rows of the left-hand side narrow.
  private void narrow(long a, int rows, long to, long quantization) {
    int k = product.k();
    long step = 4 * product.aStride();
    if (format == Format.BF16) {
      long part = (1L << (k % COLUMNS)) - 1;
      long blocks = k / COLUMNS;
      Code.call(toBf16, rows, a, step, blocks, to, narrowRow(), part, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      return;
    }
    for (int row = 0; row < rows; row++) {
      long x = a + row * step;
      long numbers = whole ? quantization : quantization + 8L * row;
      if (!whole) {
        chooseScale(x, k, numbers);
      }
      float scale = Memory.getFloat(numbers);
      int zero = Memory.ALL.get(Memory.INT, numbers + 4);
      long y = to + row * narrowRow();
      conversions.quantizeRow(scale, zero, x, y, k);
    }
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

  private void finish(
      boolean last,
      int rows,
      long raw,
      long bias,
      long residual,
      long c,
      long column,
      long packed,
      long quantization) {
    long scales = packed + X86NarrowKernels.panelsBytes(format, product.k(), product.n());
    long weights = scales + (long) LINE * X86NarrowKernels.vectors(product.n());
    Code.call(
        finishes[(last ? 2 : 0) + (residual == 0 ? 0 : 1)],
        rows,
        raw,
        c + column,
        4 * product.cStride(),
        residual == 0 ? 0 : residual + column,
        4 * product.residualStride(),
        bias,
        (1L << lastPresent) - 1,
        quantization,
        scales + column,
        weights + column,
        0,
        0,
        0,
        0,
        0);
  }
}
