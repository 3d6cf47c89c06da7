package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Copies between strided views, and of slices by index.
final class VectorCopies {
  /// From this size on a library call is faster than a loop.
  private static final long LARGE = 2048;

  /// Extents of the tiles in which a transposition keeps to few cache lines.
  private static final long TILE = 16;

  /// Extents below this leave room for a longer tile.
  private static final long FEW = 40;

  /// The extent of a tile whose other extent is less than [#FEW].
  private static final long LONG_TILE = 208;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private VectorCopies() {}

  /// Copies bytes between areas that do not overlap.
  static void bytes(long from, long to, long bytes) {
    if (bytes >= LARGE) {
      Memory.copy(from, to, bytes);
    } else if (bytes >= BYTES) {
      vectors(from, to, bytes);
    } else if (bytes >= 4) {
      fewWords(from, to, bytes);
    } else {
      for (long i = 0; i < bytes; i++) {
        Memory.ALL.set(BYTE, to + i, Memory.ALL.get(BYTE, from + i));
      }
    }
  }

  private static void vectors(long from, long to, long bytes) {
    for (long i = 0; i <= bytes - BYTES; i += BYTES) {
      fromMemorySegment(SPECIES, ALL, from + i, LITTLE_ENDIAN)
          .intoMemorySegment(ALL, to + i, LITTLE_ENDIAN);
    }
    long last = bytes - BYTES;
    fromMemorySegment(SPECIES, ALL, from + last, LITTLE_ENDIAN)
        .intoMemorySegment(ALL, to + last, LITTLE_ENDIAN);
  }

  /// Up to a vector of bytes: whole words by a mask, then the last word once more.
  private static void fewWords(long from, long to, long bytes) {
    VectorMask<Float> mask = SPECIES.indexInRange(0, bytes >> 2);
    FloatVector words = fromMemorySegment(SPECIES, ALL, from, LITTLE_ENDIAN, mask);
    int last = Memory.ALL.get(Memory.INT, from + bytes - 4);
    words.intoMemorySegment(ALL, to, LITTLE_ENDIAN, mask);
    Memory.ALL.set(Memory.INT, to + bytes - 4, last);
  }

  static void copy(StridedCopy copy, long x, long y) {
    int rank = copy.dims().length;
    for (long dim : copy.dims()) {
      if (dim == 0) {
        return;
      }
    }
    int element = copy.elementBytes();
    int targetInner = dimensionOfStride(copy.targetStrides(), element);
    int sourceInner = dimensionOfStride(copy.sourceStrides(), element);
    if (rank == 0) {
      bytes(x, y, element);
    } else if (targetInner >= 0 && targetInner == sourceInner) {
      runs(copy, targetInner, 0, x, y);
    } else if (targetInner >= 0 && sourceInner >= 0) {
      transpositions(copy, sourceInner, targetInner, 0, x, y);
    } else {
      lines(copy, targetInner >= 0 ? targetInner : rank - 1, 0, x, y);
    }
  }

  private static int dimensionOfStride(long[] strides, long stride) {
    for (int d = strides.length - 1; d >= 0; d--) {
      if (strides[d] == stride) {
        return d;
      }
    }
    return -1;
  }

  /// Runs over all dimensions but one, that of contiguous elements.
  private static void runs(StridedCopy copy, int inner, int dimension, long x, long y) {
    if (dimension == copy.dims().length) {
      bytes(x, y, copy.dims()[inner] * copy.elementBytes());
    } else if (dimension == inner) {
      runs(copy, inner, dimension + 1, x, y);
    } else {
      long from = x;
      long to = y;
      for (long i = copy.dims()[dimension]; i > 0; i--) {
        runs(copy, inner, dimension + 1, from, to);
        from += copy.sourceStrides()[dimension];
        to += copy.targetStrides()[dimension];
      }
    }
  }

  /// Runs over all dimensions but one, along which elements are copied one by one.
  private static void lines(StridedCopy copy, int inner, int dimension, long x, long y) {
    if (dimension == copy.dims().length) {
      elements(
          copy.elementBytes(),
          x,
          copy.sourceStrides()[inner],
          y,
          copy.targetStrides()[inner],
          copy.dims()[inner]);
    } else if (dimension == inner) {
      lines(copy, inner, dimension + 1, x, y);
    } else {
      long from = x;
      long to = y;
      for (long i = copy.dims()[dimension]; i > 0; i--) {
        lines(copy, inner, dimension + 1, from, to);
        from += copy.sourceStrides()[dimension];
        to += copy.targetStrides()[dimension];
      }
    }
  }

  static void elements(int bytes, long x, long stepX, long y, long stepY, long n) {
    switch (bytes) {
      case 1 -> {
        for (long i = 0; i < n; i++) {
          Memory.ALL.set(BYTE, y + i * stepY, Memory.ALL.get(BYTE, x + i * stepX));
        }
      }
      case 2 -> {
        for (long i = 0; i < n; i++) {
          Memory.ALL.set(SHORT, y + i * stepY, Memory.ALL.get(SHORT, x + i * stepX));
        }
      }
      case 4 -> words(x, stepX, y, stepY, n);
      default -> {
        for (long i = 0; i < n; i++) {
          Memory.ALL.set(Memory.LONG, y + i * stepY, Memory.ALL.get(Memory.LONG, x + i * stepX));
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

  /// Runs over all dimensions but two: that of contiguous source elements and that of contiguous
  /// target elements.
  private static void transpositions(
      StridedCopy copy, int sourceInner, int targetInner, int dimension, long x, long y) {
    if (dimension == copy.dims().length) {
      transpose(
          copy.elementBytes(),
          copy.dims()[sourceInner],
          copy.dims()[targetInner],
          x,
          copy.sourceStrides()[targetInner],
          y,
          copy.targetStrides()[sourceInner]);
    } else if (dimension == sourceInner || dimension == targetInner) {
      transpositions(copy, sourceInner, targetInner, dimension + 1, x, y);
    } else {
      long from = x;
      long to = y;
      for (long i = copy.dims()[dimension]; i > 0; i--) {
        transpositions(copy, sourceInner, targetInner, dimension + 1, from, to);
        from += copy.sourceStrides()[dimension];
        to += copy.targetStrides()[dimension];
      }
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

  private static void transposeWords(
      long columns, long rows, long x, long stepX, long y, long stepY) {
    for (long c = 0; c < columns; c++) {
      long from = x + 4 * c;
      long to = y + c * stepY;
      long end = to + 4 * rows;
      for (; to <= end - 16; to += 16, from += 4 * stepX) {
        int first = ALL.get(Memory.INT, from);
        int second = ALL.get(Memory.INT, from + stepX);
        int third = ALL.get(Memory.INT, from + 2 * stepX);
        int fourth = ALL.get(Memory.INT, from + 3 * stepX);
        ALL.set(Memory.INT, to, first);
        ALL.set(Memory.INT, to + 4, second);
        ALL.set(Memory.INT, to + 8, third);
        ALL.set(Memory.INT, to + 12, fourth);
      }
      for (; to < end; to += 4, from += stepX) {
        ALL.set(Memory.INT, to, ALL.get(Memory.INT, from));
      }
    }
  }

  static void gather(
      long x,
      long outer,
      long extent,
      long sliceBytes,
      long indices,
      DType indexType,
      long count,
      long y) {
    long to = y;
    for (long o = 0; o < outer; o++) {
      long from = x + o * extent * sliceBytes;
      for (long i = 0; i < count; i++, to += sliceBytes) {
        long index =
            indexType == DType.I64
                ? Memory.ALL.get(Memory.LONG, indices + 8 * i)
                : TypedMemory.getLong(indexType, indices + i * indexType.bytes());
        long slice = ScalarRowKernels.checkIndex(index, i, extent);
        bytes(from + slice * sliceBytes, to, sliceBytes);
      }
    }
  }
}
