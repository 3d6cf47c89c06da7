package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Elements moved without being looked at.
public final class ScalarMovement {
  private ScalarMovement() {}

  /// Permutes the dimensions of a tensor seen in given extents.
  ///
  /// @param x the argument
  /// @param dims extents to see it in, with as many elements as it has
  /// @param perm for each dimension of the result the dimension of the argument
  /// @param out the result; only the order of its elements matters
  public static void permute(Tensor x, long[] dims, int[] perm, Tensor out) {
    long[] own = Elements.strides(dims);
    long[] extents = new long[perm.length];
    long[] strides = new long[perm.length];
    for (int d = 0; d < perm.length; d++) {
      extents[d] = dims[perm[d]];
      strides[d] = own[perm[d]];
    }
    Walk walk = new Walk(extents, strides);
    for (long i = 0; i < out.shape().elements(); i++, walk.next()) {
      Elements.copy(x, walk.offset(0), out, i);
    }
  }

  /// Picks for each dimension the indices of a map: `out[i, j, …] = x[map0[i], map1[j], …]`.
  ///
  /// @param x the argument
  /// @param maps for each dimension and index of the result the index of the argument, or -1 for
  ///   the fill
  /// @param fill one element of the argument's type, or null where no map holds -1
  /// @param out the result, of the argument's rank
  public static void pick(Tensor x, long[][] maps, @Nullable Tensor fill, Tensor out) {
    if (out.shape().elements() == 0) {
      return;
    }
    if (maps.length == 0) {
      Elements.copy(x, out);
      return;
    }
    pick(x, Elements.strides(x.shape().dims()), maps, fill, out, 0, 0, 0);
  }

  /// Returns where in the result it stopped; a negative source stands for the fill.
  private static long pick(
      Tensor x,
      long[] strides,
      long[][] maps,
      @Nullable Tensor fill,
      Tensor out,
      int axis,
      long source,
      long target) {
    long at = target;
    boolean last = axis == maps.length - 1;
    for (long index : maps[axis]) {
      long from = source < 0 || index < 0 ? -1 : source + index * strides[axis];
      if (!last) {
        at = pick(x, strides, maps, fill, out, axis + 1, from, at);
      } else if (from >= 0) {
        Elements.copy(x, from, out, at++);
      } else if (fill != null) {
        Elements.copy(fill, 0, out, at++);
      } else {
        throw new IllegalStateException("a map points outside but there is nothing to fill with");
      }
    }
    return at;
  }

  /// Copies a block of slices along one dimension.
  ///
  /// @param x the argument
  /// @param from the first slice of the argument
  /// @param out the result, of the same extents elsewhere
  /// @param to the first slice of the result
  /// @param count the number of slices
  /// @param axis the dimension
  public static void slices(Tensor x, long from, Tensor out, long to, long count, int axis) {
    Shape shape = x.shape();
    long outer = shape.elements(0, axis);
    long inner = shape.elements(axis + 1, shape.rank());
    if (count * inner == 0) {
      return; // however many times: extents of empty tensors may be huge
    }
    for (long o = 0; o < outer; o++) {
      Elements.copy(
          x,
          (o * shape.dim(axis) + from) * inner,
          out,
          (o * out.shape().dim(axis) + to) * inner,
          count * inner);
    }
  }

  /// Fills a tensor with one element.
  ///
  /// @param value a tensor of one element of the same type
  /// @param out the result
  public static void fill(Tensor value, Tensor out) {
    long count = out.shape().elements();
    if (count > 0) {
      Elements.copy(value, 0, out, 0);
    }
    for (long filled = 1; filled < count; filled *= 2) {
      Elements.copy(out, 0, out, filled, Math.min(filled, count - filled));
    }
  }

  /// Reverses the beginning of each sequence of a batch.
  ///
  /// @param x the argument
  /// @param lengths for each index of the batch how many steps are reversed, 0 to the extent
  /// @param batchAxis the batch dimension
  /// @param timeAxis the time dimension
  /// @param out the result, of the argument's shape
  public static void reverseSequence(
      Tensor x, long[] lengths, int batchAxis, int timeAxis, Tensor out) {
    Shape shape = x.shape();
    int last = Math.max(batchAxis, timeAxis) + 1;
    long inner = shape.elements(last, shape.rank());
    long[] dims = Arrays.copyOf(shape.dims(), last);
    long step = inner * Elements.strides(dims)[timeAxis];
    Walk walk = new Walk(dims);
    for (long at = 0; at < shape.elements(); at += inner, walk.next()) {
      long length = lengths[(int) walk.index(batchAxis)];
      long time = walk.index(timeAxis);
      long source = time < length ? at + (length - 1 - 2 * time) * step : at;
      Elements.copy(x, source, out, at, inner);
    }
  }

  /// Puts rows behind those that there are.
  ///
  /// @param rows what comes behind them, `[batch, heads, …, size]`
  /// @param starts for each index of the batch the number of the first of them
  /// @param earlier the rows that there are, or null for none
  /// @param keepsRest whether those behind the others stay
  /// @param out the result, zeros where there are no rows
  public static void append(
      Tensor rows, Tensor starts, @Nullable Tensor earlier, boolean keepsRest, Tensor out) {
    long heads = out.shape().dim(1);
    long length = out.shape().dim(2);
    long size = out.shape().dim(3);
    long before = earlier == null ? 0 : earlier.shape().dim(2);
    long count = rows.shape().dim(2);
    for (long head = 0; head < out.shape().dim(0) * heads; head++) {
      long start = Math.clamp(starts.getLong(head / heads), -count, length);
      for (long row = 0; row < length; row++) {
        long to = (head * length + row) * size;
        if (row >= start && row < start + count) {
          Elements.copy(rows, (head * count + row - start) * size, out, to, size);
        } else if (earlier != null && row < before && (keepsRest || row < start)) {
          Elements.copy(earlier, (head * before + row) * size, out, to, size);
        } else {
          clear(out, to, size);
        }
      }
    }
  }

  /// Keeps a triangle of each matrix and zeroes the rest.
  ///
  /// @param x the argument, of rank 2 at least
  /// @param k the diagonal at which the triangle ends
  /// @param upper whether the upper triangle stays
  /// @param out the result, of the argument's shape
  public static void triangle(Tensor x, long k, boolean upper, Tensor out) {
    Shape shape = x.shape();
    long columns = shape.dim(shape.rank() - 1);
    long rows = shape.dim(shape.rank() - 2);
    long bounded = Math.clamp(k, -rows, columns);
    for (long at = 0; at < shape.elements(); at += columns) {
      long diagonal = at / columns % rows + bounded;
      long from = upper ? Math.clamp(diagonal, 0, columns) : 0;
      long to = upper ? columns : Math.clamp(diagonal + 1, 0, columns);
      clear(out, at, from);
      Elements.copy(x, at + from, out, at + from, to - from);
      clear(out, at + to, columns - to);
    }
  }

  private static void clear(Tensor out, long from, long count) {
    if (out.dtype() == DType.STRING) {
      for (long i = from; i < from + count; i++) {
        out.setString(i, "");
      }
      return;
    }
    long bytes = out.dtype().bytes();
    MemorySegment _ = out.segment().asSlice(from * bytes, count * bytes).fill((byte) 0);
  }

  /// Writes ones on a diagonal and zeros elsewhere.
  ///
  /// @param k the diagonal, negative below the main one
  /// @param out the result, a matrix
  public static void eye(long k, Tensor out) {
    long columns = out.shape().dim(1);
    clear(out, 0, out.shape().elements());
    for (long row = 0; row < out.shape().dim(0); row++) {
      long column = row + k;
      if (column >= 0 && column < columns) {
        out.setLong(row * columns + column, 1);
      }
    }
  }

  /// Writes evenly spaced numbers.
  ///
  /// @param start the first
  /// @param delta the distance
  /// @param out the result, a vector of the same type
  public static void range(Tensor start, Tensor delta, Tensor out) {
    long count = out.shape().elements();
    if (out.dtype().isFloat()) {
      double first = start.getDouble(0);
      double step = delta.getDouble(0);
      for (long i = 0; i < count; i++) {
        out.setDouble(i, first + (double) i * step);
      }
      return;
    }
    long first = start.getLong(0);
    long step = delta.getLong(0);
    if (out.dtype() == DType.I64) {
      range(first, step, out.segment().address(), count);
      return;
    }
    for (long i = 0; i < count; i++) {
      out.setLong(i, first + i * step);
    }
  }

  private static void range(long first, long step, long to, long count) {
    for (long i = 0; i < count; i++) {
      Memory.ALL.set(Memory.LONG, to + 8 * i, first + i * step);
    }
  }
}
