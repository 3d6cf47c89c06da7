package dev.jiffy.engine.kernel.vector;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.kernel.Casts;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.Combinations;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.tensor.DType;

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
  public void gather(
      long x,
      long outer,
      long extent,
      long sliceBytes,
      long indices,
      DType indexType,
      long count,
      long y) {
    Movement.gather(x, outer, extent, sliceBytes, indices, indexType, count, y);
  }

  @Override
  public void gatherElements(
      long x,
      long outer,
      long extent,
      long inner,
      int elementBytes,
      long indices,
      DType indexType,
      long count,
      long y) {
    Movement.gatherElements(x, outer, extent, inner, elementBytes, indices, indexType, count, y);
  }

  @Override
  public void combine(Combination combination, long x, long y, long out, long scratch) {
    Combinations.combine(combination, x, y, out, scratch);
  }

  @Override
  public void oneHot(
      long indices,
      DType indexType,
      long outer,
      long depth,
      long inner,
      long values,
      int valueBytes,
      long y) {
    Movement.oneHot(indices, indexType, outer, depth, inner, values, valueBytes, y);
  }

  @Override
  public void oneHotDot(
      long x, int outer, int depth, long indices, DType indexType, int count, long y) {
    Movement.oneHotDot(x, outer, depth, indices, indexType, count, y);
  }

  @Override
  public void cast(DType from, DType to, long x, long y, long n) {
    Casts.cast(from, to, x, y, n);
  }

  @Override
  public void fill(float value, long y, long n) {
    VectorBinary.fill(value, y, n);
  }
}
