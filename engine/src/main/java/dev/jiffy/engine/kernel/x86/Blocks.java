package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What surrounds products: the loops of [dev.jiffy.engine.kernel.tile.MicroKernels] that move and
/// finish elements, as machine code made when it is first needed.
class Blocks {
  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 18;

  /// The most columns of a row product that are worked on at a time: they stay in the first-level
  /// cache while rows are added.
  private static final int ROW_COLUMNS = 4096;

  private static final int ADJACENT = 1;
  private static final int WIDE = 2;

  private static final int SOURCE = 0;
  private static final int RESIDUAL = 1;
  private static final int BIAS = 2;
  private static final int INPUTS = 3;

  private final int vectorBytes;
  private final int lanes;
  private final CodeTable fills;
  private final CodeTable scores;
  private final CodeTable packs;
  private final CodeTable transposes;
  private final CodeTable rowProducts;
  private final CodeTable dots;
  private final CodeTable nears;
  private volatile Chain[] chains = {};

  /// `activation(factor · x + residual + bias)`
  ///
  /// @param given which of the operands there are, a bit for each
  private record Chain(
      int given, float factor, @Nullable Activation activation, MemorySegment code) {
    boolean isFor(int given, float factor, @Nullable Activation activation) {
      return this.given == given
          && this.factor == factor
          && Objects.equals(this.activation, activation);
    }
  }

  Blocks(Cpu cpu) {
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    fills = new CodeTable("fill", 1, _ -> new FillCode(vectorBytes).emit());
    nears = new CodeTable("near", 1, _ -> new NearCode().emit());
    packs =
        new CodeTable(
            "pack",
            4,
            form ->
                new PackCode(vectorBytes, (form & WIDE) == 0 ? 1 : 2, (form & ADJACENT) != 0)
                    .emit());
    transposes = new CodeTable("square", 1, _ -> new TransposeCode(vectorBytes).emit());
    rowProducts =
        new CodeTable(
            "row",
            2 * RowProductCode.MOST_ROWS,
            form -> new RowProductCode(vectorBytes, form / 2 + 1, form % 2 > 0).emit());
    dots =
        new CodeTable("dots", DotCode.MOST_ROWS, form -> new DotCode(vectorBytes, form + 1).emit());
    scores = new CodeTable("scores", 4, form -> scores(form).emit());
  }

  private ScoresCode scores(int form) {
    return new ScoresCode(vectorBytes, form > 1, (form & 1) != 0);
  }

  /// {@return the f32 elements of a vector}
  public final int lanes() {
    return lanes;
  }

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#preset].
  public final void preset(
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

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#finish].
  public final void finish(
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
    int added = (residual != 0 ? 1 << RESIDUAL : 0) | (bias != 0 ? 1 << BIAS : 0);
    MemorySegment code = chain((source ? 1 << SOURCE : 0) | added, factor, activation);
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

  private MemorySegment chain(int given, float factor, @Nullable Activation activation) {
    Chain chain = find(given, factor, activation);
    return chain == null ? make(given, factor, activation) : chain.code;
  }

  private @Nullable Chain find(int given, float factor, @Nullable Activation activation) {
    for (Chain chain : chains) {
      if (chain.isFor(given, factor, activation)) {
        return chain;
      }
    }
    return null;
  }

  private synchronized MemorySegment make(
      int given, float factor, @Nullable Activation activation) {
    Chain found = find(given, factor, activation);
    if (found != null) {
      return found.code;
    }
    MemorySegment made = Code.load("finish", emit(given, factor, activation));
    Chain[] more = Arrays.copyOf(chains, chains.length + 1);
    more[chains.length] = new Chain(given, factor, activation, made);
    chains = more;
    return made;
  }

  private byte[] emit(int given, float factor, @Nullable Activation activation) {
    boolean source = (given & 1 << SOURCE) != 0;
    boolean residual = (given & 1 << RESIDUAL) != 0;
    boolean bias = (given & 1 << BIAS) != 0;
    List<Instruction> instructions = new ArrayList<>();
    int sum = source ? SOURCE : residual ? RESIDUAL : BIAS;
    if (source && factor != 1) {
      sum = add(instructions, new Instruction.Scalar(BinaryFunction.MUL, sum, factor, false));
    }
    if (source && residual) {
      sum = add(instructions, new Instruction.Binary(BinaryFunction.ADD, sum, RESIDUAL));
    }
    if ((source || residual) && bias) {
      sum = add(instructions, new Instruction.Binary(BinaryFunction.ADD, sum, BIAS));
    }
    if (!source && factor != 1) {
      sum = add(instructions, new Instruction.Scalar(BinaryFunction.MUL, sum, factor, false));
    }
    if (activation != null) {
      float alpha = activation.alpha();
      float beta = activation.beta();
      sum = add(instructions, new Instruction.Unary(activation.function(), alpha, beta, sum));
    }
    List<Boolean> repeated = Collections.nCopies(INPUTS, false);
    PointwiseCode code =
        new PointwiseCode(vectorBytes, true, repeated, Map.of(), instructions, List.of(sum));
    return Objects.requireNonNull(code.emit());
  }

  /// {@return the operand that an instruction yields}
  private static int add(List<Instruction> instructions, Instruction instruction) {
    instructions.add(instruction);
    return INPUTS + instructions.size() - 1;
  }

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#weigh].
  public final void weigh(
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

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#pack].
  public final void pack(
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

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#multiplyRow].
  public void multiplyRow(long a, int k, long b, long bStep, int columns, long c) {
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

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#dots].
  public final void dots(long a, int k, long b, long bStep, int rows, long c) {
    long mask = Masks.rest(vectorBytes, k);
    for (int row = 0; row < rows; row += DotCode.MOST_ROWS) {
      int together = Math.min(DotCode.MOST_ROWS, rows - row);
      MemorySegment code = dots.get(together - 1);
      long _ = Code.call(code, a, b + row * bStep, bStep, mask, c + 4L * row, 4L * k);
    }
  }

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#bringNear].
  public final void bringNear(long from, long step, int rows, long bytes) {
    if (rows > 0) {
      long _ = Code.call(nears.get(0), from, step, rows, bytes, 0, 0);
    }
  }

  /// As [dev.jiffy.engine.kernel.tile.MicroKernels#zero].
  public final void zero(long to, long bytes) {
    fill(0, to, bytes / 4);
  }

  /// Stores one f32 many times.
  final void fill(float value, long to, long n) {
    MemorySegment code = fills.get(0);
    int bits = Float.floatToRawIntBits(value);
    for (long done = 0; done < n; done += MOST) {
      long part = Math.min(MOST, n - done);
      long _ = Code.call(code, bits, to + 4 * done, 4 * part, Masks.rest(vectorBytes, part), 0, 0);
    }
  }
}
