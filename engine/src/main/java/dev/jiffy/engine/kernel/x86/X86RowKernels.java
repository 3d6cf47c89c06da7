package dev.jiffy.engine.kernel.x86;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Elementwise chains, normalisation, reductions, pooling and copies as machine code. Most
/// conversions need none; the few chains and reductions for which there is no code are left to
/// others.
public final class X86RowKernels implements RowKernels, CodeTable.Emitter {
  /// The most elements of one call: the JVM cannot stop a thread within.
  private static final long MOST = 1 << 16;

  /// More taps than most sums have.
  private static final long MANY_TAPS = 16;

  private static final ReduceFunction[] REDUCTIONS = ReduceFunction.values();

  private static final List<DType> SUMMED = List.of(DType.F64, DType.I32, DType.I64);

  private final int vectorBytes;
  private final int lanes;
  private final X86Fill fill;
  private final X86Pooling pooling;
  private final X86Resampling resampling;
  private final X86Copies copies;
  private final X86Bytes bytes;
  private final X86Trees trees;
  private final X86Combinations combinations;
  private final Supplier<RowKernels> makeOthers;
  private volatile @Nullable RowKernels others;
  private final CodeTable softmaxes;
  private final CodeTable normalizations;
  private final CodeTable reductions;
  private final CodeTable sums;
  private final CodeTable mixtures;
  private final ConcurrentHashMap<PointwiseCode, Optional<MemorySegment>> chains =
      new ConcurrentHashMap<>();

  /// Finds out what this CPU can do.
  ///
  /// @param others makes the kernels for chains and reductions without code, when there is one
  /// @throws UnsupportedOperationException with the reason, if no machine code can run here
  public X86RowKernels(Supplier<RowKernels> others) {
    this(Cpu.detect(), others);
  }

  X86RowKernels(Cpu cpu, Supplier<RowKernels> others) {
    makeOthers = others;
    vectorBytes = cpu.vectorBytes();
    lanes = vectorBytes / 4;
    fill = new X86Fill(cpu);
    pooling = new X86Pooling(cpu);
    resampling = new X86Resampling(cpu);
    copies = new X86Copies(cpu);
    bytes = new X86Bytes(cpu);
    trees = new X86Trees(cpu);
    combinations = new X86Combinations(cpu);
    softmaxes = new CodeTable("softmax", 4, this);
    normalizations = new CodeTable("layerNorm", 8, this);
    mixtures = new CodeTable("mix", 1, this);
    reductions = new CodeTable("reduce", 2 * REDUCTIONS.length, this);
    sums = new CodeTable("sum", 2 * SUMMED.size(), this);
  }

  @Override
  public byte[] emit(String table, int form) {
    return switch (table) {
      case "softmax" -> new SoftmaxCode(vectorBytes, form > 1, (form & 1) != 0).emit();
      case "layerNorm" ->
          new NormalizationCode(vectorBytes, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0)
              .emit();
      case "mix" -> new MixCode(vectorBytes).emit();
      case "reduce" ->
          new ReductionCode(vectorBytes, REDUCTIONS[form / 2], DType.F32, form % 2 != 0).emit();
      default ->
          new ReductionCode(vectorBytes, ReduceFunction.SUM, SUMMED.get(form / 2), form % 2 != 0)
              .emit();
    };
  }

  private RowKernels others() {
    RowKernels known = others;
    return known == null ? makeOthers() : known;
  }

  private synchronized RowKernels makeOthers() {
    RowKernels made = others;
    if (made == null) {
      made = makeOthers.get();
      others = made;
    }
    return made;
  }

  @Override
  public PreparedPointwise prepare(Pointwise pointwise) {
    X86Pointwise prepared = X86Pointwise.of(pointwise, Map.of(), vectorBytes, this::chain);
    return prepared == null ? others().prepare(pointwise) : prepared;
  }

  @Override
  public @Nullable PreparedPointwise prepare(Pointwise pointwise, Map<Integer, Affine> bytes) {
    boolean fits = vectorBytes == 64;
    for (Affine affine : bytes.values()) {
      fits &= affine.type() == DType.U8;
    }
    return fits ? X86Pointwise.of(pointwise, bytes, vectorBytes, this::chain) : null;
  }

  private @Nullable MemorySegment chain(PointwiseCode form) {
    return chains.computeIfAbsent(form, X86RowKernels::emit).orElse(null);
  }

  private static Optional<MemorySegment> emit(PointwiseCode form) {
    byte[] code = form.emit();
    return code == null ? Optional.empty() : Optional.of(Code.load("pointwise", code));
  }

  @Override
  public void softmax(boolean log, long x, long y, long rows, long n) {
    if (n <= 0) {
      return;
    }
    boolean single = n <= lanes;
    MemorySegment code = softmaxes.get((log ? 2 : 0) | (single ? 1 : 0));
    long end = single ? Masks.first(vectorBytes, (int) n) : Masks.rest(vectorBytes, n);
    long most = Math.max(1, MOST / n);
    for (long row = 0; row < rows; row += most) {
      long at = 4 * n * row;
      long _ = Code.call(code, x + at, y + at, Math.min(most, rows - row), 4 * n, end, 0);
    }
  }

  @Override
  public void layerNorm(
      long x, long residual, long scale, long bias, long y, long rows, long n, float epsilon) {
    if (n <= 0) {
      return;
    }
    int form = (residual == 0 ? 0 : 1) | (scale == 0 ? 0 : 2) | (bias == 0 ? 0 : 4);
    MemorySegment code = normalizations.get(form);
    long end = Masks.rest(vectorBytes, n);
    int elements = Float.floatToRawIntBits((float) n);
    long most = Math.max(1, MOST / n);
    for (long row = 0; row < rows; row += most) {
      long at = 4 * n * row;
      Code.call(
          code,
          x + at,
          residual + at,
          scale,
          bias,
          y + at,
          Math.min(most, rows - row),
          4 * n,
          end,
          elements,
          Float.floatToRawIntBits(epsilon),
          0,
          0,
          0,
          0,
          0,
          0);
    }
  }

  @Override
  @SuppressWarnings("EnumOrdinal") // An index into a table of this run, never stored.
  public void reduce(ReduceFunction function, long x, long y, long outer, long n, long inner) {
    if (!ReductionCode.suits(function)) {
      others().reduce(function, x, y, outer, n, inner);
      return;
    }
    if (inner <= 0) {
      return;
    }
    boolean columns = inner > 1;
    MemorySegment code = reductions.get(2 * function.ordinal() + (columns ? 1 : 0));
    reduce(code, Float.BYTES, x, y, outer, n, inner);
  }

  private void reduce(
      MemorySegment code, int bytes, long x, long y, long outer, long n, long inner) {
    boolean columns = inner > 1;
    int elements = Float.floatToRawIntBits((float) n);
    long end = Masks.rest(vectorBytes, (columns ? inner : n) * (bytes / Float.BYTES));
    if (columns) {
      for (long i = 0; i < outer; i++) {
        long from = x + bytes * i * n * inner;
        long _ = Code.call(code, from, y + bytes * i * inner, n, bytes * inner, end, elements);
      }
      return;
    }
    long most = Math.max(1, MOST / Math.max(1, n));
    for (long row = 0; row < outer; row += most) {
      long count = Math.min(most, outer - row);
      long from = x + bytes * n * row;
      long _ = Code.call(code, from, y + bytes * row, count, bytes * n, end, elements);
    }
  }

  @Override
  public void sum(DType type, long x, long y, long outer, long n, long inner) {
    if (outer > 0 && inner > 0) {
      int form = 2 * SUMMED.indexOf(type) + (inner > 1 ? 1 : 0);
      reduce(sums.get(form), type.bytes(), x, y, outer, n, inner);
    }
  }

  @Override
  public void pool(PoolGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    pooling.pool(geometry, x, y, rowFrom, rowTo);
  }

  @Override
  public void resize(ResizeGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    resampling.resize(geometry, x, y, rowFrom, rowTo);
  }

  @Override
  public void mix(long begins, long taps, long x, long y, long rows, long n) {
    if (n <= 0) {
      return;
    }
    MemorySegment code = mixtures.get(0);
    long end = Masks.rest(vectorBytes, n);
    long most = Math.max(1, MOST / MANY_TAPS / n);
    for (long row = 0; row < rows; row += most) {
      long count = Math.min(most, rows - row);
      long first = begins + 4 * row;
      long to = y + 4 * n * row;
      Code.call(code, first, taps, x, end, to, count, 4 * n, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @Override
  public void addRows(long x, long xStep, long y, long yStep, long rows, long n) {
    combinations.addRows(x, xStep, y, yStep, rows, n);
  }

  @Override
  public void treeKeys(long x, int rows, int features, boolean twice, long keys, int keyBytes) {
    trees.keys(x, rows, features, twice, keys, keyBytes);
  }

  @Override
  public void walkTrees(TreeShape shape, long nodes, long groups, int count, long keys, long out) {
    trees.walkTrees(shape, nodes, groups, count, keys, out);
  }

  @Override
  public void walkRows(
      TreeShape shape,
      long nodes,
      long list,
      int count,
      long keys,
      int blocks,
      long out,
      long outBytes) {
    trees.walkRows(shape, nodes, list, count, keys, blocks, out, outBytes);
  }

  @Override
  public void copy(StridedCopy copy, long x, long y) {
    copies.copy(copy, x, y);
  }

  @Override
  public void range(long x, long n, long to) {
    bytes.range(x, n, to);
  }

  @Override
  public void quantize(float scale, int zero, long x, long y, long n) {
    bytes.quantize(scale, zero, x, y, n);
  }

  @Override
  public void dequantize(float scale, int zero, long x, long y, long n) {
    bytes.dequantize(scale, zero, x, y, n);
  }

  @Override
  public void cast(DType from, DType to, long x, long y, long n) {
    if (from == DType.F16 && to == DType.F32) {
      bytes.widen(x, y, n);
    } else if ((from == DType.I8 || from == DType.U8) && to == DType.F32) {
      bytes.toFloats(from, x, y, n);
    } else {
      RowKernels.super.cast(from, to, x, y, n);
    }
  }

  @Override
  public void combine(Combination combination, long x, long y, long out, long scratch) {
    if (combinations.suits(combination)) {
      combinations.combine(combination, x, y, out);
    } else {
      RowKernels.super.combine(combination, x, y, out, scratch);
    }
  }

  @Override
  public PreparedCombination prepare(Combination combination) {
    return combinations.suits(combination) && X86Combinations.isRow(combination)
        ? combinations.prepareRow(combination)
        : RowKernels.super.prepare(combination);
  }

  @Override
  public void lookUp(long table, long x, long y, long n) {
    bytes.lookUp(table, x, y, n);
  }

  @Override
  public void fill(float value, long y, long n) {
    fill.fill(value, y, n);
  }
}
