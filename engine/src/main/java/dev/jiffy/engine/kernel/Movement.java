package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Copies between strided views, and of slices by index.
public final class Movement {
  /// From this size on a library call is faster than a loop.
  private static final long LARGE = 32;

  /// Up to this size it is quicker to copy a word of many lines than the words of one.
  private static final long SHORT_RUN = 64;

  /// So many lines stay in the first-level cache from word to word.
  private static final long NEAR_LINES = 128;

  /// Extents of the tiles in which a transposition keeps to few cache lines.
  private static final long TILE = 16;

  /// Extents below this leave room for a longer tile.
  private static final long FEW = 40;

  /// The extent of a tile whose other extent is less than [#FEW].
  private static final long LONG_TILE = 208;

  /// What stays in the first-level cache beside what it is made of.
  private static final long NEAR_BYTES = 16 << 10;

  /// The lower word of two.
  private static final long LOW = 0xffff_ffffL;

  /// The bits of an f32 without its sign.
  private static final int MAGNITUDE = Integer.MAX_VALUE;

  private static final int INFINITY = 0x7f80_0000;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Movement() {}

  /// Copies bytes between areas that do not overlap.
  ///
  /// @param from the source
  /// @param to the target
  /// @param bytes how many
  public static void bytes(long from, long to, long bytes) {
    if (bytes >= LARGE) {
      Memory.copy(from, to, bytes);
    } else if (bytes >= 4) {
      long last = bytes - 4;
      for (long i = 0; i < last; i += 4) {
        ALL.set(Memory.INT, to + i, ALL.get(Memory.INT, from + i));
      }
      ALL.set(Memory.INT, to + last, ALL.get(Memory.INT, from + last));
    } else {
      for (long i = 0; i < bytes; i++) {
        ALL.set(BYTE, to + i, ALL.get(BYTE, from + i));
      }
    }
  }

  /// Looks bytes up as [RowKernels#lookUp] does.
  ///
  /// @param table 256 bytes
  /// @param x the bytes, as unsigned numbers
  /// @param y what they become
  /// @param n how many
  public static void lookUp(long table, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(BYTE, y + i, ALL.get(BYTE, table + (ALL.get(BYTE, x + i) & 0xff)));
    }
  }

  /// Copies as [RowKernels#copy] does.
  ///
  /// @param copy the geometry
  /// @param x the first source element
  /// @param y the first target element
  public static void copy(StridedCopy copy, long x, long y) {
    int rank = copy.dims().length;
    if (copy.isEmpty()) {
      return;
    }
    int element = copy.elementBytes();
    int targetInner = copy.adjacentInTarget();
    int sourceInner = copy.adjacentInSource();
    if (rank == 0) {
      bytes(x, y, element);
    } else if (targetInner >= 0 && targetInner == sourceInner) {
      int lines = targetInner > 0 ? targetInner - 1 : rank - 1;
      copy.around(targetInner, lines, Movement::runs, x, y);
    } else if (copy.repeats(targetInner)) {
      copy.around(targetInner, targetInner, Movement::fill, x, y);
    } else if (targetInner >= 0 && sourceInner >= 0) {
      copy.around(sourceInner, targetInner, Movement::transposition, x, y);
    } else {
      int inner = targetInner >= 0 ? targetInner : rank - 1;
      copy.around(inner, inner, Movement::line, x, y);
    }
  }

  /// Copies lines of elements that lie side by side; many short ones word by word, the first of
  /// some lines first.
  private static void runs(StridedCopy copy, int inner, int line, long x, long y) {
    long bytes = copy.dims()[inner] * copy.elementBytes();
    long lines = line == inner ? 1 : copy.dims()[line];
    long stepX = copy.sourceStrides()[line];
    long stepY = copy.targetStrides()[line];
    if (bytes % 4 == 0 && bytes <= SHORT_RUN && lines > bytes / 4) {
      for (long done = 0; done < lines; done += NEAR_LINES) {
        long from = x + done * stepX;
        long to = y + done * stepY;
        long some = Math.min(NEAR_LINES, lines - done);
        for (long word = 0; word < bytes; word += 4) {
          words(from + word, stepX, to + word, stepY, some);
        }
      }
      return;
    }
    for (long i = 0; i < lines; i++) {
      bytes(x + i * stepX, y + i * stepY, bytes);
    }
  }

  /// Copies the elements along one dimension one by one.
  private static void line(StridedCopy copy, int inner, int same, long x, long y) {
    elements(
        copy.elementBytes(),
        x,
        copy.sourceStrides()[inner],
        y,
        copy.targetStrides()[inner],
        copy.dims()[inner]);
  }

  /// Repeats an element along one dimension.
  private static void fill(StridedCopy copy, int inner, int same, long x, long y) {
    fill(y, copy.dims()[inner] * copy.elementBytes(), x, copy.elementBytes());
  }

  /// Transposes between the dimensions of contiguous source and target elements.
  private static void transposition(
      StridedCopy copy, int sourceInner, int targetInner, long x, long y) {
    transpose(
        copy.elementBytes(),
        copy.dims()[sourceInner],
        copy.dims()[targetInner],
        x,
        copy.sourceStrides()[targetInner],
        y,
        copy.targetStrides()[sourceInner]);
  }

  /// Copies elements one by one.
  ///
  /// @param bytes bytes of an element: 1, 2, 4 or 8
  /// @param x the first source element
  /// @param stepX bytes from source to source
  /// @param y the first target element
  /// @param stepY bytes from target to target
  /// @param n how many
  public static void elements(int bytes, long x, long stepX, long y, long stepY, long n) {
    switch (bytes) {
      case 1 -> {
        for (long i = 0; i < n; i++) {
          ALL.set(BYTE, y + i * stepY, ALL.get(BYTE, x + i * stepX));
        }
      }
      case 2 -> {
        for (long i = 0; i < n; i++) {
          ALL.set(SHORT, y + i * stepY, ALL.get(SHORT, x + i * stepX));
        }
      }
      case 4 -> words(x, stepX, y, stepY, n);
      default -> {
        for (long i = 0; i < n; i++) {
          ALL.set(Memory.LONG, y + i * stepY, ALL.get(Memory.LONG, x + i * stepX));
        }
      }
    }
  }

  private static void words(long x, long stepX, long y, long stepY, long n) {
    long from = x;
    long to = y;
    long i = 0;
    for (; i <= n - 4; i += 4, from += 4 * stepX, to += 4 * stepY) {
      ALL.set(Memory.INT, to, ALL.get(Memory.INT, from));
      ALL.set(Memory.INT, to + stepY, ALL.get(Memory.INT, from + stepX));
      ALL.set(Memory.INT, to + 2 * stepY, ALL.get(Memory.INT, from + 2 * stepX));
      ALL.set(Memory.INT, to + 3 * stepY, ALL.get(Memory.INT, from + 3 * stepX));
    }
    for (; i < n; i++, from += stepX, to += stepY) {
      ALL.set(Memory.INT, to, ALL.get(Memory.INT, from));
    }
  }

  /// Transposes a matrix in tiles.
  ///
  /// @param bytes bytes of an element
  /// @param columns elements of a source row, which lie side by side
  /// @param rows elements of a target row, which lie side by side
  /// @param x the source
  /// @param stepX bytes from source row to source row
  /// @param y the target
  /// @param stepY bytes from target row to target row
  private static void transpose(
      int bytes, long columns, long rows, long x, long stepX, long y, long stepY) {
    long tileColumns = rows < FEW ? LONG_TILE : TILE;
    long tileRows = columns < FEW ? LONG_TILE : TILE;
    for (long column = 0; column < columns; column += tileColumns) {
      long width = Math.min(columns - column, tileColumns);
      for (long row = 0; row < rows; row += tileRows) {
        long height = Math.min(rows - row, tileRows);
        long from = x + row * stepX + column * bytes;
        long to = y + column * stepY + row * bytes;
        if (width > height) {
          for (long r = 0; r < height; r++) {
            elements(bytes, from + r * stepX, bytes, to + r * bytes, stepY, width);
          }
        } else if (bytes == 4) {
          transposeWords(width, height, from, stepX, to, stepY);
        } else {
          for (long c = 0; c < width; c++) {
            elements(bytes, from + c * bytes, stepX, to + c * stepY, bytes, height);
          }
        }
      }
    }
  }

  /// Transposes words two by two: a load and a store move two of them.
  private static void transposeWords(
      long columns, long rows, long x, long stepX, long y, long stepY) {
    long pairs = rows & -2;
    long c = 0;
    for (; c <= columns - 2; c += 2) {
      long from = x + 4 * c;
      long to = y + c * stepY;
      for (long end = to + 4 * pairs; to < end; to += 8, from += 2 * stepX) {
        long first = ALL.get(Memory.LONG, from);
        long second = ALL.get(Memory.LONG, from + stepX);
        ALL.set(Memory.LONG, to, (first & LOW) | (second << 32));
        ALL.set(Memory.LONG, to + stepY, (first >>> 32) | (second & ~LOW));
      }
      if (pairs < rows) {
        ALL.set(Memory.INT, to, ALL.get(Memory.INT, from));
        ALL.set(Memory.INT, to + stepY, ALL.get(Memory.INT, from + 4));
      }
    }
    if (c < columns) {
      words(x + 4 * c, stepX, y + c * stepY, 4, rows);
    }
  }

  /// Picks slices as [RowKernels#gather] does.
  ///
  /// @param g the extents
  /// @param x the slices
  /// @param indices the indices
  /// @param y the result
  /// @throws IndexOutOfBoundsException if an index lies outside
  public static void gather(GatherGeometry g, long x, long indices, long y) {
    long bytes = g.sliceBytes();
    long picked = g.count() * g.inner();
    for (long o = 0; o < g.outer(); o++) {
      long from = x + o * g.extent() * g.inner() * bytes;
      long to = y + o * picked * bytes;
      long first = g.shared() ? 0 : o * picked;
      if (g.inner() == 1) {
        gather(g, from, indices, first, to);
        continue;
      }
      for (long k = 0; k < picked; k += g.inner()) {
        pick(g, from, indices, first + k, to + k * bytes);
      }
    }
  }

  /// Picks one element of each column.
  private static void pick(GatherGeometry g, long x, long indices, long first, long y) {
    long bytes = g.sliceBytes();
    for (long i = 0; i < g.inner(); i++) {
      long row = checkIndex(index(g.indexType(), indices, first + i), first + i, g.extent());
      long from = x + (row * g.inner() + i) * bytes;
      if (bytes == 4) {
        ALL.set(Memory.INT, y + 4 * i, ALL.get(Memory.INT, from));
      } else {
        bytes(from, y + i * bytes, bytes);
      }
    }
  }

  /// Picks slices of one row.
  ///
  /// @param first the position of the row's first index
  private static void gather(GatherGeometry g, long x, long indices, long first, long y) {
    long bytes = g.sliceBytes();
    boolean isShort = g.count() <= Integer.MAX_VALUE;
    if (bytes == 4 && isShort) {
      ints(x, g.extent(), indices, g.indexType(), first, (int) g.count(), y);
    } else if (bytes == 8 && isShort) {
      longs(x, g.extent(), indices, g.indexType(), first, (int) g.count(), y);
    } else {
      for (long i = 0; i < g.count(); i++) {
        long row = checkIndex(index(g.indexType(), indices, first + i), first + i, g.extent());
        bytes(x + row * bytes, y + i * bytes, bytes);
      }
    }
  }

  private static void ints(
      long x, long extent, long indices, DType indexType, long first, int count, long y) {
    for (int i = 0; i < count; i++) {
      long slice = checkIndex(index(indexType, indices, first + i), first + i, extent);
      ALL.set(Memory.INT, y + 4L * i, ALL.get(Memory.INT, x + 4 * slice));
    }
  }

  private static void longs(
      long x, long extent, long indices, DType indexType, long first, int count, long y) {
    for (int i = 0; i < count; i++) {
      long slice = checkIndex(index(indexType, indices, first + i), first + i, extent);
      ALL.set(Memory.LONG, y + 8L * i, ALL.get(Memory.LONG, x + 8 * slice));
    }
  }

  /// Writes indices as unit vectors as [RowKernels#oneHot] does: for some of them at a time off
  /// values first, then the on values where they belong.
  ///
  /// @param kernels what fills memory
  /// @param indices the indices, `[outer, inner]`, negative ones counted from the end
  /// @param indexType their type, a numeric one
  /// @param outer extent of the first dimension
  /// @param depth extent of the vectors
  /// @param inner extent of the last dimension
  /// @param values the off value and the on value
  /// @param valueBytes bytes of either: 1, 2, 4 or 8
  /// @param y the result
  public static void oneHot(
      RowKernels kernels,
      long indices,
      DType indexType,
      long outer,
      long depth,
      long inner,
      long values,
      int valueBytes,
      long y) {
    long bytes = depth * inner * valueBytes;
    long some = Math.max(1, NEAR_BYTES / Math.max(1, bytes));
    for (long o = 0; o < outer; o += some) {
      long count = Math.min(some, outer - o);
      long from = indices + o * inner * indexType.bytes();
      long to = y + o * bytes;
      if (valueBytes == Float.BYTES) {
        kernels.fill(Memory.getFloat(values), to, count * depth * inner);
      } else {
        fill(to, count * bytes, values, valueBytes);
      }
      mark(from, indexType, count, depth, inner, values + valueBytes, valueBytes, to);
    }
  }

  private static void mark(
      long indices,
      DType indexType,
      long outer,
      long depth,
      long inner,
      long on,
      int valueBytes,
      long y) {
    for (long o = 0; o < outer; o++) {
      long vectors = y + o * depth * inner * valueBytes;
      for (long i = 0; i < inner; i++) {
        long index = index(indexType, indices, o * inner + i);
        long counted = index < 0 ? index + depth : index;
        if (counted < 0 || counted >= depth) {
          continue;
        }
        long to = vectors + (counted * inner + i) * valueBytes;
        if (valueBytes == Float.BYTES) {
          ALL.set(Memory.INT, to, ALL.get(Memory.INT, on));
        } else {
          bytes(on, to, valueBytes);
        }
      }
    }
  }

  /// Multiplies rows by unit vectors as [RowKernels#oneHotDot] does. Of a row whose elements are
  /// all finite the products with 0 add nothing, so that one element is the sum.
  ///
  /// @param x the rows, `[outer, depth]`
  /// @param outer how many rows
  /// @param depth elements of a row and extent of the vectors
  /// @param indices the indices, `[outer, count]`, negative ones counted from the end
  /// @param indexType i32 or i64
  /// @param count the indices of a row
  /// @param y the result, `[outer, count]`
  public static void oneHotDot(
      long x, int outer, int depth, long indices, DType indexType, int count, long y) {
    long position = 0;
    for (int o = 0; o < outer; o++) {
      long row = x + 4L * o * depth;
      int most = 0;
      for (int d = 0; d < depth; d++) {
        most = Math.max(most, ALL.get(Memory.INT, row + 4L * d) & MAGNITUDE);
      }
      for (int i = 0; i < count; i++, position++) {
        long index = index(indexType, indices, position);
        long counted = index < 0 ? index + depth : index;
        boolean isInside = counted >= 0 && counted < depth;
        float chosen = isInside ? Memory.getFloat(row + 4 * counted) + 0 : 0;
        boolean isSum = most < INFINITY || (isInside && areOthersFinite(row, depth, counted));
        Memory.setFloat(y + 4 * position, isSum ? chosen : Float.NaN);
      }
    }
  }

  private static boolean areOthersFinite(long row, int depth, long index) {
    for (int d = 0; d < depth; d++) {
      if (d != index && !Float.isFinite(Memory.getFloat(row + 4L * d))) {
        return false;
      }
    }
    return true;
  }

  /// Repeats an element.
  private static void fill(long y, long bytes, long element, int elementBytes) {
    long whole = bytes & -8;
    long pattern = pattern(element, elementBytes);
    for (long at = 0; at < whole; at += 8) {
      ALL.set(Memory.LONG, y + at, pattern);
    }
    for (long at = whole; at < bytes; at += elementBytes) {
      bytes(element, y + at, elementBytes);
    }
  }

  /// {@return an element, repeated over eight bytes}
  private static long pattern(long element, int elementBytes) {
    long pattern = 0;
    for (int i = 0; i < 8; i++) {
      long value = ALL.get(ValueLayout.JAVA_BYTE, element + i % elementBytes) & 0xff;
      pattern |= value << (8 * i);
    }
    return pattern;
  }

  /// {@return an index as it stands in memory}
  ///
  /// @param type its type, a numeric one
  /// @param indices the address of all indices
  /// @param position where it stands among them
  static long index(DType type, long indices, long position) {
    return type == DType.I64
        ? ALL.get(Memory.LONG, indices + 8 * position)
        : TypedMemory.getLong(type, indices + position * type.bytes());
  }

  /// {@return an index counted from the start}
  ///
  /// @param index the index, negative if counted from the end
  /// @param position where it stands among the indices, for the message
  /// @param extent the extent that it indexes
  /// @throws IndexOutOfBoundsException if it lies outside
  public static long checkIndex(long index, long position, long extent) {
    long counted = index < 0 ? index + extent : index;
    if (counted < 0 || counted >= extent) {
      throw new IndexOutOfBoundsException(
          "index %d at position %d: expected %d to %d"
              .formatted(index, position, -extent, extent - 1));
    }
    return counted;
  }
}
