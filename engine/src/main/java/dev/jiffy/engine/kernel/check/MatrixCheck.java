package dev.jiffy.engine.kernel.check;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.tensor.DType;
import java.util.List;
import java.util.Locale;

/// Small products, convolutions and attention.
final class MatrixCheck {
  private static final double TOLERANCE = Comparison.TOLERANCE;

  /// How far products of narrow numbers may be off, whose sums are about 2.
  private static final double NARROW_TOLERANCE = 0.25;

  private final Comparison comparison;
  private final MatrixKernels matrices;
  private final MatrixKernels right = new ScalarMatrixKernels();
  private final MatrixKernels[] both;

  MatrixCheck(Comparison comparison, MatrixKernels matrices) {
    this.comparison = comparison;
    this.matrices = matrices;
    both = new MatrixKernels[] {matrices, right};
  }

  void product() {
    product(41);
    product(40);
    product(24);
    rowProduct(41);
    rowProduct(521);
    ProductKernels doubles = matrices.doubles();
    if (doubles != null) {
      doubleProduct(doubles);
    }
  }

  /// A product of f64.
  private void doubleProduct(ProductKernels kernels) {
    int m = 7;
    int k = 9;
    int n = 21;
    Product product = new Product(m, k, n, k, n, n, 1, null);
    long a = comparison.numbers(m * k);
    long b = comparison.numbers(k * n);
    long bias = comparison.numbers(n);
    long residual = comparison.numbers(m * n);
    long wide = comparison.memory(8L * m * n);
    multiply(
        kernels,
        product,
        doubles(a, m * k),
        doubles(b, k * n),
        doubles(bias, n),
        doubles(residual, m * n),
        wide);
    TypedMemory.cast(DType.F64, DType.F32, wide, comparison.result(m * n), (long) m * n);
    multiply(right, product, a, b, bias, residual, comparison.result(m * n));
    comparison.near("product of f64", TOLERANCE);
  }

  private long doubles(long numbers, int n) {
    long doubles = comparison.memory(8L * n);
    TypedMemory.cast(DType.F32, DType.F64, numbers, doubles, n);
    return doubles;
  }

  /// A product of one row and a matrix that is not packed.
  private void rowProduct(int n) {
    int k = 9;
    rowProduct(n, k, n, 1);
    rowProduct(n, k, 1, k);
  }

  private void rowProduct(int n, int k, int rowStride, int columnStride) {
    Product product = new Product(1, k, n, k, n, 0, 1, null);
    long a = comparison.numbers(k);
    long b = comparison.numbers(k * n);
    for (MatrixKernels kernels : both) {
      kernels.multiplyRow(product, a, b, rowStride, columnStride, 0, comparison.result(n));
    }
    comparison.near(
        "product of a row with " + n + (rowStride == 1 ? " columns of one piece" : " columns"),
        TOLERANCE);
  }

  private void product(int n) {
    int m = 7;
    int k = 9;
    Product product = new Product(m, k, n, k, n, n, 1, null);
    long a = comparison.numbers(m * k);
    long b = comparison.numbers(k * n);
    long bias = comparison.numbers(n);
    long residual = comparison.numbers(m * n);
    for (MatrixKernels kernels : both) {
      multiply(kernels, product, a, b, bias, residual, comparison.result(m * n));
    }
    comparison.near("product with " + n + " columns", TOLERANCE);
  }

  void narrowProduct(Format format) {
    narrowProduct("product in " + format.name().toLowerCase(Locale.ROOT), format, false);
  }

  /// A product whose whole left-hand side has one scale, with weights that are bytes.
  void quantizedProduct() {
    narrowProduct("product of quantized numbers", Format.INT8, true);
  }

  private void narrowProduct(String what, Format format, boolean isQuantized) {
    NarrowKernels narrow = matrices.narrow();
    if (narrow == null || !narrow.computes(format, null)) {
      return;
    }
    int m = 7;
    int k = 9;
    int n = 57; // a panel of two vectors and one that is cut
    Product product = new Product(m, k, n, k, n, 0, 1, null);
    long a = comparison.numbers(m * k);
    long b = comparison.numbers(k * n);
    long bias = comparison.numbers(n);
    long packed = comparison.memory(narrow.packedBytes(format, k, n));
    if (isQuantized) {
      long bytes = comparison.memory((long) k * n);
      long scales = comparison.memory(4L * n);
      ByteCheck.quantize(b, k, n, bytes, scales);
      narrow.packBytes(bytes, scales, k, n, packed);
    } else {
      narrow.pack(format, b, n, 1, k, n, packed);
    }
    NarrowKernels.Prepared prepared =
        isQuantized ? narrow.prepareQuantized(product) : narrow.prepare(format, product);
    long scratch = comparison.memory(prepared.scratchBytes());
    int panels = panels(matrices, n);
    prepared.multiply(a, packed, bias, 0, comparison.result(m * n), 0, m, 0, panels, scratch);
    multiply(right, product, a, b, bias, 0, comparison.result(m * n));
    comparison.near(what, NARROW_TOLERANCE);
  }

  void byteConvolutions() {
    NarrowKernels narrow = matrices.narrow();
    for (int groups : new int[] {1, ByteCheck.CHANNELS}) {
      for (boolean rounds : new boolean[] {false, true}) {
        for (int shift : new int[] {0, 7}) {
          ByteConvolution c = ByteCheck.convolution(groups, rounds, shift);
          ByteKernels.Prepared prepared = narrow == null ? null : narrow.bytes().prepare(c);
          if (prepared != null) {
            byteConvolution(prepared, c);
          }
        }
      }
    }
  }

  private void byteConvolution(ByteKernels.Prepared prepared, ByteConvolution c) {
    new ByteCheck(comparison).convolve(prepared, c, comparison.result(ByteCheck.RESULTS));
    ByteCheck.convolve(c, comparison.result(ByteCheck.RESULTS));
    String what = "convolution of bytes in %d groups".formatted(c.geometry().groups());
    if (c.rounding() == null) {
      comparison.near(what, TOLERANCE);
    } else {
      // what lies halfway between two bytes may become either
      comparison.bytes(what + ", rounded", 1);
    }
  }

  void blocks() {
    NarrowKernels narrow = matrices.narrow();
    ByteCheck problem = new ByteCheck(comparison);
    for (int bits : new int[] {2, 4, 8}) {
      for (boolean bytes : new boolean[] {false, true}) {
        BlockProduct p = ByteCheck.product(bits, bytes);
        if (narrow != null && narrow.blocks().suits(p)) {
          problem.multiply(narrow.blocks(), p, comparison.result(p.m() * p.n()));
          problem.multiply(p, comparison.result(p.m() * p.n()));
          comparison.near(
              "product with weights of %d bits".formatted(bits),
              bytes ? NARROW_TOLERANCE : TOLERANCE);
        }
      }
    }
  }

  private static int panels(ProductKernels kernels, int n) {
    return (n + kernels.panelColumns() - 1) / kernels.panelColumns();
  }

  private void multiply(
      ProductKernels kernels, Product p, long a, long b, long bias, long residual, long c) {
    long packed = comparison.memory(kernels.packedBytes(p.k(), p.n()));
    kernels.pack(b, p.n(), 1, p.k(), p.n(), 0, p.n(), packed);
    kernels.multiply(p, a, packed, bias, residual, c, 0, p.m(), 0, panels(kernels, p.n()));
  }

  void convolutions() {
    convolution("convolution", 4, 3, 1, 1, 17);
    convolution("convolution with strides", 4, 3, 2, 1, 17);
    convolution("convolution per channel", 4, 3, 1, 17, 17);
    convolution("convolution of 1×1", 4, 1, 1, 1, 17);
    convolution("convolution of 1×1 over 24 channels", 4, 1, 1, 1, 24);
    convolution("convolution of enough pixels to be transformed", 6, 3, 1, 1, 17);
    convolution("convolution in groups of 16 channels", 6, 3, 1, 2, 32);
    convolution("convolution in groups of 8 channels", 4, 1, 1, 3, 24);
    convolution("convolution in groups of 4 channels", 4, 1, 1, 5, 20);
    transposed();
  }

  /// A transposed convolution whose windows overlap, with padding.
  private void transposed() {
    int size = 4;
    int channels = 17;
    int out = 2 * size;
    ConvGeometry g =
        new ConvGeometry(
            1, size, size, channels, out, out, channels, 4, 4, 2, 2, 1, 1, 1, 1, 1, null);
    long x = comparison.numbers(size * size * channels);
    long weights = comparison.numbers(channels * channels * 16);
    long bias = comparison.numbers(channels);
    for (MatrixKernels kernels : both) {
      long y = comparison.result(out * out * channels);
      convolveTransposed(kernels, g, x, weights, bias, y);
    }
    comparison.near("transposed convolution", TOLERANCE);
  }

  private void convolveTransposed(
      MatrixKernels kernels, ConvGeometry g, long x, long weights, long bias, long y) {
    long packed = comparison.memory(kernels.convTransposePackedBytes(g));
    kernels.packConvTranspose(g, weights, packed);
    long scratch = comparison.memory(kernels.convTransposeScratchBytes(g));
    kernels.convolveTransposed(g, x, packed, bias, y, 0, g.rows(), scratch);
  }

  private void convolution(
      String what, int size, int window, int stride, int groups, int channels) {
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
    long x = comparison.numbers(size * size * channels);
    long weights = comparison.numbers(channels * channels / groups * window * window);
    long bias = comparison.numbers(channels);
    for (MatrixKernels kernels : both) {
      convolve(kernels, g, x, weights, bias, comparison.result(out * out * channels));
    }
    comparison.near(what, TOLERANCE);
  }

  private void convolve(
      MatrixKernels kernels, ConvGeometry g, long x, long weights, long bias, long y) {
    long packed = comparison.memory(kernels.convPackedBytes(g));
    kernels.packConv(g, weights, packed);
    kernels.convolve(
        g, x, packed, bias, 0, y, 0, g.rows(), comparison.memory(kernels.convScratchBytes(g)));
  }

  void attention() {
    attention("attention", TOLERANCE, matrices, false);
    attention("causal attention", TOLERANCE, matrices, true);
  }

  void bf16Attention() {
    NarrowKernels narrow = matrices.narrow();
    AttentionKernels kernels = narrow == null ? null : narrow.bf16Attention();
    if (kernels != null) {
      attention("attention in bf16", NARROW_TOLERANCE, kernels, false);
    }
  }

  private void attention(
      String what, double tolerance, AttentionKernels kernels, boolean isCausal) {
    int n = 17;
    int width = 12;
    int seen = isCausal ? 3 : n;
    int window = isCausal ? 9 : 0;
    AttentionGeometry g =
        new AttentionGeometry(
            n,
            n,
            width,
            width,
            width,
            width,
            width,
            0,
            0.3f,
            isCausal ? 0.5f : 0,
            isCausal,
            window);
    long q = comparison.numbers(n * width);
    long k = comparison.numbers(n * width);
    long v = comparison.numbers(n * width);
    long mask = comparison.numbers(n);
    for (AttentionKernels any : List.of(kernels, right)) {
      long y = comparison.result(n * width);
      long scratch = comparison.memory(any.attentionScratchBytes(g));
      any.attend(g, seen, q, k, v, mask, y, scratch);
    }
    comparison.near(what, tolerance);
  }
}
