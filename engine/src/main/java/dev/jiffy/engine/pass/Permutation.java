package dev.jiffy.engine.pass;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/// The elements of a constant in the order of its permuted dimensions.
///
/// Bytes and words move through arrays, the form in which a young process is quickest: in squares
/// that stay in the cache where elements that lie side by side no longer do.
final class Permutation {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// The most bytes of an array; larger constants move from memory to memory.
  private static final long MOST_BYTES = 256 << 20;

  /// The side of a square.
  private static final int SIDE = 64;

  /// Moves elements that lie side by side in the target.
  private interface Moves {
    /// @param from the first source element
    /// @param step elements from source to source
    /// @param to the first target element
    /// @param n how many
    void run(long from, long step, long to, long n);
  }

  /// The extents of the target. Those of 1 are left out, and adjacent dimensions merged where they
  /// are adjacent in the source too.
  private final long[] dims;

  /// For each, elements from index to index in the source.
  private final long[] steps;

  /// The one along which elements of the source lie side by side, or the last.
  private final int column;

  private Permutation(Shape shape, int[] perm) {
    long[] extents = new long[perm.length];
    long[] strides = new long[perm.length];
    int rank = 0;
    for (int p : perm) {
      long extent = shape.dim(p);
      long step = shape.elements(p + 1, perm.length);
      if (extent == 1) {
        continue;
      }
      if (rank > 0 && strides[rank - 1] == extent * step) {
        extents[rank - 1] *= extent;
      } else {
        extents[rank++] = extent;
      }
      strides[rank - 1] = step;
    }
    dims = Arrays.copyOf(extents, rank);
    steps = Arrays.copyOf(strides, rank);
    int adjacent = rank - 1;
    while (adjacent > 0 && steps[adjacent] != 1) {
      adjacent--;
    }
    column = adjacent < 0 || steps[adjacent] == 1 ? adjacent : rank - 1;
  }

  /// {@return the dimensions permuted}
  ///
  /// @param tensor a tensor
  /// @param perm for each output dimension the input dimension
  static Tensor of(Tensor tensor, int[] perm) {
    Permutation permutation = new Permutation(tensor.shape(), perm);
    long[] to = Arrays.stream(perm).mapToLong(tensor.shape()::dim).toArray();
    if (permutation.dims.length <= 1) {
      return tensor.reshape(to);
    }
    if (tensor.dtype() == DType.STRING) {
      return ofStrings(tensor, perm, to);
    }
    Tensor result = Tensor.allocate(tensor.dtype(), Shape.of(to));
    if (result.shape().elements() > 0) {
      permutation.move(tensor.dtype().bytes(), tensor.segment(), result.segment());
    }
    return result;
  }

  private static Tensor ofStrings(Tensor tensor, int[] perm, long[] dims) {
    long[] order = LongStream.range(0, tensor.shape().elements()).toArray();
    Tensor moved = of(Tensor.of(order, tensor.shape().dims()), perm);
    List<String> texts = new ArrayList<>();
    for (long element : moved.toLongs()) {
      texts.add(tensor.getString(element));
    }
    return Tensor.ofStrings(texts, dims);
  }

  private void move(int width, MemorySegment source, MemorySegment target) {
    boolean isSmall = source.byteSize() <= MOST_BYTES;
    int elements = isSmall ? (int) (source.byteSize() / width) : 0;
    if (width == Byte.BYTES && isSmall) {
      byte[] from = new byte[elements];
      byte[] to = new byte[elements];
      MemorySegment.copy(source, BYTE, 0, from, 0, from.length);
      around(0, 0, 0, (at, step, first, n) -> moveBytes(from, at, step, to, first, n));
      MemorySegment.copy(to, 0, target, BYTE, 0, to.length);
    } else if (width == Integer.BYTES && isSmall) {
      int[] from = new int[elements];
      int[] to = new int[elements];
      MemorySegment.copy(source, INT, 0, from, 0, from.length);
      around(0, 0, 0, (at, step, first, n) -> moveWords(from, at, step, to, first, n));
      MemorySegment.copy(to, 0, target, INT, 0, to.length);
    } else {
      around(0, 0, 0, (at, step, first, n) -> moveAny(width, source, at, step, target, first, n));
    }
  }

  /// Runs over all dimensions but the last and [#column].
  private void around(int dimension, long from, long to, Moves moves) {
    if (dimension == dims.length - 1) {
      squares(from, to, moves);
    } else if (dimension == column) {
      around(dimension + 1, from, to, moves);
    } else {
      long elements = elements(dimension);
      for (long i = 0; i < dims[dimension]; i++) {
        around(dimension + 1, from + i * steps[dimension], to + i * elements, moves);
      }
    }
  }

  private void squares(long from, long to, Moves moves) {
    int last = dims.length - 1;
    long step = steps[last];
    if (column == last) {
      moves.run(from, step, to, dims[last]);
      return;
    }
    long elements = elements(column);
    for (long row = 0; row < dims[last]; row += SIDE) {
      long n = Math.min(SIDE, dims[last] - row);
      for (long i = 0; i < dims[column]; i++) {
        moves.run(from + row * step + i, step, to + i * elements + row, n);
      }
    }
  }

  /// {@return elements from index to index of a dimension in the target}
  private long elements(int dimension) {
    long elements = 1;
    for (int i = dimension + 1; i < dims.length; i++) {
      elements *= dims[i];
    }
    return elements;
  }

  private static void moveBytes(byte[] from, long at, long step, byte[] to, long first, long n) {
    if (step == 1) {
      System.arraycopy(from, (int) at, to, (int) first, (int) n);
      return;
    }
    int source = (int) at;
    int end = (int) (first + n);
    for (int i = (int) first; i < end; i++) {
      to[i] = from[source];
      source += (int) step;
    }
  }

  private static void moveWords(int[] from, long at, long step, int[] to, long first, long n) {
    if (step == 1) {
      System.arraycopy(from, (int) at, to, (int) first, (int) n);
      return;
    }
    int source = (int) at;
    int end = (int) (first + n);
    for (int i = (int) first; i < end; i++) {
      to[i] = from[source];
      source += (int) step;
    }
  }

  private static void moveAny(
      int width,
      MemorySegment source,
      long at,
      long step,
      MemorySegment target,
      long first,
      long n) {
    if (step == 1) {
      MemorySegment.copy(source, at * width, target, first * width, n * width);
      return;
    }
    for (long i = 0; i < n; i++) {
      MemorySegment.copy(source, (at + i * step) * width, target, (first + i) * width, width);
    }
  }
}
