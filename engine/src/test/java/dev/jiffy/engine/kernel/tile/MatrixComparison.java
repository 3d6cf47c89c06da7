package dev.jiffy.engine.kernel.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.LongUnaryOperator;

/// Compares kernels that are cut into tiles with the oracle at many sizes, the work cut into parts,
/// and checks that nothing outside the result is written.
public final class MatrixComparison {
  private static final float UNTOUCHED = 1234.5f;

  private final TiledMatrixKernels fast;
  private final MatrixKernels scalar = new ScalarMatrixKernels();
  private final Random random = new Random(1);

  /// Prepares the comparison of some kernels.
  ///
  /// @param micro the loops in registers
  /// @param depthwise convolutions with one filter per channel
  /// @param winograd Winograd's transforms
  public MatrixComparison(
      MicroKernels micro, DepthwiseKernels depthwise, WinogradKernels winograd) {
    this.fast = new TiledMatrixKernels(micro, depthwise, winograd, null);
  }

  /// Compares products.
  public void products() {
    for (MatrixCases.ProductCase testCase : MatrixCases.products()) {
      try (Arena arena = Arena.ofConfined()) {
        compareProduct(testCase, arena);
      }
    }
  }

  private void compareProduct(MatrixCases.ProductCase testCase, Arena arena) {
    Product p = testCase.product();
    long a = numbers(arena, p.m() * p.aStride());
    long b = numbers(arena, (long) p.k() * p.n());
    long bias = testCase.bias() ? numbers(arena, p.n()) : 0;
    long residual = p.residualStride() == 0 ? 0 : numbers(arena, p.m() * p.residualStride());
    long size = p.m() * p.cStride();
    long expected = filled(arena, size);
    long actual = filled(arena, size);
    boolean inPlace = testCase.inPlace() && residual != 0;
    if (inPlace) {
      Memory.copy(residual, expected, 4 * size);
      Memory.copy(residual, actual, 4 * size);
    }
    boolean transposed = p.m() % 2 == 0;
    long rowStride = transposed ? 1 : p.n();
    long columnStride = transposed ? p.k() : 1;
    for (boolean oracle : new boolean[] {true, false}) {
      MatrixKernels kernels = oracle ? scalar : fast;
      long c = oracle ? expected : actual;
      long packed = garbage(arena, kernels.packedBytes(p.k(), p.n()));
      int cut = p.n() / 2 / kernels.panelColumns() * kernels.panelColumns();
      long rest = b + 4L * cut * columnStride;
      kernels.pack(b, rowStride, columnStride, p.k(), p.n(), 0, cut, packed);
      kernels.pack(rest, rowStride, columnStride, p.k(), p.n(), cut, p.n(), packed);
      long added = inPlace ? c : residual;
      int panels = (p.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
      int row = p.m() / 3;
      int panel = panels / 2;
      kernels.multiply(p, a, packed, bias, added, c, 0, row, 0, panels);
      kernels.multiply(p, a, packed, bias, added, c, row, p.m(), 0, panel);
      kernels.multiply(p, a, packed, bias, added, c, row, p.m(), panel, panels);
    }
    compare(testCase, expected, actual, size);
    if (p.m() == 1 && residual == 0) {
      long row = filled(arena, size);
      fast.multiplyRow(p, a, b, p.n(), 1, bias, row);
      compare(testCase, expected, row, size);
      fast.multiplyRow(p, a, turned(arena, b, p.k(), p.n()), 1, p.k(), bias, row);
      compare(testCase, expected, row, size);
    }
  }

  private static long turned(Arena arena, long matrix, int rows, int columns) {
    long turned = filled(arena, (long) rows * columns);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        float element = Memory.getFloat(matrix + 4L * (i * columns + j));
        Memory.setFloat(turned + 4L * (j * rows + i), element);
      }
    }
    return turned;
  }

  /// Compares products of f64 whose operands lie in memory of the caller.
  ///
  /// @param memory makes memory of so many bytes
  public void doubles(LongUnaryOperator memory) {
    for (MatrixCases.ProductCase testCase : MatrixCases.products()) {
      Product p = testCase.product();
      if (p.alpha() == 1) {
        compareDoubles(testCase, memory);
      }
    }
  }

  private void compareDoubles(MatrixCases.ProductCase testCase, LongUnaryOperator memory) {
    Product p = testCase.product();
    long a = doubles(memory, rows(p.m(), p.aStride(), p.k()));
    long b = doubles(memory, (long) p.k() * p.n());
    long bias = testCase.bias() ? doubles(memory, p.n()) : 0;
    boolean hasResidual = p.residualStride() > 0;
    long residual = hasResidual ? doubles(memory, rows(p.m(), p.residualStride(), p.n())) : 0;
    long c = doubles(memory, rows(p.m(), p.cStride(), p.n()));
    boolean inPlace = testCase.inPlace() && hasResidual;
    boolean transposed = p.m() % 2 == 0;
    long rowStride = transposed ? 1 : p.n();
    long columnStride = transposed ? p.k() : 1;
    double[] expected = new double[p.m() * p.n()];
    for (int i = 0; i < expected.length; i++) {
      int row = i / p.n();
      int column = i % p.n();
      double sum = bias == 0 ? 0 : getDouble(bias, column);
      for (int d = 0; d < p.k(); d++) {
        double left = getDouble(a, row * p.aStride() + d);
        sum += left * getDouble(b, d * rowStride + column * columnStride);
      }
      long added = row * (inPlace ? p.cStride() : p.residualStride()) + column;
      expected[i] = sum + (hasResidual ? getDouble(inPlace ? c : residual, added) : 0);
    }
    ProductKernels kernels = fast.doubles();
    long packed = memory.applyAsLong(kernels.packedBytes(p.k(), p.n()));
    int cut = p.n() / 2 / kernels.panelColumns() * kernels.panelColumns();
    long rest = b + 8L * cut * columnStride;
    kernels.pack(b, rowStride, columnStride, p.k(), p.n(), 0, cut, packed);
    kernels.pack(rest, rowStride, columnStride, p.k(), p.n(), cut, p.n(), packed);
    long added = inPlace ? c : residual;
    int panels = (p.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
    int row = p.m() / 3;
    int panel = panels / 2;
    kernels.multiply(p, a, packed, bias, added, c, 0, row, 0, panels);
    kernels.multiply(p, a, packed, bias, added, c, row, p.m(), 0, panel);
    kernels.multiply(p, a, packed, bias, added, c, row, p.m(), panel, panels);
    for (int i = 0; i < expected.length; i++) {
      double got = getDouble(c, i / p.n() * p.cStride() + i % p.n());
      assertEquals(expected[i], got, 1e-10, testCase::toString);
    }
  }

  /// The elements from the first to the last of some rows.
  private static long rows(int rows, long stride, int columns) {
    return rows == 0 ? 0 : (rows - 1) * stride + columns;
  }

  private static double getDouble(long address, long index) {
    return Memory.ALL.get(Memory.DOUBLE, address + 8 * index);
  }

  private long doubles(LongUnaryOperator memory, long n) {
    long address = memory.applyAsLong(8 * n);
    for (long i = 0; i < n; i++) {
      Memory.ALL.set(Memory.DOUBLE, address + 8 * i, random.nextDouble() * 2 - 1);
    }
    return address;
  }

  /// Compares convolutions.
  public void convolutions() {
    for (MatrixCases.ConvCase testCase : MatrixCases.convolutions()) {
      try (Arena arena = Arena.ofConfined()) {
        compareConvolution(testCase, arena);
      }
    }
  }

  private void compareConvolution(MatrixCases.ConvCase testCase, Arena arena) {
    ConvGeometry g = testCase.geometry();
    long x = numbers(arena, (long) g.batch() * g.inHeight() * g.inWidth() * g.inChannels());
    long weights = numbers(arena, weights(g));
    long bias = testCase.bias() ? numbers(arena, g.outChannels()) : 0;
    long size = (long) g.rows() * g.outWidth() * g.outChannels();
    long residual = testCase.residual() ? numbers(arena, size) : 0;
    long expected = filled(arena, size);
    long actual = filled(arena, size);
    for (boolean oracle : new boolean[] {true, false}) {
      MatrixKernels kernels = oracle ? scalar : fast;
      long y = oracle ? expected : actual;
      long packed = garbage(arena, kernels.convPackedBytes(g));
      kernels.packConv(g, weights, packed);
      long scratch = garbage(arena, kernels.convScratchBytes(g));
      long added = residual;
      if (residual != 0 && g.outHeight() % 2 == 0) {
        Memory.copy(residual, y, 4 * size);
        added = y;
      }
      int row = g.rows() / 3;
      kernels.convolve(g, x, packed, bias, added, y, 0, row, scratch);
      kernels.convolve(g, x, packed, bias, added, y, row, g.rows(), scratch);
    }
    compare(testCase, expected, actual, size);
    if (g.isCutByColumns()) {
      compareColumns(testCase, x, weights, bias, residual, actual, arena);
    }
  }

  /// Compares a convolution whose columns are cut in three with the whole.
  private void compareColumns(
      MatrixCases.ConvCase testCase,
      long x,
      long weights,
      long bias,
      long residual,
      long whole,
      Arena arena) {
    ConvGeometry g = testCase.geometry();
    long packed = garbage(arena, fast.convPackedBytes(g));
    fast.packConv(g, weights, packed);
    long scratch = garbage(arena, fast.convScratchBytes(g));
    long size = (long) g.outWidth() * g.outChannels();
    long y = filled(arena, size);
    int[] ends = {0, 1, g.outWidth() / 2, g.outWidth()};
    for (int part = 0; part < 3; part++) {
      long done = 4L * ends[part] * g.outChannels();
      if (ends[part] < ends[part + 1]) {
        fast.convolve(
            g.columns(ends[part], ends[part + 1]),
            x + 4L * g.firstColumn(ends[part]) * g.inChannels(),
            packed,
            bias,
            residual == 0 ? 0 : residual + done,
            y + done,
            0,
            1,
            scratch);
      }
    }
    compare(testCase, whole, y, size);
  }

  /// Compares transposed convolutions.
  public void transposedConvolutions() {
    for (ConvGeometry g : MatrixCases.transposed()) {
      try (Arena arena = Arena.ofConfined()) {
        long y = compareTransposed(g, arena, bytes -> garbage(arena, bytes));
        long end = y + 4L * g.rows() * g.outWidth() * g.outChannels();
        assertTrue(Float.isNaN(Memory.getFloat(end)), g::toString);
      }
    }
  }

  /// Compares transposed convolutions whose operands lie in memory of the caller.
  ///
  /// @param memory makes memory of so many bytes
  public void transposedConvolutions(LongUnaryOperator memory) {
    for (ConvGeometry g : MatrixCases.transposed()) {
      try (Arena arena = Arena.ofConfined()) {
        compareTransposed(g, arena, memory);
      }
    }
  }

  /// Compares a transposed convolution.
  ///
  /// @param memory holds everything that the kernels read and write
  /// @return where the result lies
  private long compareTransposed(ConvGeometry g, Arena arena, LongUnaryOperator memory) {
    long images = (long) g.batch() * g.inHeight() * g.inWidth() * g.inChannels();
    long x = numbers(memory, images);
    long weights = numbers(memory, weights(g));
    long bias = g.strideWidth() == 1 ? 0 : numbers(memory, g.outChannels());
    long size = (long) g.rows() * g.outWidth() * g.outChannels();
    long packed = garbage(arena, scalar.convTransposePackedBytes(g));
    scalar.packConvTranspose(g, weights, packed);
    long expected = garbage(arena, 4 * size);
    scalar.convolveTransposed(g, x, packed, bias, expected, 0, g.rows(), 0);
    long form = memory.applyAsLong(fast.convTransposePackedBytes(g));
    fast.packConvTranspose(g, weights, form);
    long scratch = memory.applyAsLong(fast.convTransposeScratchBytes(g));
    long y = memory.applyAsLong(4 * size);
    int row = g.rows() / 3;
    fast.convolveTransposed(g, x, form, bias, y, row, g.rows(), scratch);
    fast.convolveTransposed(g, x, form, bias, y, 0, row, scratch);
    near(g, expected, y, size);
    return y;
  }

  /// Compares attention.
  public void attention() {
    for (AttentionGeometry g : MatrixCases.attentions()) {
      try (Arena arena = Arena.ofConfined()) {
        long q = numbers(arena, g.queries() * g.queryStride());
        long k = numbers(arena, g.keys() * g.keyStride());
        long v = numbers(arena, g.keys() * g.valueStride());
        long masks = numbers(arena, g.keys() + (g.queries() - 1) * g.maskStride());
        if (g.keys() > 1) {
          Memory.setFloat(masks + 4, Float.NEGATIVE_INFINITY);
        }
        long mask = g.headSize() == 32 && g.maskStride() == 0 ? 0 : masks;
        long size = g.queries() * g.outStride();
        for (int seen : new int[] {g.keys(), -2, g.keys() - g.queries() + 1, g.keys() / 2}) {
          long expected = filled(arena, size);
          long actual = filled(arena, size);
          long scratch = garbage(arena, scalar.attentionScratchBytes(g));
          scalar.attend(g, seen, q, k, v, mask, expected, scratch);
          scratch = garbage(arena, fast.attentionScratchBytes(g));
          fast.attend(g, seen, q, k, v, mask, actual, scratch);
          compare(g, expected, actual, size);
        }
      }
    }
  }

  private static long weights(ConvGeometry g) {
    int filters = g.inChannels() / g.groups() * g.outChannels();
    return (long) filters * g.kernelHeight() * g.kernelWidth();
  }

  private static void compare(Object testCase, long expected, long actual, long size) {
    near(testCase, expected, actual, size);
    assertEquals(UNTOUCHED, Memory.getFloat(actual + 4 * size), testCase::toString);
  }

  private static void near(Object testCase, long expected, long actual, long size) {
    for (long i = 0; i < size; i++) {
      float right = Memory.getFloat(expected + 4 * i);
      float got = Memory.getFloat(actual + 4 * i);
      boolean near = Math.abs(right - got) <= 1e-4f * Math.max(1, Math.abs(right));
      long at = i;
      assertTrue(near, () -> testCase + " at " + at + ": expected " + right + ", got " + got);
    }
  }

  private long numbers(Arena arena, long n) {
    return numbers(bytes -> garbage(arena, bytes), n);
  }

  private long numbers(LongUnaryOperator memory, long n) {
    long address = memory.applyAsLong(4 * n);
    for (long i = 0; i < n; i++) {
      Memory.setFloat(address + 4 * i, random.nextFloat() * 2 - 1);
    }
    return address;
  }

  private static long filled(Arena arena, long n) {
    long address = arena.allocate(4 * n + 64, 64).address();
    for (long i = 0; i < n + 16; i++) {
      Memory.setFloat(address + 4 * i, UNTOUCHED);
    }
    return address;
  }

  /// Memory in which every element is NaN.
  private static long garbage(Arena arena, long bytes) {
    long address = arena.allocate(bytes + 64, 64).address();
    for (long i = 0; i < bytes + 64; i += 4) {
      Memory.setFloat(address + i, Float.NaN);
    }
    return address;
  }
}
