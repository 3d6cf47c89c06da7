package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Elements picked and placed by index.
///
/// Indices are integers of any type; negative ones count from the end.
public final class ScalarIndexing {
  /// All bits of eight bytes but the highest of each.
  private static final long LOW_BITS = 0x7f7f7f7f7f7f7f7fL;

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
    long[] extents = Arrays.copyOfRange(shape.dims(), batchDims, batchDims + length);
    for (long b = 0; b < batches; b++) {
      for (long i = 0; i < perBatch; i++) {
        long tuple = b * perBatch + i;
        long offset = offset(extents, batchDims, indices, tuple * length);
        Elements.copy(x, b * batchSize + offset * inner, out, tuple * inner, inner);
      }
    }
  }

  /// Returns the row-major offset of a tuple within the dimensions from `first`.
  private static long offset(long[] extents, int first, Tensor indices, long at) {
    long offset = 0;
    for (int d = 0; d < extents.length; d++) {
      offset = offset * extents[d] + index(indices.getLong(at + d), first + d, extents[d]);
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
      update(updates, i, combine, out, walk.offset(0) + index * step, 1);
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
    long[] extents = Arrays.copyOf(shape.dims(), length);
    for (long i = 0; i < count; i++) {
      long target = offset(extents, 0, indices, i * length) * inner;
      update(updates, i * inner, combine, out, target, inner);
    }
  }

  private static void update(
      Tensor updates,
      long source,
      @Nullable BinaryFunction combine,
      Tensor out,
      long target,
      long count) {
    if (combine == null) {
      Elements.copy(updates, source, out, target, count);
    } else if (out.dtype().isFloat()) {
      for (long i = 0; i < count; i++) {
        double before = out.getDouble(target + i);
        out.setDouble(target + i, combine.apply(before, updates.getDouble(source + i)));
      }
    } else {
      for (long i = 0; i < count; i++) {
        long before = out.getLong(target + i);
        long update = updates.getLong(source + i);
        out.setLong(target + i, ScalarElementwise.integer(combine, out.dtype(), before, update));
      }
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

  /// Multiplies rows by the unit vectors of indices.
  ///
  /// @param x the rows, `[n, depth, 1]`
  /// @param indices the indices, `[n, m]`, negative from the end
  /// @param out the result, `[n, m]`
  public static void oneHotDot(Tensor x, Tensor indices, Tensor out) {
    long depth = x.shape().dim(1);
    long count = out.shape().dim(1);
    for (long at = 0; at < out.shape().elements(); at++) {
      long index = indices.getLong(at);
      double sum = 0;
      for (long d = 0; d < depth; d++) {
        boolean on = (index < 0 ? index + depth : index) == d;
        sum += x.getDouble(at / count * depth + d) * (on ? 1 : 0);
      }
      out.setDouble(at, sum);
    }
  }

  /// {@return the number of elements that are not zero, false or empty}
  ///
  /// @param x the argument
  public static long countNonZero(Tensor x) {
    long end = x.shape().elements();
    long count = 0;
    long i = 0;
    if (x.dtype().bytes() == 1) {
      for (; i + Long.BYTES <= end; i += Long.BYTES) {
        count += Long.bitCount(nonZeroBytes(x, i));
      }
    }
    for (; i < end; i++) {
      count += nonZero(x, i);
    }
    return count;
  }

  /// {@return the highest bits of those of eight elements of a byte each that are not zero}
  private static long nonZeroBytes(Tensor x, long index) {
    long eight = Memory.ALL.get(Memory.LONG, x.segment().address() + index);
    return ((eight & LOW_BITS) + LOW_BITS | eight) & ~LOW_BITS;
  }

  /// {@return 1 where an element is not zero, false or empty, else 0}
  private static int nonZero(Tensor x, long index) {
    int bytes = x.dtype().bytes();
    long address = x.segment().address() + index * bytes;
    long counting = x.dtype().isFloat() ? (1L << (8 * bytes - 1)) - 1 : -1; // not the sign
    long bits =
        switch (bytes) {
          case 1 -> Memory.ALL.get(ValueLayout.JAVA_BYTE, address);
          case 2 -> Memory.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
          case 4 -> Memory.ALL.get(Memory.INT, address);
          case 8 -> Memory.ALL.get(Memory.LONG, address);
          default -> x.getString(index).length();
        };
    return (bits & counting) != 0 ? 1 : 0;
  }

  /// Writes the indices of elements that are not zero, one row for each dimension.
  ///
  /// @param x the argument
  /// @param out the result, `[rank, count]`
  public static void nonZero(Tensor x, Tensor out) {
    long[] dims = x.shape().dims();
    int last = dims.length - 1;
    if (last < 0) {
      return;
    }
    long step = 8 * out.shape().dim(1);
    long at = out.segment().address();
    long left = out.shape().dim(1);
    Walk rows = new Walk(Arrays.copyOf(dims, last));
    for (long row = 0; left > 0; row += dims[last], rows.next()) {
      long count = nonZero(x, row, dims[last], at + last * step, left);
      for (int d = 0; d < last; d++) {
        for (long i = 0; i < count; i++) {
          Memory.ALL.set(Memory.LONG, at + d * step + 8 * i, rows.index(d));
        }
      }
      at += 8 * count;
      left -= count;
    }
  }

  /// Writes which elements of a row are not zero.
  ///
  /// @param most how many are left
  /// @return how many there are
  private static long nonZero(Tensor x, long row, long columns, long to, long most) {
    long count = 0;
    long i = 0;
    if (x.dtype().bytes() == 1) {
      for (; i + Long.BYTES <= columns; i += Long.BYTES) {
        long found = nonZeroBytes(x, row + i);
        for (; found != 0 && count < most; found &= found - 1) {
          Memory.ALL.set(
              Memory.LONG, to + 8 * count++, i + Long.numberOfTrailingZeros(found) / Byte.SIZE);
        }
      }
    }
    for (; i < columns && count < most; i++) {
      Memory.ALL.set(Memory.LONG, to + 8 * count, i); // stays where the element counts
      count += nonZero(x, row + i);
    }
    return count;
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
