package dev.jiffy.engine.kernel.vector;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;

/// Elementwise chains, normalisation, pooling and copies in vectors of the widest kind that the CPU
/// prefers.
public final class VectorRowKernels implements RowKernels {
  /// Creates the kernels.
  public VectorRowKernels() {}

  @Override
  public PreparedPointwise prepare(Pointwise pointwise) {
    return new VectorPointwise(pointwise);
  }

  @Override
  public void softmax(boolean log, long x, long y, long rows, long n) {
    VectorNormalization.softmax(log, x, y, rows, n);
  }

  @Override
  public void layerNorm(
      long x, long residual, long scale, long bias, long y, long rows, long n, float epsilon) {
    VectorNormalization.layerNorm(x, residual, scale, bias, y, rows, n, epsilon);
  }

  @Override
  public void reduce(ReduceFunction function, long x, long y, long outer, long n, long inner) {
    VectorReductions.reduce(function, x, y, outer, n, inner);
  }

  @Override
  public void pool(PoolGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    VectorPooling.pool(geometry, x, y, rowFrom, rowTo);
  }

  @Override
  public void resize(ResizeGeometry geometry, long x, long y, int rowFrom, int rowTo) {
    VectorResampling.resize(geometry, x, y, rowFrom, rowTo);
  }

  @Override
  public void copy(StridedCopy copy, long x, long y) {
    VectorCopies.copy(copy, x, y);
  }

  @Override
  public void range(long x, long n, long to) {
    if (n < Lanes.LANES) {
      RowKernels.super.range(x, n, to);
    } else {
      VectorBytes.range(x, n, to);
    }
  }

  @Override
  public void quantize(float scale, int zero, long x, long y, long n) {
    VectorBytes.quantize(scale, zero, x, y, n);
  }

  @Override
  public void dequantize(float scale, int zero, long x, long y, long n) {
    VectorBytes.dequantize(scale, zero, x, y, n);
  }

  @Override
  public void fill(float value, long y, long n) {
    VectorBinary.fill(value, y, n);
  }
}
