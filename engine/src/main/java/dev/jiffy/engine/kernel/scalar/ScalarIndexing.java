package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Elements picked and placed by index.
///
/// Indices are integers of any type; negative ones count from the end.
public final class ScalarIndexing {
  private ScalarIndexing() {}

  /// {@return an index counted from the beginning}
  ///
  /// @param index the index, negative from the end
  /// @param axis the dimension that it indexes
  /// @param extent the dimension's extent
  /// @throws ModelException if the index is out of range
  static long index(long index, int axis, long extent) {
    if (index < -extent || index >= extent) {
      throw new ModelException(
          "index %d of axis %d is out of range: the extent is %d".formatted(index, axis, extent));
    }
    return index < 0 ? index + extent : index;
  }

  /// Picks slices: the result's shape is the argument's with the axis replaced by the shape of the
  /// indices.
  ///
  /// @param x the argument
  /// @param indices the slices wanted
  /// @param axis the dimension that is indexed
  /// @param out the result
  /// @throws ModelException if an index is out of range
  public static void gather(Tensor x, Tensor indices, int axis, Tensor out) {
    Shape shape = x.shape();
    long outer = shape.elements(0, axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long extent = shape.dim(axis);
    long count = indices.shape().elements();
    if (out.shape().elements() == 0) {
      return;
    }
    long at = 0;
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < count; i++, at += inner) {
        long slice = index(indices.getLong(i), axis, extent);
        Elements.copy(x, (o * extent + slice) * inner, out, at, inner);
      }
    }
  }

  /// Picks elements along one dimension.
  ///
  /// @param x the argument
  /// @param indices for each element of the result its index along the axis
  /// @param axis the dimension that is indexed
  /// @param out the result, of the shape of the indices
  /// @throws ModelException if an index is out of range
  public static void gatherElements(Tensor x, Tensor indices, int axis, Tensor out) {
    long[] strides = Elements.strides(x.shape().dims());
    long step = strides[axis];
    strides[axis] = 0;
    Walk walk = new Walk(indices.shape().dims(), strides);
    for (long i = 0; i < out.shape().elements(); i++, walk.next()) {
      long index = index(indices.getLong(i), axis, x.shape().dim(axis));
      Elements.copy(x, walk.offset(0) + index * step, out, i);
    }
  }

  /// Picks slices by tuples of indices.
  ///
  /// @param x the argument
  /// @param indices tuples along the last dimension
  /// @param batchDims the number of leading dimensions shared by both
  /// @param out the result
  /// @throws ModelException if an index is out of range
  public static void gatherNd(Tensor x, Tensor indices, int batchDims, Tensor out) {
    Shape shape = x.shape();
    Shape tuples = indices.shape();
    int length = Math.toIntExact(tuples.dim(tuples.rank() - 1));
    long batches = shape.elements(0, batchDims);
    long perBatch = tuples.elements(batchDims, tuples.rank() - 1);
    long inner = shape.elements(batchDims + length, shape.rank());
    long batchSize = shape.elements(batchDims, shape.rank());
    if (out.shape().elements() == 0) {
      return;
    }
    for (long b = 0; b < batches; b++) {
      for (long i = 0; i < perBatch; i++) {
        long tuple = b * perBatch + i;
        long offset = offset(shape, batchDims, indices, tuple * length, length);
        Elements.copy(x, b * batchSize + offset * inner, out, tuple * inner, inner);
      }
    }
  }

  /// Returns the row-major offset of a tuple within the dimensions from `first`.
  private static long offset(Shape shape, int first, Tensor indices, long at, int length) {
    long offset = 0;
    for (int d = 0; d < length; d++) {
      long extent = shape.dim(first + d);
      offset = offset * extent + index(indices.getLong(at + d), first + d, extent);
    }
    return offset;
  }

  /// Updates single elements of a copy of the argument.
  ///
  /// @param x the argument
  /// @param indices for each update its index along the axis
  /// @param updates the updates, of the shape of the indices
  /// @param axis the dimension that is indexed
  /// @param combine how an update combines with what is there, or null where it replaces
  /// @param out the result, of the argument's shape
  /// @throws ModelException if an index is out of range
  public static void scatterElements(
      Tensor x,
      Tensor indices,
      Tensor updates,
      int axis,
      @Nullable BinaryFunction combine,
      Tensor out) {
    Elements.copy(x, out);
    long[] strides = Elements.strides(x.shape().dims());
    long step = strides[axis];
    strides[axis] = 0;
    Walk walk = new Walk(indices.shape().dims(), strides);
    for (long i = 0; i < indices.shape().elements(); i++, walk.next()) {
      long index = index(indices.getLong(i), axis, x.shape().dim(axis));
      update(updates, i, combine, out, walk.offset(0) + index * step);
    }
  }

  /// Updates slices of a copy of the argument.
  ///
  /// @param x the argument
  /// @param indices tuples along the last dimension
  /// @param updates a slice for each tuple
  /// @param combine how an update combines with what is there, or null where it replaces
  /// @param out the result, of the argument's shape
  /// @throws ModelException if an index is out of range
  public static void scatterNd(
      Tensor x, Tensor indices, Tensor updates, @Nullable BinaryFunction combine, Tensor out) {
    Elements.copy(x, out);
    Shape shape = x.shape();
    Shape tuples = indices.shape();
    int length = Math.toIntExact(tuples.dim(tuples.rank() - 1));
    long count = tuples.elements(0, tuples.rank() - 1);
    long inner = shape.elements(length, shape.rank());
    for (long i = 0; i < count; i++) {
      long target = offset(shape, 0, indices, i * length, length) * inner;
      for (long j = 0; j < inner; j++) {
        update(updates, i * inner + j, combine, out, target + j);
      }
    }
  }

  private static void update(
      Tensor updates, long source, @Nullable BinaryFunction combine, Tensor out, long target) {
    if (combine == null) {
      Elements.copy(updates, source, out, target);
    } else if (out.dtype().isFloat()) {
      out.setDouble(target, combine.apply(out.getDouble(target), updates.getDouble(source)));
    } else {
      out.setLong(target, combine.apply(out.getLong(target), updates.getLong(source)));
    }
  }

  /// Writes indices as unit vectors; an index out of range gives a vector of off values.
  ///
  /// @param indices the indices, negative from the end
  /// @param depth the extent of the new dimension
  /// @param values the off value and the on value
  /// @param axis where the new dimension is in the result
  /// @param out the result
  public static void oneHot(Tensor indices, long depth, Tensor values, int axis, Tensor out) {
    Shape shape = out.shape();
    long outer = shape.elements(0, axis);
    long inner = shape.elements(axis + 1, shape.rank());
    long at = 0;
    for (long o = 0; o < outer; o++) {
      for (long d = 0; d < depth; d++) {
        for (long i = 0; i < inner; i++) {
          long index = indices.getLong(o * inner + i);
          boolean on = (index < 0 ? index + depth : index) == d;
          Elements.copy(values, on ? 1 : 0, out, at++);
        }
      }
    }
  }

  /// {@return the number of elements that are not zero, false or empty}
  ///
  /// @param x the argument
  public static long countNonZero(Tensor x) {
    long count = 0;
    for (long i = 0; i < x.shape().elements(); i++) {
      count += isNonZero(x, i) ? 1 : 0;
    }
    return count;
  }

  private static boolean isNonZero(Tensor x, long index) {
    if (x.dtype() == DType.STRING) {
      return !x.getString(index).isEmpty();
    }
    return x.dtype().isFloat() ? x.getDouble(index) != 0 : x.getLong(index) != 0;
  }

  /// Writes the indices of elements that are not zero, one row for each dimension.
  ///
  /// @param x the argument
  /// @param out the result, `[rank, count]`
  public static void nonZero(Tensor x, Tensor out) {
    long[] dims = x.shape().dims();
    long count = out.shape().dim(1);
    Walk walk = new Walk(dims);
    long at = 0;
    for (long i = 0; i < x.shape().elements(); i++, walk.next()) {
      if (isNonZero(x, i)) {
        for (int d = 0; d < dims.length; d++) {
          out.setLong(d * count + at, walk.index(d));
        }
        at++;
      }
    }
  }

  /// Picks the slices at which a condition holds.
  ///
  /// @param x the argument
  /// @param condition a truth value for each slice; slices beyond its end are left out
  /// @param axis the dimension, or -1 for the flattened argument
  /// @param out the result
  public static void compress(Tensor x, Tensor condition, int axis, Tensor out) {
    long at = 0;
    for (long i = 0; i < condition.shape().elements(); i++) {
      if (condition.getLong(i) != 0) {
        if (axis < 0) {
          Elements.copy(x, i, out, at++);
        } else {
          ScalarMovement.slices(x, i, out, at++, 1, axis);
        }
      }
    }
  }
}
