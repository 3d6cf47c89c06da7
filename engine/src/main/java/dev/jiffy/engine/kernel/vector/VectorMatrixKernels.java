package dev.jiffy.engine.kernel.vector;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Product;

/// Products, convolutions and attention in the Vector API.
public final class VectorMatrixKernels implements MatrixKernels {
  /// Creates the kernels.
  public VectorMatrixKernels() {}

  @Override
  public int panelColumns() {
    return Panels.COLUMNS;
  }

  @Override
  public long packedBytes(int k, int n) {
    return Panels.bytes(k, n);
  }

  @Override
  public void pack(long b, long rowStride, long columnStride, int k, int n, long packed) {
    Panels.pack(b, rowStride, columnStride, k, n, packed, 0, k);
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
    Products.multiply(product, a, packed, bias, residual, c, rowFrom, rowTo, panelFrom, panelTo);
  }

  @Override
  public long convPackedBytes(ConvGeometry geometry) {
    return Convolution.packedBytes(geometry);
  }

  @Override
  public void packConv(ConvGeometry geometry, long weights, long packed) {
    Convolution.pack(geometry, weights, packed);
  }

  @Override
  public long convScratchBytes(ConvGeometry geometry) {
    return Convolution.scratchBytes(geometry);
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
    Convolution.convolve(geometry, x, packed, bias, residual, y, rowFrom, rowTo, scratch);
  }

  @Override
  public long convTransposePackedBytes(ConvGeometry geometry) {
    return TransposedConvolution.packedBytes(geometry);
  }

  @Override
  public void packConvTranspose(ConvGeometry geometry, long weights, long packed) {
    TransposedConvolution.pack(geometry, weights, packed);
  }

  @Override
  public long convTransposeScratchBytes(ConvGeometry geometry) {
    return TransposedConvolution.scratchBytes(geometry);
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
    TransposedConvolution.convolve(geometry, x, packed, bias, y, rowFrom, rowTo, scratch);
  }

  @Override
  public long attentionScratchBytes(AttentionGeometry geometry) {
    return Attention.scratchBytes(geometry);
  }

  @Override
  public void attend(
      AttentionGeometry geometry, long q, long k, long v, long mask, long out, long scratch) {
    Attention.attend(geometry, q, k, v, mask, out, scratch);
  }
}
