package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.TreeKeys;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Computes a small problem of each kind with some kernels and with the scalar ones, and compares.
///
/// Every problem has sizes that make whole tiles and remainders.
public final class KernelCheck {
  private static final double TOLERANCE = 1e-4;

  /// How far products of narrow numbers may be off, whose sums are about 2.
  private static final double NARROW_TOLERANCE = 0.25;

  /// What numbers from -1 to 1 become as bytes.
  private static final float STEP = 1 / 120f;

  private static final int ZERO = 127;

  /// Where a result lies halfway between two bytes it may be either.
  private static final double ONE_STEP = 1.01;

  private final MatrixKernels matrices;
  private final RowKernels rows;
  private final MatrixKernels rightMatrices = new ScalarMatrixKernels();
  private final RowKernels rightRows = new ScalarRowKernels();
  private final Arena arena;
  private int seed = 1;

  private KernelCheck(MatrixKernels matrices, RowKernels rows, Arena arena) {
    this.matrices = matrices;
    this.rows = rows;
    this.arena = arena;
  }

  /// The kinds of problems.
  public enum Kind {
    /// Products of f32.
    PRODUCT,
    /// Products of bf16, and attention that consists of them.
    BF16,
    /// Products of bytes.
    INT8,
    /// Convolutions of bytes.
    BYTE_CONVOLUTION,
    /// Products with weights of a few bits.
    BLOCKS,
    /// Convolutions of every shape.
    CONVOLUTION,
    /// Attention.
    ATTENTION,
    /// Normalisations, reductions, and conversions to bytes and back.
    ROWS,
    /// Copies between strided views.
    COPIES,
    /// Chains of elementwise functions.
    ELEMENTWISE,
    /// Pooling.
    POOLING,
    /// Decision trees.
    TREES
  }

  /// {@return what the kernels get wrong, or null if they agree with the oracle}
  ///
  /// @param kind the kind of problems
  /// @param matrices products, convolutions, attention
  /// @param rows everything else
  public static @Nullable String fault(Kind kind, MatrixKernels matrices, RowKernels rows) {
    try (Arena arena = Arena.ofConfined()) {
      KernelCheck check = new KernelCheck(matrices, rows, arena);
      switch (kind) {
        case PRODUCT -> check.product();
        case BF16 -> {
          check.narrowProduct(Format.BF16);
          check.bf16Attention();
        }
        case INT8 -> check.narrowProduct(Format.INT8);
        case BYTE_CONVOLUTION -> check.byteConvolutions();
        case BLOCKS -> check.blocks();
        case CONVOLUTION -> check.convolutions();
        case ATTENTION -> check.attention();
        case ROWS -> check.rows();
        case COPIES -> check.copies();
        case ELEMENTWISE -> check.elementwise();
        case POOLING -> check.pooling();
        case TREES -> check.trees();
      }
      return null;
    } catch (Fault fault) {
      return fault.getMessage();
    }
  }

  /// A result that is not what it should be.
  private static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message, null, false, false);
    }
  }

  /// What is computed, to an address.
  private interface Computation {
    void run(long y);
  }

  private void compare(String what, int n, double tolerance, Computation own, Computation oracle) {
    long actual = memory(4L * n);
    long expected = memory(4L * n);
    own.run(actual);
    oracle.run(expected);
    for (int i = 0; i < n; i++) {
      float right = Memory.getFloat(expected + 4L * i);
      float got = Memory.getFloat(actual + 4L * i);
      if (!(Math.abs(right - got) <= tolerance * Math.max(1, Math.abs(right)))) {
        throw new Fault("%s: element %d is %s instead of %s".formatted(what, i, got, right));
      }
    }
  }

  private long memory(long bytes) {
    return arena.allocate(bytes + Tensor.ALIGNMENT, Tensor.ALIGNMENT).address();
  }

  /// Numbers from -1 to 1.
  private long numbers(int n) {
    long address = memory(4L * n);
    for (int i = 0; i < n; i++) {
      seed = seed * 1_664_525 + 1_013_904_223;
      Memory.setFloat(address + 4L * i, (seed >> 8) * 0x1p-23f);
    }
    return address;
  }

  private void product() {
    int m = 7;
    int k = 9;
    int n = 41;
    Product product = new Product(m, k, n, k, n, n, 1, null);
    long a = numbers(m * k);
    long b = numbers(k * n);
    long bias = numbers(n);
    long residual = numbers(m * n);
    compare(
        "product",
        m * n,
        TOLERANCE,
        c -> multiply(matrices, product, a, b, bias, residual, c),
        c -> multiply(rightMatrices, product, a, b, bias, residual, c));
  }

  private void narrowProduct(Format format) {
    NarrowKernels narrow = matrices.narrow();
    if (narrow == null || !narrow.computes(format, null)) {
      return;
    }
    int m = 7;
    int k = 9;
    int n = 41;
    Product product = new Product(m, k, n, k, n, 0, 1, null);
    long a = numbers(m * k);
    long b = numbers(k * n);
    long bias = numbers(n);
    NarrowKernels.Prepared prepared = narrow.prepare(format, product);
    long packed = memory(narrow.packedBytes(format, k, n));
    long scratch = memory(prepared.scratchBytes());
    narrow.pack(format, b, n, 1, k, n, packed);
    int panels = panels(matrices, n);
    compare(
        "product in " + format.name().toLowerCase(Locale.ROOT),
        m * n,
        NARROW_TOLERANCE,
        c -> prepared.multiply(a, packed, bias, 0, c, 0, m, 0, panels, scratch),
        c -> multiply(rightMatrices, product, a, b, bias, 0, c));
  }

  private void byteConvolutions() {
    NarrowKernels narrow = matrices.narrow();
    ByteCheck problem = new ByteCheck(this::memory);
    for (int groups : new int[] {1, ByteCheck.CHANNELS}) {
      for (boolean rounds : new boolean[] {false, true}) {
        ByteConvolution c = ByteCheck.convolution(groups, rounds);
        if (narrow != null && narrow.bytes().suits(c)) {
          compare(
              "convolution of bytes in %d groups%s".formatted(groups, rounds ? ", rounded" : ""),
              ByteCheck.RESULTS,
              rounds ? ONE_STEP : TOLERANCE,
              y -> problem.convolve(narrow.bytes(), c, y),
              y -> ByteCheck.convolve(c, y));
        }
      }
    }
  }

  private void blocks() {
    NarrowKernels narrow = matrices.narrow();
    ByteCheck problem = new ByteCheck(this::memory);
    for (int bits : new int[] {2, 4, 8}) {
      for (boolean bytes : new boolean[] {false, true}) {
        BlockProduct p = ByteCheck.product(bits, bytes);
        if (narrow != null && narrow.blocks().suits(p)) {
          compare(
              "product with weights of %d bits".formatted(bits),
              p.m() * p.n(),
              bytes ? NARROW_TOLERANCE : TOLERANCE,
              c -> problem.multiply(narrow.blocks(), p, c),
              c -> problem.multiply(p, c));
        }
      }
    }
  }

  private static int panels(MatrixKernels kernels, int n) {
    return (n + kernels.panelColumns() - 1) / kernels.panelColumns();
  }

  private void multiply(
      MatrixKernels kernels, Product p, long a, long b, long bias, long residual, long c) {
    long packed = memory(kernels.packedBytes(p.k(), p.n()));
    kernels.pack(b, p.n(), 1, p.k(), p.n(), 0, p.n(), packed);
    kernels.multiply(p, a, packed, bias, residual, c, 0, p.m(), 0, panels(kernels, p.n()));
  }

  private void convolutions() {
    convolution("convolution", 3, 1, 1);
    convolution("convolution with strides", 3, 2, 1);
    convolution("convolution per channel", 3, 1, 17);
    convolution("convolution of 1×1", 1, 1, 1);
  }

  private void convolution(String what, int window, int stride, int groups) {
    int channels = 17;
    int size = 4;
    int out = (size + stride - 1) / stride;
    ConvGeometry g =
        new ConvGeometry(
            1,
            size,
            size,
            channels,
            out,
            out,
            channels,
            window,
            window,
            stride,
            stride,
            1,
            1,
            window / 2,
            window / 2,
            groups,
            null);
    long x = numbers(size * size * channels);
    long weights = numbers(channels * channels / groups * window * window);
    long bias = numbers(channels);
    compare(
        what,
        out * out * channels,
        TOLERANCE,
        y -> convolve(matrices, g, x, weights, bias, y),
        y -> convolve(rightMatrices, g, x, weights, bias, y));
  }

  private void convolve(
      MatrixKernels kernels, ConvGeometry g, long x, long weights, long bias, long y) {
    long packed = memory(kernels.convPackedBytes(g));
    kernels.packConv(g, weights, packed);
    kernels.convolve(g, x, packed, bias, 0, y, 0, g.rows(), memory(kernels.convScratchBytes(g)));
  }

  private void attention() {
    attention("attention", TOLERANCE, matrices);
  }

  private void bf16Attention() {
    NarrowKernels narrow = matrices.narrow();
    AttentionKernels kernels = narrow == null ? null : narrow.bf16Attention();
    if (kernels != null) {
      attention("attention in bf16", NARROW_TOLERANCE, kernels);
    }
  }

  private void attention(String what, double tolerance, AttentionKernels kernels) {
    int n = 17;
    int width = 12;
    AttentionGeometry g = new AttentionGeometry(n, n, width, width, width, width, width, 0, 0.3f);
    long q = numbers(n * width);
    long k = numbers(n * width);
    long v = numbers(n * width);
    long mask = numbers(n);
    compare(
        what,
        n * width,
        tolerance,
        y -> kernels.attend(g, q, k, v, mask, y, memory(kernels.attentionScratchBytes(g))),
        y ->
            rightMatrices.attend(
                g, q, k, v, mask, y, memory(rightMatrices.attentionScratchBytes(g))));
  }

  private void rows() {
    int m = 3;
    int n = 37;
    long x = numbers(m * n);
    long scale = numbers(n);
    long bias = numbers(n);
    compare(
        "softmax",
        m * n,
        TOLERANCE,
        y -> rows.softmax(false, x, y, m, n),
        y -> rightRows.softmax(false, x, y, m, n));
    compare(
        "layer normalisation",
        m * n,
        TOLERANCE,
        y -> rows.layerNorm(x, 0, scale, bias, y, m, n, 1e-5f),
        y -> rightRows.layerNorm(x, 0, scale, bias, y, m, n, 1e-5f));
    compare(
        "mean",
        m,
        TOLERANCE,
        y -> rows.reduce(ReduceFunction.MEAN, x, y, m, n, 1),
        y -> rightRows.reduce(ReduceFunction.MEAN, x, y, m, n, 1));
    compare("range", 2, 0, y -> rows.range(x, n, y), y -> rightRows.range(x, n, y));
    compare(
        "numbers as bytes",
        m * n,
        STEP + TOLERANCE,
        y -> asBytes(rows, x, y, m * n),
        y -> asBytes(rightRows, x, y, m * n));
  }

  private void asBytes(RowKernels kernels, long x, long y, int n) {
    long bytes = memory(n);
    kernels.quantize(STEP, ZERO, x, bytes, n);
    kernels.dequantize(STEP, ZERO, bytes, y, n);
  }

  /// One copy for each of the ways in which words are moved.
  private void copies() {
    copy("transposition in squares", new long[] {37, 19}, new long[] {1, 37}, new long[] {19, 1});
    copy("transposition in strips", new long[] {7, 70}, new long[] {1, 7}, new long[] {70, 1});
    copy("transposition by words", new long[] {3, 5}, new long[] {1, 3}, new long[] {5, 1});
    copy("interleaving", new long[] {33, 3}, new long[] {1, 33}, new long[] {3, 1});
    copy("copy of rows", new long[] {19, 37}, new long[] {40, 1}, new long[] {37, 1});
  }

  /// @param source words from element to element of the source
  /// @param target words from element to element of the target, in which nothing is left out
  private void copy(String what, long[] dims, long[] source, long[] target) {
    long read = 1;
    int written = 1;
    long[] from = new long[dims.length];
    long[] to = new long[dims.length];
    for (int d = 0; d < dims.length; d++) {
      read += (dims[d] - 1) * source[d];
      written *= (int) dims[d];
      from[d] = 4 * source[d];
      to[d] = 4 * target[d];
    }
    long x = numbers((int) read);
    StridedCopy copy = StridedCopy.of(4, dims, from, to);
    compare(what, written, 0, y -> rows.copy(copy, x, y), y -> rightRows.copy(copy, x, y));
  }

  private void elementwise() {
    int n = 111;
    long x = numbers(n);
    long other = numbers(n);
    Pointwise chain =
        new Pointwise(
            List.of((long) n),
            List.of(List.of(1L), List.of(1L)),
            List.of(
                new Instruction.Binary(BinaryFunction.MUL, 0, 1),
                new Instruction.Unary(UnaryFunction.SIGMOID, 0, 0, 2)),
            List.of(3));
    compare(
        "elementwise chain",
        n,
        TOLERANCE,
        y -> elementwise(rows, chain, x, other, y),
        y -> elementwise(rightRows, chain, x, other, y));
  }

  private void elementwise(RowKernels kernels, Pointwise chain, long x, long other, long y) {
    RowKernels.PreparedPointwise prepared = kernels.prepare(chain);
    prepared.run(new long[] {x, other, y}, 0, prepared.pieces(), memory(prepared.scratchBytes()));
  }

  private void pooling() {
    int channels = 19;
    PoolGeometry g =
        new PoolGeometry(1, 6, 6, channels, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, true, false);
    long x = numbers(36 * channels);
    compare(
        "pooling",
        9 * channels,
        TOLERANCE,
        y -> rows.pool(g, x, y, 0, g.rows()),
        y -> rightRows.pool(g, x, y, 0, g.rows()));
  }

  /// Complete trees of three comparisons on a path, and one more than are walked side by side.
  private void trees() {
    int features = 19;
    int count = TreeShape.LANES + 1;
    int blocks = 2;
    TreeShape shape = new TreeShape(false, true, 192);
    long x = numbers(TreeShape.LANES * blocks * features);
    long nodes = memory(8L * 15 * count);
    long trees = memory((long) TreeShape.TREE_BYTES * count);
    long groups = memory(2L * TreeShape.GROUP_BYTES);
    for (int tree = 0; tree < count; tree++) {
      tree(nodes + 8L * 15 * tree, 2 * features);
      set(trees + (long) TreeShape.TREE_BYTES * tree, 15 * tree);
      set(trees + (long) TreeShape.TREE_BYTES * tree + 4, 3);
      long group = groups + (long) TreeShape.GROUP_BYTES * (tree / TreeShape.LANES);
      set(group + 4L * (tree % TreeShape.LANES), 15 * tree);
      set(group + TreeShape.DEPTH, 3);
    }
    int results = TreeShape.LANES * blocks + 1;
    compare(
        "trees",
        results,
        0,
        y -> walk(rows, shape, x, features, nodes, trees, groups, y),
        y -> walk(rightRows, shape, x, features, nodes, trees, groups, y));
  }

  private static void set(long address, int value) {
    Memory.ALL.set(Memory.INT, address, value);
  }

  private void tree(long nodes, int keys) {
    long numbers = numbers(15);
    for (int i = 0; i < 15; i++) {
      float number = Memory.getFloat(numbers + 4L * i);
      boolean isLeaf = i > 6;
      set(nodes + 8L * i, isLeaf ? Float.floatToRawIntBits(number) : TreeKeys.key(number));
      set(nodes + 8L * i + 4, isLeaf ? keys : (5 * i % keys) | ((i + 1) << 16));
    }
  }

  private void walk(
      RowKernels kernels,
      TreeShape shape,
      long x,
      int features,
      long nodes,
      long trees,
      long groups,
      long y) {
    int count = TreeShape.LANES + 1;
    int lines = 2 * TreeShape.LANES;
    long keys = memory((long) lines * shape.keyBytes());
    kernels.treeKeys(x, lines, features, true, keys, shape.keyBytes());
    kernels.walkRows(shape, nodes, trees, count, keys, 2, y, 4L * TreeShape.LANES);
    kernels.walkTrees(shape, nodes, groups, 2, keys, y + 4L * lines);
  }
}
