package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.StridedCopy;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Copies between strided views: runs of some vectors, every second word, neighbours that change
/// places, and three planes that are interleaved, as the colours of an image are when it becomes
/// channels-last. All else is left to [Movement].
///
/// Where elements do not fill a vector, the last one overlaps the one before it.
final class VectorCopies {
  /// The most bytes side by side that are copied here; the library's copy takes more.
  private static final long LONGEST = 2048;

  private static final int PLANES = 3;

  /// Brings every second element of a vector into the lower half, and into the upper half those
  /// between them.
  private static final VectorShuffle<Float> EVEN =
      VectorShuffle.fromOp(SPECIES, i -> 2 * i % LANES);

  private static final VectorShuffle<Float> ODD =
      VectorShuffle.fromOp(SPECIES, i -> (2 * i + 1) % LANES);

  private static final VectorShuffle<Float> NEIGHBOURS = VectorShuffle.fromOp(SPECIES, i -> i ^ 1);

  private static final VectorMask<Float> UPPER_HALF = Tails.mask(0, LANES / 2).not();

  // The interleaving of red, green and blue, by the vector of the result.
  private static final VectorShuffle<Float> SPREAD0 = spread(0);
  private static final VectorShuffle<Float> SPREAD1 = spread(1);
  private static final VectorShuffle<Float> SPREAD2 = spread(2);
  private static final VectorMask<Float> GREEN0 = VectorMask.fromArray(SPECIES, lanes(0, 1), 0);
  private static final VectorMask<Float> GREEN1 = VectorMask.fromArray(SPECIES, lanes(1, 1), 0);
  private static final VectorMask<Float> GREEN2 = VectorMask.fromArray(SPECIES, lanes(2, 1), 0);
  private static final VectorMask<Float> BLUE0 = VectorMask.fromArray(SPECIES, lanes(0, 2), 0);
  private static final VectorMask<Float> BLUE1 = VectorMask.fromArray(SPECIES, lanes(1, 2), 0);
  private static final VectorMask<Float> BLUE2 = VectorMask.fromArray(SPECIES, lanes(2, 2), 0);

  private VectorCopies() {}

  /// Where the elements of a plane come to lie in one of three vectors.
  private static VectorShuffle<Float> spread(int vector) {
    return VectorShuffle.fromOp(SPECIES, i -> (vector * LANES + i) / PLANES);
  }

  /// The lanes of one of three vectors that belong to a plane.
  private static boolean[] lanes(int vector, int plane) {
    boolean[] lanes = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      lanes[i] = (vector * LANES + i) % PLANES == plane;
    }
    return lanes;
  }

  /// Copies as [dev.jiffy.engine.kernel.RowKernels#copy] does.
  static void copy(StridedCopy copy, long x, long y) {
    int last = copy.dims().length - 1;
    if (copy.isEmpty()) {
      return;
    }
    if (interleaves(copy)) {
      copy.around(last - 1, last, VectorCopies::planes, x, y);
    } else if (copy.exchangesNeighbours() && 2 * copy.dims()[last - 1] >= LANES) {
      copy.around(last - 1, last, VectorCopies::neighbours, x, y);
    } else if (isVectors(copy, last)) {
      StridedCopy.Loops loops = isPairs(copy, last) ? VectorCopies::pairs : VectorCopies::runs;
      copy.around(last, last - 1, loops, x, y);
    } else {
      Movement.copy(copy, x, y);
    }
  }

  /// {@return whether a copy interleaves three planes}
  private static boolean interleaves(StridedCopy copy) {
    int last = copy.dims().length - 1;
    return copy.elementBytes() == 4
        && last >= 1
        && copy.dims()[last] == PLANES
        && copy.dims()[last - 1] >= LANES
        && copy.targetStrides()[last] == 4
        && copy.targetStrides()[last - 1] == 4 * PLANES
        && copy.sourceStrides()[last - 1] == 4;
  }

  /// {@return whether the last dimension is a run of at least a vector, or every second word of
  /// one}
  private static boolean isVectors(StridedCopy copy, int last) {
    if (last < 0 || copy.targetStrides()[last] != copy.elementBytes()) {
      return false;
    }
    long bytes = copy.dims()[last] * copy.elementBytes();
    if (bytes < BYTES) {
      return false;
    }
    long step = copy.sourceStrides()[last];
    return step == copy.elementBytes() ? bytes <= LONGEST && bytes % 4 == 0 : isPairs(copy, last);
  }

  private static boolean isPairs(StridedCopy copy, int last) {
    return copy.elementBytes() == 4 && copy.sourceStrides()[last] == 8;
  }

  private static void planes(StridedCopy copy, int inner, int plane, long x, long y) {
    interleave(x, copy.sourceStrides()[plane], y, copy.dims()[inner]);
  }

  private static void neighbours(StridedCopy copy, int pairs, int pair, long x, long y) {
    exchange(x - 4, y, 2 * copy.dims()[pairs]);
  }

  private static void pairs(StridedCopy copy, int inner, int middle, long x, long y) {
    long lines = middle < 0 ? 1 : copy.dims()[middle];
    long stepX = middle < 0 ? 0 : copy.sourceStrides()[middle];
    long stepY = middle < 0 ? 0 : copy.targetStrides()[middle];
    for (long line = 0; line < lines; line++) {
      everySecond(x + line * stepX, y + line * stepY, copy.dims()[inner]);
    }
  }

  private static void runs(StridedCopy copy, int inner, int middle, long x, long y) {
    long lines = middle < 0 ? 1 : copy.dims()[middle];
    long stepX = middle < 0 ? 0 : copy.sourceStrides()[middle];
    long stepY = middle < 0 ? 0 : copy.targetStrides()[middle];
    runs(x, stepX, y, stepY, lines, copy.dims()[inner] * copy.elementBytes());
  }

  private static void runs(long x, long stepX, long y, long stepY, long lines, long bytes) {
    long last = bytes - BYTES;
    long from = x;
    long to = y;
    for (long line = 0; line < lines; line++) {
      for (long i = 0; i < last; i += BYTES) {
        FloatVector.fromMemorySegment(SPECIES, ALL, from + i, LE)
            .intoMemorySegment(ALL, to + i, LE);
      }
      FloatVector.fromMemorySegment(SPECIES, ALL, from + last, LE)
          .intoMemorySegment(ALL, to + last, LE);
      from += stepX;
      to += stepY;
    }
  }

  /// Copies the words `x[2 · i]`. What lies behind the last of them is not read.
  private static void everySecond(long x, long y, long n) {
    for (long done = 0; done < n; done += LANES) {
      long i = Math.min(done, n - LANES);
      long from = x + 8 * i;
      FloatVector low = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
      FloatVector high = FloatVector.fromMemorySegment(SPECIES, ALL, from + BYTES - 4, LE);
      low.rearrange(EVEN)
          .blend(high.rearrange(ODD), UPPER_HALF)
          .intoMemorySegment(ALL, y + 4 * i, LE);
    }
  }

  /// Copies `y[i] = x[i ± 1]`: each word to the place of the other of its pair.
  private static void exchange(long x, long y, long n) {
    for (long done = 0; done < n; done += LANES) {
      long i = Math.min(done, n - LANES);
      FloatVector.fromMemorySegment(SPECIES, ALL, x + 4 * i, LE)
          .rearrange(NEIGHBOURS)
          .intoMemorySegment(ALL, y + 4 * i, LE);
    }
  }

  /// Copies `y[3 · i + plane] = x[plane, i]`.
  private static void interleave(long x, long step, long y, long n) {
    for (long done = 0; done < n; done += LANES) {
      long i = Math.min(done, n - LANES);
      long from = x + 4 * i;
      long to = y + 4L * PLANES * i;
      FloatVector red = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE);
      FloatVector green = FloatVector.fromMemorySegment(SPECIES, ALL, from + step, LE);
      FloatVector blue = FloatVector.fromMemorySegment(SPECIES, ALL, from + 2 * step, LE);
      red.rearrange(SPREAD0)
          .blend(green.rearrange(SPREAD0), GREEN0)
          .blend(blue.rearrange(SPREAD0), BLUE0)
          .intoMemorySegment(ALL, to, LE);
      red.rearrange(SPREAD1)
          .blend(green.rearrange(SPREAD1), GREEN1)
          .blend(blue.rearrange(SPREAD1), BLUE1)
          .intoMemorySegment(ALL, to + BYTES, LE);
      red.rearrange(SPREAD2)
          .blend(green.rearrange(SPREAD2), GREEN2)
          .blend(blue.rearrange(SPREAD2), BLUE2)
          .intoMemorySegment(ALL, to + 2L * BYTES, LE);
    }
  }
}
