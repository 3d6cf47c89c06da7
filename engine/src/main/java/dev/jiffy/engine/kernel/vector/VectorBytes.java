package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.INTS;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Memory;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Conversions between f32 and unsigned bytes, four vectors of f32 at a time, and ranges.
///
/// A vector of bytes is one of words: of four vectors each word holds an element of its lane, and
/// words change places so that each holds neighbours. Not every CPU moves bytes between the lanes
/// of its widest vectors, but all move words.
///
/// Where elements do not fill a group, the last one overlaps the one before it.
final class VectorBytes {
  private static final int GROUP = 4 * LANES;

  /// 1.5 · 2²³: added to a small number it leaves the nearest integer, ties to even, in the lowest
  /// bits.
  private static final float MAGIC = 0x1.8p23f;

  private static final int MAGIC_BITS = Float.floatToRawIntBits(MAGIC);

  /// 2²³: its bits and those of a small integer are the bits of their sum.
  private static final float CARRIER = 0x1p23f;

  private static final int CARRIER_BITS = Float.floatToRawIntBits(CARRIER);

  // Of words whose bytes are elements of four vectors: where those for each byte of a word of
  // neighbours are, and by how much they are to be shifted.
  private static final VectorShuffle<Integer> FIRST = gathered(0);
  private static final VectorShuffle<Integer> SECOND = gathered(1);
  private static final VectorShuffle<Integer> THIRD = gathered(2);
  private static final VectorShuffle<Integer> FOURTH = gathered(3);
  private static final IntVector OF_VECTOR =
      IntVector.fromArray(INTS, shifts(lane -> 4 * lane / LANES), 0);

  // Of words of neighbours: where those for each of four vectors are, and by how much they are to
  // be shifted.
  private static final VectorShuffle<Integer> VECTOR0 = scattered(0);
  private static final VectorShuffle<Integer> VECTOR1 = scattered(1);
  private static final VectorShuffle<Integer> VECTOR2 = scattered(2);
  private static final VectorShuffle<Integer> VECTOR3 = scattered(3);
  private static final IntVector OF_LANE = IntVector.fromArray(INTS, shifts(lane -> lane % 4), 0);

  private VectorBytes() {}

  private static VectorShuffle<Integer> gathered(int neighbour) {
    return VectorShuffle.fromOp(INTS, lane -> (4 * lane + neighbour) % LANES);
  }

  private static VectorShuffle<Integer> scattered(int vector) {
    return VectorShuffle.fromOp(INTS, lane -> (vector * LANES + lane) / 4);
  }

  /// {@return the bits of so many bytes, lane by lane}
  private static int[] shifts(IntUnaryOperator bytes) {
    int[] shifts = new int[LANES];
    Arrays.setAll(shifts, lane -> 8 * bytes.applyAsInt(lane));
    return shifts;
  }

  /// Finds the range of at least a vector of numbers as [dev.jiffy.engine.kernel.RowKernels#range]
  /// does.
  static void range(long x, long n, long to) {
    FloatVector least0 = FloatVector.zero(SPECIES);
    FloatVector least1 = least0;
    FloatVector greatest0 = least0;
    FloatVector greatest1 = least0;
    long last = n - LANES;
    for (long i = 0; i < n; i += 2L * LANES) {
      long first = Math.min(i, last);
      long second = Math.min(i + LANES, last);
      FloatVector value0 = FloatVector.fromMemorySegment(SPECIES, ALL, x + 4 * first, LE);
      FloatVector value1 = FloatVector.fromMemorySegment(SPECIES, ALL, x + 4 * second, LE);
      least0 = value0.blend(least0, value0.compare(VectorOperators.LT, least0).not());
      least1 = value1.blend(least1, value1.compare(VectorOperators.LT, least1).not());
      greatest0 = value0.blend(greatest0, value0.compare(VectorOperators.GT, greatest0).not());
      greatest1 = value1.blend(greatest1, value1.compare(VectorOperators.GT, greatest1).not());
    }
    FloatVector zero = FloatVector.zero(SPECIES);
    Memory.setFloat(to, zero.min(least0).min(least1).reduceLanes(VectorOperators.MIN));
    Memory.setFloat(to + 4, zero.max(greatest0).max(greatest1).reduceLanes(VectorOperators.MAX));
  }

  /// Makes bytes as [dev.jiffy.engine.kernel.RowKernels#quantize(float, int, long, long, long)]
  /// does.
  static void quantize(float scale, int zero, long x, long y, long n) {
    if (n < GROUP) {
      Affine.quantize(0, scale, zero, x, y, n);
      return;
    }
    FloatVector least = FloatVector.broadcast(SPECIES, -zero);
    float greatest = 255 - zero;
    int shift = zero - MAGIC_BITS;
    for (long done = 0; done < n; done += GROUP) {
      long i = Math.min(done, n - GROUP);
      IntVector words = IntVector.zero(INTS);
      for (int vector = 0; vector < 4; vector++) {
        long from = x + 4 * i + (long) vector * BYTES;
        FloatVector steps = FloatVector.fromMemorySegment(SPECIES, ALL, from, LE).div(scale);
        // NaN is not greater, either
        FloatVector some = least.blend(steps, steps.compare(VectorOperators.GT, least));
        FloatVector few = some.blend(greatest, some.compare(VectorOperators.GT, greatest));
        IntVector bytes = few.add(MAGIC).reinterpretAsInts().add(shift);
        words = words.or(bytes.lanewise(VectorOperators.LSHL, 8 * vector));
      }
      IntVector first = words.rearrange(FIRST).lanewise(VectorOperators.LSHR, OF_VECTOR);
      IntVector second = words.rearrange(SECOND).lanewise(VectorOperators.LSHR, OF_VECTOR);
      IntVector third = words.rearrange(THIRD).lanewise(VectorOperators.LSHR, OF_VECTOR);
      IntVector fourth = words.rearrange(FOURTH).lanewise(VectorOperators.LSHR, OF_VECTOR);
      first
          .and(0xff)
          .or(second.and(0xff).lanewise(VectorOperators.LSHL, 8))
          .or(third.and(0xff).lanewise(VectorOperators.LSHL, 16))
          .or(fourth.lanewise(VectorOperators.LSHL, 24))
          .intoMemorySegment(ALL, y + i, LE);
    }
  }

  /// Makes numbers as [dev.jiffy.engine.kernel.RowKernels#dequantize(float, int, long, long, long)]
  /// does.
  static void dequantize(float scale, int zero, long x, long y, long n) {
    if (n < GROUP) {
      Affine.dequantize(0xff, scale, zero, x, y, n);
      return;
    }
    float shift = CARRIER + zero;
    for (long done = 0; done < n; done += GROUP) {
      long i = Math.min(done, n - GROUP);
      long to = y + 4 * i;
      IntVector words = IntVector.fromMemorySegment(INTS, ALL, x + i, LE);
      words.rearrange(VECTOR0).intoMemorySegment(ALL, to, LE);
      words.rearrange(VECTOR1).intoMemorySegment(ALL, to + BYTES, LE);
      words.rearrange(VECTOR2).intoMemorySegment(ALL, to + 2L * BYTES, LE);
      words.rearrange(VECTOR3).intoMemorySegment(ALL, to + 3L * BYTES, LE);
      for (int vector = 0; vector < 4; vector++) {
        long at = to + (long) vector * BYTES;
        IntVector.fromMemorySegment(INTS, ALL, at, LE)
            .lanewise(VectorOperators.LSHR, OF_LANE)
            .and(0xff)
            .or(CARRIER_BITS)
            .reinterpretAsFloats()
            .sub(shift)
            .mul(scale)
            .intoMemorySegment(ALL, at, LE);
      }
    }
  }
}
