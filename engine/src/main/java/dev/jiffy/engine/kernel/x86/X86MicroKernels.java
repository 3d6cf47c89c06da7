package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.tile.MicroKernels;
import dev.jiffy.engine.kernel.tile.Zeros;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.jspecify.annotations.Nullable;

/// Loops in registers as machine code, made when they are first needed.
public final class X86MicroKernels implements MicroKernels, CodeTable.Emitter {
  /// From how many columns on rows are read along, not across: each is in pages of its own.
  private static final int LONG_ROW = 512;

  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 18;

  /// The most columns of a row product that are worked on at a time: they stay in the first-level
  /// cache while rows are added.
  private static final int ROW_COLUMNS = 4096;

  private static final int ADJACENT = 1;
  private static final int WIDE = 2;

  private final int vectorBytes;
  private final int lanes;
  private final X86Fill fill;
  private final FinishChains chains;
  private final CodeTable scores;
  private final CodeTable packs;
  private final CodeTable transposes;
  private final CodeTable rowProducts;
  private final CodeTable dots;
  private final CodeTable nears;
  private final Tiles tiles;
  private final Tiles doubleTiles;

  /// Finds out what this CPU can do.
  ///
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86MicroKernels() {
    this(Cpu.detect());
  }

  X86MicroKernels(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    fill = new X86Fill(cpu);
    chains = new FinishChains(vectorBytes);
    nears = new CodeTable("near", 1, this);
    packs = new CodeTable("pack", 4, this);
    transposes = new CodeTable("square", 1, this);
    rowProducts = new CodeTable("row", 2 * RowProductCode.MOST_ROWS, this);
    dots = new CodeTable("dots", DotCode.MOST_ROWS, this);
    scores = new CodeTable("scores", 4, this);
    this.tiles = new Tiles(cpu, Factors.F32);
    this.doubleTiles = new Tiles(cpu, Factors.F64);
  }

  @Override
  public byte[] emit(String table, int form) {
    return switch (table) {
      case "near" -> new NearCode().emit();
      case "pack" -> {
        int vectors = (form & WIDE) == 0 ? 1 : 2;
        yield new PackCode(vectorBytes, vectors, (form & ADJACENT) != 0).emit();
      }
      case "square" -> new TransposeCode(vectorBytes).emit();
      case "row" -> new RowProductCode(vectorBytes, form / 2 + 1, form % 2 > 0).emit();
      case "dots" -> new DotCode(vectorBytes, form + 1).emit();
      default -> new ScoresCode(vectorBytes, form > 1, (form & 1) != 0).emit();
    };
  }

  @Override
  public SegmentAllocator memory(Arena arena) {
    return new Pages(arena);
  }

  @Override
  public int tileRows() {
    return TileCode.most(vectorBytes, 2);
  }

  @Override
  public void multiply(
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    boolean fused = FunctionCode.suits(activation);
    Activation within = fused ? activation : null;
    tiles.multiply(
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        columns,
        init,
        initStep,
        residual,
        residualStep,
        within,
        c,
        cStep);
    if (activation != null && !fused) {
      activation.apply(c, cStep, rows, columns);
    }
  }

  @Override
  public void multiplyLines(
      int lines,
      long lineStep,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      int columns,
      long init,
      long initStep,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    if (tiles.takesLines(rows, columns) && FunctionCode.suits(activation)) {
      tiles.multiplyLines(
          lines,
          lineStep,
          rows,
          a,
          aStep,
          taps,
          runs,
          k,
          b,
          columns,
          init,
          initStep,
          residual,
          residualStep,
          activation,
          c,
          cStep);
      return;
    }
    MicroKernels.super.multiplyLines(
        lines,
        lineStep,
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        columns,
        init,
        initStep,
        residual,
        residualStep,
        activation,
        c,
        cStep);
  }

  @Override
  public void multiplyGroups(
      int groups,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long next,
      int columns,
      long init,
      long residual,
      long residualStep,
      @Nullable Activation activation,
      long c,
      long cStep) {
    if (tiles.takesGroups(runs, k, columns, bStep) && FunctionCode.suits(activation)) {
      tiles.multiplyGroups(
          groups,
          rows,
          a,
          aStep,
          taps,
          runs,
          k,
          b,
          bStep,
          next,
          columns,
          init,
          residual,
          residualStep,
          activation,
          c,
          cStep);
      return;
    }
    MicroKernels.super.multiplyGroups(
        groups,
        rows,
        a,
        aStep,
        taps,
        runs,
        k,
        b,
        bStep,
        next,
        columns,
        init,
        residual,
        residualStep,
        activation,
        c,
        cStep);
  }

  @Override
  public void multiplyStrided(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      long bStep,
      int columns,
      long factors,
      long c,
      long cStep) {
    tiles.multiplyStrided(rows, a, aStep, k, b, bStep, columns, factors, c, cStep);
  }

  @Override
  public void multiplyRow(long a, int k, long b, long bStep, int columns, long c) {
    if (columns < LONG_ROW) {
      MicroKernels.super.multiplyRow(a, k, b, bStep, columns, c);
      return;
    }
    for (int from = 0; from < columns; from += ROW_COLUMNS) {
      int part = Math.min(ROW_COLUMNS, columns - from);
      long mask = Masks.rest(vectorBytes, part);
      for (int row = 0; row < k; row += RowProductCode.MOST_ROWS) {
        int rows = Math.min(RowProductCode.MOST_ROWS, k - row);
        MemorySegment code = rowProducts.get(2 * (rows - 1) + (row > 0 ? 1 : 0));
        long first = b + row * bStep + 4L * from;
        long _ = Code.call(code, a + 4L * row, first, bStep, mask, c + 4L * from, 4L * part);
      }
    }
  }

  @Override
  public void multiplyDoubles(
      int rows,
      long a,
      long aStep,
      int k,
      long b,
      int columns,
      long init,
      long residual,
      long residualStep,
      long c,
      long cStep) {
    doubleTiles.multiply(
        rows,
        a,
        aStep,
        Zeros.ADDRESS,
        1,
        k,
        b,
        2 * columns,
        init,
        0,
        residual,
        residualStep,
        null,
        c,
        cStep);
  }

  @Override
  public int lanes() {
    return lanes;
  }

  @Override
  public void preset(
      long residual,
      long residualStep,
      long bias,
      float factor,
      long c,
      long cStep,
      long rows,
      int columns) {
    if (residual == 0 && bias == 0) {
      for (long row = 0; row < rows; row++) {
        zero(c + row * cStep, 4L * columns);
      }
      return;
    }
    run(false, factor, residual, residualStep, bias, null, c, cStep, rows, columns);
  }

  @Override
  public void finish(
      float factor,
      long residual,
      long residualStep,
      long bias,
      @Nullable Activation activation,
      long c,
      long cStep,
      long rows,
      long columns) {
    boolean fused = FunctionCode.suits(activation);
    Activation within = fused ? activation : null;
    if (factor != 1 || residual != 0 || bias != 0 || within != null) {
      boolean dense = cStep == 4 * columns && (residual == 0 || residualStep == cStep) && bias == 0;
      long lines = dense ? 1 : rows;
      long n = dense ? rows * columns : columns;
      run(true, factor, residual, residualStep, bias, within, c, cStep, lines, n);
    }
    if (activation != null && !fused) {
      activation.apply(c, cStep, rows, columns);
    }
  }

  private void run(
      boolean source,
      float factor,
      long residual,
      long residualStep,
      long bias,
      @Nullable Activation activation,
      long c,
      long cStep,
      long rows,
      long columns) {
    if (rows <= 0 || columns <= 0) {
      return;
    }
    MemorySegment code = chains.get(source, residual != 0, bias != 0, factor, activation);
    for (long from = 0; from < columns; from += MOST) {
      long n = Math.min(MOST, columns - from);
      long most = Math.max(1, MOST / n);
      for (long row = 0; row < rows; row += most) {
        long at = c + row * cStep + 4 * from;
        Code.call(
            code,
            0,
            Math.min(most, rows - row),
            4 * n,
            Masks.rest(vectorBytes, n),
            0,
            0,
            at,
            cStep,
            residual + row * residualStep + 4 * from,
            residualStep,
            bias + 4 * from,
            0,
            at,
            cStep,
            0,
            0);
      }
    }
  }

  @Override
  public void weigh(
      int rows,
      long scores,
      long scoreStep,
      int n,
      float scale,
      long mask,
      long maskStep,
      long inverses) {
    boolean single = n <= lanes;
    MemorySegment code = this.scores.get((mask != 0 ? 2 : 0) | (single ? 1 : 0));
    long end = single ? Masks.first(vectorBytes, n) : Masks.rest(vectorBytes, n);
    long bits = Float.floatToRawIntBits(scale);
    int most = (int) Math.max(1, MOST / n);
    for (long row = 0; row < rows; row += most) {
      long part = Math.min(most, rows - row);
      long from = scores + row * scoreStep;
      long added = mask + row * maskStep;
      long to = inverses + 4L * row;
      Code.call(
          code, from, added, part, 4L * n, end, bits, scoreStep, maskStep, to, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @Override
  public void pack(
      long b, long rowStep, long columnStep, int rows, int columns, int width, long panel) {
    boolean adjacent = columnStep == 4;
    if (rowStep == 4 && !adjacent && columns == width && rows >= lanes) {
      packSquares(b, columnStep, rows / lanes, width, panel);
      int rest = rows % lanes;
      int done = rows - rest;
      if (rest > 0) {
        pack(b + 4L * done, rowStep, columnStep, rest, columns, width, panel + 4L * width * done);
      }
      return;
    }
    MemorySegment code = packs.get((adjacent ? ADJACENT : 0) | (width > lanes ? WIDE : 0));
    long form = adjacent ? Masks.first(vectorBytes, columns - width + lanes) : columnStep;
    int most = (int) MOST / width;
    for (long row = 0; row < rows; row += most) {
      long part = Math.min(most, rows - row);
      long to = panel + 4L * width * row;
      long _ = Code.call(code, b + row * rowStep, to, rowStep, form, part, 4L * columns);
    }
  }

  /// Packs rows of which each column lies in one piece, as many at a time as a vector has elements.
  private void packSquares(long b, long columnStep, int squares, int width, long panel) {
    MemorySegment code = transposes.get(0);
    long rowBytes = 4L * width;
    for (int i = 0; i < squares; i++) {
      long row = (long) i * lanes;
      long to = panel + row * rowBytes;
      long _ = Code.call(code, b + 4 * row, columnStep, to, rowBytes, width / lanes, 0);
    }
  }

  @Override
  public void dots(long a, int k, long b, long bStep, int rows, long c) {
    long mask = Masks.rest(vectorBytes, k);
    for (int row = 0; row < rows; row += DotCode.MOST_ROWS) {
      int together = Math.min(DotCode.MOST_ROWS, rows - row);
      MemorySegment code = dots.get(together - 1);
      long _ = Code.call(code, a, b + row * bStep, bStep, mask, c + 4L * row, 4L * k);
    }
  }

  @Override
  public void bringNear(long from, long step, int rows, long bytes) {
    if (rows > 0) {
      long _ = Code.call(nears.get(0), from, step, rows, bytes, 0, 0);
    }
  }

  @Override
  public void zero(long to, long bytes) {
    fill.fill(0, to, bytes / 4);
  }
}
