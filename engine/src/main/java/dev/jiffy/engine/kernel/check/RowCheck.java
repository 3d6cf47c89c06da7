package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.Combinations;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Small problems whose cost is moving data.
final class RowCheck {
  private static final double TOLERANCE = Comparison.TOLERANCE;

  /// What numbers from -1 to 1 become as bytes.
  private static final float STEP = 1 / 120f;

  private static final int ZERO = 127;

  private final Comparison comparison;
  private final RowKernels rows;
  private final RowKernels right = new ScalarRowKernels();
  private final RowKernels[] both;

  RowCheck(Comparison comparison, RowKernels rows) {
    this.comparison = comparison;
    this.rows = rows;
    both = new RowKernels[] {rows, right};
  }

  void all() {
    int m = 3;
    int n = 37;
    long x = comparison.numbers(m * n);
    long scale = comparison.numbers(n);
    long bias = comparison.numbers(n);
    for (RowKernels kernels : both) {
      kernels.softmax(false, x, comparison.result(m * n), m, n);
    }
    comparison.near("softmax", TOLERANCE);
    for (RowKernels kernels : both) {
      kernels.layerNorm(x, 0, scale, bias, comparison.result(m * n), m, n, 1e-5f);
    }
    comparison.near("layer normalisation", TOLERANCE);
    for (RowKernels kernels : both) {
      kernels.reduce(ReduceFunction.MEAN, x, comparison.result(m), m, n, 1);
    }
    comparison.near("mean", TOLERANCE);
    long integers = typed(DType.I64, m * n);
    for (RowKernels kernels : both) {
      sum(kernels, integers, comparison.result(m), m, n);
    }
    comparison.near("sum of i64", 0);
    for (RowKernels kernels : both) {
      kernels.range(x, n, comparison.result(2));
    }
    comparison.near("range", 0);
    for (RowKernels kernels : both) {
      asBytes(kernels, x, comparison.result(m * n), m * n);
    }
    comparison.near("numbers as bytes", STEP + TOLERANCE);
    long table = comparison.numbers(64);
    for (RowKernels kernels : both) {
      lookUp(kernels, table, x, comparison.result(m * n), m * n);
    }
    comparison.near("bytes looked up", 0);
  }

  private void sum(RowKernels kernels, long x, long y, int m, int n) {
    long sums = comparison.memory(8L * m);
    kernels.sum(DType.I64, x, sums, m, n, 1);
    TypedMemory.cast(DType.I64, DType.F32, sums, y, m);
  }

  private void lookUp(RowKernels kernels, long table, long x, long y, int n) {
    long bytes = comparison.memory(n);
    kernels.lookUp(table, x, bytes, n);
    right.dequantize(1, 0, bytes, y, n);
  }

  private void asBytes(RowKernels kernels, long x, long y, int n) {
    long bytes = comparison.memory(n);
    kernels.quantize(STEP, ZERO, x, bytes, n);
    kernels.dequantize(STEP, ZERO, bytes, y, n);
  }

  /// One copy for each of the ways in which words and bytes are moved, and those that widen f16 and
  /// i8.
  void copies() {
    copy("transposition in squares", new long[] {37, 19}, new long[] {1, 37}, new long[] {19, 1});
    copy("transposition in strips", new long[] {7, 70}, new long[] {1, 7}, new long[] {70, 1});
    copy("transposition by words", new long[] {3, 5}, new long[] {1, 3}, new long[] {5, 1});
    copy("interleaving", new long[] {33, 3}, new long[] {1, 33}, new long[] {3, 1});
    copy("copy of rows", new long[] {19, 37}, new long[] {40, 1}, new long[] {37, 1});
    copy("copy of short rows", new long[] {5, 28}, new long[] {30, 1}, new long[] {28, 1});
    copyBytes(
        "transposition of bytes", new long[] {12, 20}, new long[] {1, 12}, new long[] {20, 1});
    copyBytes("interleaving of bytes", new long[] {20, 3}, new long[] {1, 20}, new long[] {3, 1});
    copyBytes("bytes taken apart", new long[] {3, 20}, new long[] {1, 3}, new long[] {20, 1});
    copy("every other word", new long[] {3, 37}, new long[] {80, 2}, new long[] {37, 1});
    int n = 37;
    long halves = comparison.memory(2L * n);
    right.cast(DType.F32, DType.F16, comparison.numbers(n), halves, n);
    for (RowKernels kernels : both) {
      kernels.cast(DType.F16, DType.F32, halves, comparison.result(n), n);
    }
    comparison.near("f16 as f32", 0);
    for (RowKernels kernels : both) {
      kernels.cast(DType.I8, DType.F32, halves, comparison.result(n), n);
    }
    comparison.near("i8 as f32", 0);
  }

  private void copy(String what, long[] dims, long[] source, long[] target) {
    copy(what, 4, dims, source, target);
  }

  private void copyBytes(String what, long[] dims, long[] source, long[] target) {
    copy(what, 1, dims, source, target);
  }

  /// @param bytes of an element: 4, or 1 whose copies are seen as numbers
  /// @param source elements from element to element of the source
  /// @param target elements from element to element of the target, in which nothing is left out
  private void copy(String what, int bytes, long[] dims, long[] source, long[] target) {
    long read = 1;
    int written = 1;
    long[] from = new long[dims.length];
    long[] to = new long[dims.length];
    for (int d = 0; d < dims.length; d++) {
      read += (dims[d] - 1) * source[d];
      written *= (int) dims[d];
      from[d] = bytes * source[d];
      to[d] = bytes * target[d];
    }
    long x = comparison.numbers((int) read);
    StridedCopy copy = StridedCopy.of(bytes, dims, from, to);
    for (RowKernels kernels : both) {
      long y = comparison.result(written);
      if (bytes == 4) {
        kernels.copy(copy, x, y);
      } else {
        long copied = comparison.memory(written);
        kernels.copy(copy, x, copied);
        right.dequantize(1, 0, copied, y, written);
      }
    }
    comparison.near(what, 0);
  }

  void elementwise() {
    int n = 111;
    long x = comparison.numbers(n);
    long other = comparison.numbers(n);
    Pointwise chain =
        new Pointwise(
            List.of((long) n),
            List.of(List.of(1L), List.of(1L)),
            List.of(
                new Instruction.Binary(BinaryFunction.MUL, 0, 1),
                new Instruction.Unary(UnaryFunction.SIGMOID, 0, 0, 2)),
            List.of(3));
    for (RowKernels kernels : both) {
      elementwise(kernels, chain, x, other, comparison.result(n));
    }
    comparison.near("elementwise chain", TOLERANCE);
    elementwiseOfBytes();
    combination(BinaryFunction.ADD, DType.F32);
    combination(BinaryFunction.MUL, DType.F64);
    combination(BinaryFunction.MUL, DType.I32);
    combination(BinaryFunction.ADD, DType.I64);
    combination(BinaryFunction.AND, DType.BOOL);
    for (RowKernels kernels : both) {
      added(kernels, x, comparison.result(n), n);
    }
    comparison.near("added rows", 0);
  }

  private static void added(RowKernels kernels, long x, long y, int n) {
    kernels.fill(0.5f, y, n);
    kernels.addRows(x, 0, y, 4L * (n / 2), 2, n / 2);
  }

  /// A function of numbers of some type, one of the arguments repeated.
  private void combination(BinaryFunction function, DType type) {
    long rows = 3;
    long columns = 37;
    int n = (int) (rows * columns);
    Combination c =
        new Combination(
            function, type, type, List.of(rows, columns), List.of(columns, 1L), List.of(1L, 0L));
    long x = typed(type, n);
    long other = typed(type, (int) rows);
    String what = function.name().toLowerCase(Locale.ROOT) + " of " + type;
    for (RowKernels kernels : both) {
      combination(kernels, c, x, other, comparison.result(n));
    }
    comparison.near(what, 0);
  }

  private void combination(RowKernels kernels, Combination c, long x, long other, long y) {
    long out = comparison.memory(c.elements() * c.out().bytes());
    kernels.combine(c, x, other, out, comparison.memory(Combinations.SCRATCH_BYTES));
    TypedMemory.cast(c.out(), DType.F32, out, y, c.elements());
  }

  /// Whole numbers of a type.
  private long typed(DType type, int n) {
    long numbers = comparison.numbers(n);
    long to = comparison.memory((long) n * type.bytes());
    for (int i = 0; i < n; i++) {
      long number = Math.round(3 * Memory.getFloat(numbers + 4L * i));
      TypedMemory.setLong(type, to + (long) i * type.bytes(), number);
    }
    return to;
  }

  private void elementwise(RowKernels kernels, Pointwise chain, long x, long other, long y) {
    elementwise(kernels.prepare(chain), x, other, y);
  }

  private void elementwise(RowKernels.PreparedPointwise prepared, long... addresses) {
    prepared.run(addresses, 0, prepared.pieces(), comparison.memory(prepared.scratchBytes()));
  }

  private void elementwiseOfBytes() {
    int n = 111;
    Affine affine = new Affine(DType.U8, STEP, ZERO);
    Pointwise sum =
        new Pointwise(
            List.of((long) n),
            List.of(List.of(1L), List.of(1L)),
            List.of(new Instruction.Binary(BinaryFunction.ADD, 0, 1)),
            List.of(2));
    RowKernels.PreparedPointwise prepared = rows.prepare(sum, Map.of(0, affine, 2, affine));
    if (prepared == null) {
      return;
    }
    long x = comparison.numbers(n);
    long other = comparison.numbers(n);
    long bytes = comparison.memory(n);
    elementwise(prepared, x, other, bytes);
    right.dequantize(affine, bytes, comparison.result(n), n);
    long y = comparison.result(n);
    right.dequantize(affine, x, y, n);
    elementwise(right, sum, y, other, y);
    asBytes(right, y, y, n);
    comparison.near("elementwise chain of bytes", STEP + TOLERANCE);
  }

  void pooling() {
    pooling("maximum", true);
    pooling("average", false);
  }

  private void pooling(String what, boolean max) {
    int channels = 19;
    PoolGeometry g =
        new PoolGeometry(1, 6, 6, channels, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, max, false);
    long x = comparison.numbers(36 * channels);
    for (RowKernels kernels : both) {
      kernels.pool(g, x, comparison.result(9 * channels), 0, g.rows());
    }
    comparison.near("pooling, " + what, TOLERANCE);
  }

  void resampling() {
    float[] none = new float[3];
    resampling("nearest elements", new int[] {0, 0, 2}, none, true);
    resampling("linear resampling", new int[] {1, 1, 2}, new float[] {0, 0.25f, 0.75f}, false);
    mixture();
  }

  private void mixture() {
    int n = 37;
    int[] counts = {0, 3, 1, 2};
    long begins = comparison.memory(4L * (counts.length + 1));
    long taps = comparison.memory(6L * Mixtures.TAP_BYTES);
    int tap = 0;
    for (int row = 0; row < counts.length; row++) {
      Memory.ALL.set(Memory.INT, begins + 4L * row, tap);
      for (int i = 0; i < counts[row]; i++, tap++) {
        Mixtures.setTap(taps + (long) Mixtures.TAP_BYTES * tap, 11 * tap, 0.5f - 0.125f * tap);
      }
    }
    Memory.ALL.set(Memory.INT, begins + 4L * counts.length, tap);
    long x = comparison.numbers(n + 11 * tap);
    for (RowKernels kernels : both) {
      kernels.mix(begins, taps, x, comparison.result(counts.length * n), counts.length, n);
    }
    comparison.near("weighted rows", TOLERANCE);
  }

  private void resampling(String what, int[] high, float[] weights, boolean nearest) {
    int channels = 19;
    int[] low = {0, 0, nearest ? 2 : 1};
    ResizeGeometry g =
        new ResizeGeometry(1, 3, 3, channels, low, high, weights, low, high, weights, nearest);
    long x = comparison.numbers(9 * channels);
    for (RowKernels kernels : both) {
      kernels.resize(g, x, comparison.result(9 * channels), 0, g.rows());
    }
    comparison.near(what, TOLERANCE);
  }
}
