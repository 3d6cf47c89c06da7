package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.tile.Zeros;
import dev.jiffy.engine.kernel.x86.TileCode.Order;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The emitted tiles of products, each made when it is first needed.
final class Tiles {
  private static final int MOST_ROWS = 32;

  /// The most elements of the right-hand side of one call over tiles side by side: the JVM cannot
  /// stop a thread within.
  private static final long MOST_ACROSS = 1 << 18;

  /// From how many bytes on a right-hand side is taken for more than the second-level cache holds.
  private static final long FAR_BYTES = 1 << 20;

  /// The most bytes of the panels of one call, which the next call reads again.
  private static final long PANELS_BYTES = 256 << 10;

  /// The most panels of one call: as many as there are zeros for.
  private static final int MOST_PANELS = (int) Zeros.BYTES / (2 * 64);

  /// The most products of one call, some milliseconds: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 27;

  /// From how many tiles on, one below the other, the rows of `A` are no longer near.
  private static final int FAR_TILES = 16;

  private final Factors factors;
  private final TileCode.Result result;
  private final int vectorBytes;
  private final int lanes;
  private final Forms plain;

  /// What was asked for last: several tiles in a row have the same activation.
  private Forms latest;

  private final ConcurrentHashMap<Activation, Forms> activated = new ConcurrentHashMap<>();

  /// The tiles of one activation.
  private final class Forms {
    final @Nullable Activation activation;
    private final MemorySegment[] code = new MemorySegment[32 * MOST_ROWS];

    Forms(@Nullable Activation activation) {
      this.activation = activation;
    }

    MemorySegment tile(int vectors, int rows, boolean packed, boolean cut, boolean residual) {
      int form = ((vectors - 1) << 3) | (packed ? 4 : 0) | (cut ? 2 : 0) | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null
          ? make(form, vectors, rows, Order.BELOW, false, packed, cut, residual)
          : tile;
    }

    /// {@return the code of tiles side by side, two vectors wide}
    MemorySegment across(int rows, boolean far, boolean residual) {
      int form = 16 | (far ? 2 : 0) | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null ? make(form, 2, rows, Order.ACROSS, far, true, false, residual) : tile;
    }

    /// {@return the code of tiles side by side in one of many rows, two vectors wide}
    MemorySegment rowOfMany(int rows, boolean residual) {
      int form = 28 | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null
          ? make(form, 2, rows, Order.ROW_OF_MANY, false, true, false, residual)
          : tile;
    }

    /// {@return the code of tiles of groups}
    MemorySegment groups(int vectors, int rows, boolean residual) {
      int form = 20 | (vectors == 2 ? 2 : 0) | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null
          ? make(form, vectors, rows, Order.GROUPS, false, true, false, residual)
          : tile;
    }

    /// {@return the code of tiles of pairs of rows}
    MemorySegment pairs(int vectors, int rows, boolean residual) {
      int form = 24 | (vectors == 2 ? 2 : 0) | (residual ? 1 : 0);
      MemorySegment tile = code[form * MOST_ROWS + rows];
      return tile == null
          ? make(form, "pairs", new PairCode(vectors, rows, residual, activation))
          : tile;
    }

    private MemorySegment make(
        int form,
        int vectors,
        int rows,
        Order order,
        boolean far,
        boolean packed,
        boolean cut,
        boolean residual) {
      return make(
          form,
          "tile",
          new TileCode(
              vectorBytes,
              vectors,
              rows,
              order,
              far,
              packed,
              cut,
              residual,
              activation,
              factors,
              result));
    }

    private synchronized MemorySegment make(int form, String name, TileLoop loop) {
      int at = form * MOST_ROWS + loop.rows();
      if (code[at] == null) {
        code[at] = Code.load(name + loop.rows() + "x" + loop.vectors(), loop.emit());
      }
      return code[at];
    }
  }

  Tiles(Cpu cpu, Factors factors) {
    this(cpu, factors, TileCode.Result.SUMS);
  }

  /// Where there is no residual, what stands in its place has [ByteSums#COLUMN_NUMBERS] bytes for
  /// each column.
  Tiles(Cpu cpu, Factors factors, TileCode.Result result) {
    this.factors = factors;
    this.result = result;
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    plain = new Forms(null);
    latest = plain;
  }

  @SuppressWarnings("ReferenceEquality") // a step always asks with the same object
  private Forms forms(@Nullable Activation activation) {
    Forms last = latest;
    if (last.activation == activation) {
      return last;
    }
    Forms forms = activation == null ? plain : activated.get(activation);
    if (forms == null) {
      forms = activated.computeIfAbsent(activation, Forms::new);
    }
    latest = forms;
    return forms;
  }

  /// See [dev.jiffy.engine.kernel.tile.MicroKernels#multiply].
  void multiply(
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
    Forms forms = forms(activation);
    long panel = b;
    int start = 0;
    // few rows wait for memory alone, and tiles side by side ask for none ahead then
    int least = rows < TileCode.COMPUTING_ROWS ? 2 : 4;
    if (rows <= TileCode.most(vectorBytes, 2) && columns >= least * lanes) {
      start = columns / (2 * lanes) * (2 * lanes);
      if (takesPairs(2, rows) && columns - start == lanes / 2) {
        start -= 2 * lanes;
      }
      long elements = (long) runs * k;
      long panels = Math.max(1, MOST_ACROSS / (2L * lanes * Math.max(1, elements)));
      int most = (int) panels * 2 * lanes;
      boolean far = 4 * elements * columns > FAR_BYTES;
      for (int column = 0; column < start; column += most) {
        int width = Math.min(most, start - column);
        long offset = 4L * column;
        boolean zeros = init == Zeros.ADDRESS;
        Code.call(
            forms.across(rows, far, isAdded(residual)),
            width / (2 * lanes),
            a,
            aStep,
            taps,
            runs,
            k,
            panel,
            0,
            zeros ? init : init + offset,
            initStep,
            c + resultOffset(column),
            cStep,
            besides(residual, column),
            residualStep,
            0,
            zeros ? 0 : 2L * vectorBytes);
        panel += 4L * width * (elements + columnRows());
      }
    }
    for (int column = start; column < columns; ) {
      int left = columns - column;
      int vectors = left >= 2 * lanes ? 2 : 1;
      boolean half = left == vectors * lanes + lanes / 2 && takesPairs(vectors, rows);
      int panels = half ? 1 : panels(rows, (long) runs * k, left);
      strip(
          forms,
          vectors,
          panels,
          half,
          true,
          Math.min(vectors * lanes, left),
          rows,
          a,
          aStep,
          taps,
          runs,
          k,
          panel,
          0,
          init == Zeros.ADDRESS ? init : init + 4L * column,
          initStep,
          besides(residual, column),
          residualStep,
          c + resultOffset(column),
          cStep);
      if (half) {
        return;
      }
      column += panels * vectors * lanes;
      panel += panels * (long) vectors * vectorBytes * ((long) runs * k + columnRows());
    }
  }

  /// {@return the code of tiles side by side in one of many rows of tiles}
  ///
  /// @param rows the rows of a tile
  /// @param residual whether there is a residual
  MemorySegment rowOfMany(int rows, boolean residual, @Nullable Activation activation) {
    return forms(activation).rowOfMany(rows, residual);
  }

  /// The rows of numbers of the columns that follow a panel.
  private int columnRows() {
    return result.isScaled() ? ByteSums.COLUMN_ROWS : 0;
  }

  /// Whether there is a residual.
  private boolean isAdded(long residual) {
    return residual != 0 && result.takesResidual();
  }

  /// The bytes from the first column of a result to another.
  private long resultOffset(int column) {
    return result == TileCode.Result.BYTES ? column : 4L * column;
  }

  /// Where the residual of a column lies, or the numbers of columns from one on.
  private long besides(long residual, int column) {
    if (result.takesResidual()) {
      return residual == 0 ? 0 : residual + 4L * column;
    }
    return residual + (long) ByteSums.COLUMN_NUMBERS * column;
  }

  /// {@return whether one call computes several products with so many rows and columns}
  boolean takesLines(int rows, int columns) {
    return columns <= lanes && rows <= TileCode.most(vectorBytes, 1);
  }

  /// See [dev.jiffy.engine.kernel.tile.MicroKernels#multiplyLines]; for what [#takesLines] accepts.
  void multiplyLines(
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
    if (rows <= 0) {
      return;
    }
    MemorySegment tile = forms(activation).tile(1, rows, true, columns < lanes, isAdded(residual));
    long mask = Masks.first(vectorBytes, columns);
    int most = (int) Math.max(1, MOST_ACROSS / Math.max(1, (long) runs * k));
    for (int line = 0; line < lines; line += most) {
      long done = (long) line * rows;
      Code.call(
          tile,
          Math.min(most, lines - line),
          a + line * lineStep,
          aStep,
          taps,
          runs,
          k,
          b,
          0,
          init + done * initStep,
          initStep,
          c + done * cStep,
          cStep,
          residual + done * residualStep,
          residualStep,
          mask,
          lineStep - rows * aStep);
    }
  }

  /// {@return whether one call computes several products of groups: their columns are one or two
  /// whole vectors, and nothing lies between their panels}
  boolean takesGroups(int runs, int k, int columns, long bStep) {
    return (columns == lanes || columns == 2 * lanes) && bStep == 4L * runs * k * columns;
  }

  /// See [dev.jiffy.engine.kernel.tile.MicroKernels#multiplyGroups]; for what [#takesGroups]
  /// accepts.
  void multiplyGroups(
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
    Forms forms = forms(activation);
    int vectors = columns / lanes;
    int calls = Math.ceilDiv(rows, TileCode.most(vectorBytes, vectors));
    int most = (int) Math.max(1, MOST_ACROSS / Math.max(1, (long) runs * k * vectors));
    for (int call = 0; call < calls; call++) {
      int from = (int) ((long) rows * call / calls);
      int height = (int) ((long) rows * (call + 1) / calls) - from;
      for (int group = 0; group < groups; group += most) {
        long offset = 4L * group * columns;
        boolean zeros = init == Zeros.ADDRESS;
        Code.call(
            forms.groups(vectors, height, isAdded(residual)),
            Math.min(most, groups - group),
            a + 4L * group * k + from * aStep,
            aStep,
            taps,
            runs,
            k,
            b + group * bStep,
            next - b,
            zeros ? init : init + offset,
            0,
            c + offset + from * cStep,
            cStep,
            residual + offset + from * residualStep,
            residualStep,
            0,
            zeros ? 0 : 4L * columns);
      }
    }
  }

  /// See [dev.jiffy.engine.kernel.tile.MicroKernels#multiplyStrided].
  void multiplyStrided(
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
    for (int column = 0; column < columns; ) {
      int vectors = columns - column >= 2 * lanes ? 2 : 1;
      int present = Math.min(vectors * lanes, columns - column);
      long offset = 4L * column;
      long zeros = Zeros.ADDRESS;
      strip(
          plain,
          vectors,
          1,
          false,
          false,
          present,
          rows,
          a,
          aStep,
          zeros,
          1,
          k,
          b + offset,
          bStep,
          zeros,
          0,
          factors,
          4,
          c + offset,
          cStep);
      column += vectors * lanes;
    }
  }

  /// Whether so many rows are computed in pairs, where half a vector of columns is left beside
  /// whole ones.
  private boolean takesPairs(int vectors, int rows) {
    return rows >= PairCode.least(vectors)
        && vectorBytes == 64
        && factors == Factors.F32
        && result == TileCode.Result.SUMS;
  }

  /// {@return how many panels of two vectors one call computes}
  ///
  /// Each height of tiles is a call of its own, which reads them all: they are to stay near.
  ///
  /// @param depth the rows of a panel
  /// @param columns the columns that are left
  private int panels(int rows, long depth, int columns) {
    int whole = columns / (2 * lanes);
    if (takesPairs(2, rows) && columns % (2 * lanes) == lanes / 2) {
      whole--;
    }
    int tiles = Math.ceilDiv(rows, TileCode.most(vectorBytes, 2));
    long products = Math.max(1, rows * depth * 2 * lanes);
    long most = tiles >= FAR_TILES ? 1 : Math.min(MOST_PANELS, MOST / products);
    long near = PANELS_BYTES / Math.max(1, 2L * vectorBytes * depth);
    return (int) Math.max(1, Math.min(whole, Math.min(most, near)));
  }

  /// Computes all rows of one or two vectors of columns, in tiles that are as equal as possible.
  ///
  /// @param panels how many times as many columns there are, whose panels are the next ones
  /// @param half whether there is half a vector more, whose panel is the next one
  private void strip(
      Forms forms,
      int vectors,
      int panels,
      boolean half,
      boolean packed,
      int present,
      int rows,
      long a,
      long aStep,
      long taps,
      int runs,
      int k,
      long b,
      long bStep,
      long init,
      long initStep,
      long residual,
      long residualStep,
      long c,
      long cStep) {
    int most = half ? PairCode.most(vectors) : TileCode.most(vectorBytes, vectors);
    int tiles = (rows + most - 1) / most;
    int height = rows / tiles;
    int taller = rows - height * tiles;
    boolean cut = present < lanes;
    long depth = Math.max(1, (long) runs * k);
    long panelRow = (long) vectors * vectorBytes;
    // what is brought near: the rest of the panel, or the next one
    boolean bringsNear = packed && vectors == 2 && !half;
    long ahead = b + (tiles == 1 ? TileCode.AHEAD : panelRow * depth);
    long aheadStep = bringsNear ? panelRow / tiles : 0;
    boolean rowsAreFar = bringsNear && tiles >= FAR_TILES;
    long last = b + panelRow * runs * k; // of half a vector
    int row = 0;
    for (int part = 0; part < 2; part++) {
      int rest = part == 0 ? taller : tiles - taller;
      int tall = part == 0 ? height + 1 : height;
      int atOnce = Math.clamp(MOST / (tall * depth * vectors * lanes), 1, tiles);
      while (rest > 0) {
        int count = Math.min(rest, atOnce);
        if (rowsAreFar) {
          ahead = a + (row + 2 * tall) * aStep;
          aheadStep = tall * aStep / depth;
        } else if (panels > 1) {
          ahead = b + panelRow * depth;
          aheadStep = panelRow / count;
        }
        boolean added = packed && isAdded(residual);
        Code.call(
            half
                ? forms.pairs(vectors, tall, added)
                : forms.tile(vectors, tall, packed, cut, added),
            count,
            a + row * aStep,
            aStep,
            taps,
            runs,
            k,
            b,
            half ? last : packed ? ahead : bStep,
            init + row * initStep,
            initStep,
            c + row * cStep,
            cStep,
            residual + row * residualStep,
            residualStep,
            bringsNear ? panels : Masks.first(vectorBytes, Math.min(present, lanes)),
            aheadStep);
        row += count * tall;
        rest -= count;
        ahead += count * aheadStep * depth;
      }
    }
  }
}
