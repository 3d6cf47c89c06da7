package dev.jiffy.engine.kernel.tile;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Products, convolutions and attention, cut into what runs in registers.
public final class TiledMatrixKernels implements MatrixKernels {
  private final @Nullable Supplier<NarrowKernels> makeNarrow;
  private @Nullable NarrowKernels narrow;
  private final MicroKernels micro;
  private final Panels panels;
  private final Products products;
  private final DoubleProducts doubles;
  private final Convolution convolution;
  private final TransposedConvolution transposed;
  private final Attention attention;

  /// Creates the kernels.
  ///
  /// @param micro the loops in registers
  /// @param depthwise convolutions with one filter per channel
  /// @param winograd Winograd's transforms
  /// @param narrow makes products of narrower numbers than f32 when they are first asked for, or
  ///   null
  public TiledMatrixKernels(
      MicroKernels micro,
      DepthwiseKernels depthwise,
      WinogradKernels winograd,
      @Nullable Supplier<NarrowKernels> narrow) {
    this.makeNarrow = narrow;
    this.micro = micro;
    this.panels = new Panels(micro);
    this.products = new Products(micro);
    this.doubles = new DoubleProducts(micro);
    this.convolution = new Convolution(micro, depthwise, winograd);
    this.transposed = new TransposedConvolution(micro);
    this.attention = new Attention(micro);
  }

  @Override
  public SegmentAllocator memory(Arena arena) {
    return micro.memory(arena);
  }

  @Override
  public int panelColumns() {
    return panels.columns();
  }

  @Override
  public int lanes() {
    return micro.lanes();
  }

  @Override
  public long packedBytes(int k, int n) {
    return panels.bytes(k, n);
  }

  @Override
  public void pack(
      long b, long rowStride, long columnStride, int k, int n, int from, int to, long packed) {
    panels.pack(b, rowStride, columnStride, k, to - from, packed + 4L * from * k, 0, k);
  }

  @Override
  public void multiply(
      Product product,
      long a,
      long packed,
      long bias,
      long residual,
      long c,
      int rowFrom,
      int rowTo,
      int panelFrom,
      int panelTo) {
    products.multiply(product, a, packed, bias, residual, c, rowFrom, rowTo, panelFrom, panelTo);
  }

  @Override
  public void multiplyRow(
      Product product, long a, long b, long rowStride, long columnStride, long bias, long c) {
    products.multiplyRow(product, a, b, rowStride, columnStride, bias, c);
  }

  @Override
  public ProductKernels doubles() {
    return doubles;
  }

  @Override
  public synchronized @Nullable NarrowKernels narrow() {
    if (narrow == null && makeNarrow != null) {
      narrow = makeNarrow.get();
    }
    return narrow;
  }

  @Override
  public boolean transformsWeights(ConvGeometry geometry) {
    return convolution.transformsWeights(geometry);
  }

  @Override
  public boolean takesNarrowGroups(ConvGeometry geometry) {
    return convolution.takesNarrowGroups(geometry);
  }

  @Override
  public long convPackedBytes(ConvGeometry geometry) {
    return convolution.packedBytes(geometry);
  }

  @Override
  public void packConv(ConvGeometry geometry, long weights, long packed) {
    convolution.pack(geometry, weights, packed);
  }

  @Override
  public long convScratchBytes(ConvGeometry geometry) {
    return convolution.scratchBytes(geometry);
  }

  @Override
  public void convolve(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long residual,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    convolution.convolve(geometry, x, packed, bias, residual, y, rowFrom, rowTo, scratch);
  }

  @Override
  public long convTransposePackedBytes(ConvGeometry geometry) {
    return transposed.packedBytes(geometry);
  }

  @Override
  public void packConvTranspose(ConvGeometry geometry, long weights, long packed) {
    transposed.pack(geometry, weights, packed);
  }

  @Override
  public long convTransposeScratchBytes(ConvGeometry geometry) {
    return transposed.scratchBytes(geometry);
  }

  @Override
  public void convolveTransposed(
      ConvGeometry geometry,
      long x,
      long packed,
      long bias,
      long y,
      int rowFrom,
      int rowTo,
      long scratch) {
    transposed.convolve(geometry, x, packed, bias, y, rowFrom, rowTo, scratch);
  }

  @Override
  public long attentionScratchBytes(AttentionGeometry geometry) {
    return attention.scratchBytes(geometry);
  }

  @Override
  public void attend(
      AttentionGeometry geometry,
      int seen,
      long q,
      long k,
      long v,
      long mask,
      long out,
      long scratch) {
    attention.attend(geometry, seen, q, k, v, mask, out, scratch);
  }
}
