package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// The scores of one query of attention.
final class Scores {
  private static final Isolated EXPONENTIALS =
      Isolated.method(
          Scores.class,
          "exponentials",
          float.class,
          long.class,
          float.class,
          long.class,
          long.class);

  private Scores() {}

  /// Replaces a row of scores by `e^(x - max x)` where `x = scale · scores + mask`, in whole
  /// vectors, the last filled up, and returns the sum.
  static float weigh(long scores, int n, float scale, long mask) {
    int whole = n - n % LANES;
    float max = mask == 0 ? scaled(scores, whole, scale) : masked(scores, whole, scale, mask);
    if (whole < n) {
      VectorMask<Float> present = Tails.mask(whole, n);
      FloatVector x =
          FloatVector.fromMemorySegment(SPECIES, ALL, scores + 4L * whole, LE).mul(scale);
      if (mask != 0) {
        x = x.add(FloatVector.fromMemorySegment(SPECIES, ALL, mask + 4L * whole, LE, present));
      }
      x = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY).blend(x, present);
      x.intoMemorySegment(ALL, scores + 4L * whole, LE);
      max = Math.max(max, x.reduceLanes(VectorOperators.MAX));
    }
    return EXPONENTIALS.map(scores, max, scores, n);
  }

  /// Computes `scale · scores` in place and returns the greatest.
  private static float scaled(long scores, int n, float scale) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, ALL, scores + 4L * i, LE).mul(scale);
      x.intoMemorySegment(ALL, scores + 4L * i, LE);
      max = x.max(max);
    }
    return FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY)
        .max(max)
        .reduceLanes(VectorOperators.MAX);
  }

  /// Computes `scale · scores + mask` in place and returns the greatest.
  private static float masked(long scores, int n, float scale, long mask) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x =
          FloatVector.fromMemorySegment(SPECIES, ALL, scores + 4L * i, LE)
              .mul(scale)
              .add(FloatVector.fromMemorySegment(SPECIES, ALL, mask + 4L * i, LE));
      x.intoMemorySegment(ALL, scores + 4L * i, LE);
      max = x.max(max);
    }
    return FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY)
        .max(max)
        .reduceLanes(VectorOperators.MAX);
  }

  /// Computes `y = e^(x - max)` of whole vectors and returns the sum.
  static float exponentials(long x, float max, long y, long n) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (long i = 0; i < n; i += LANES) {
      FloatVector e =
          VectorMath.expOfNegative(
              FloatVector.fromMemorySegment(SPECIES, ALL, x + 4 * i, LE).sub(max));
      e.intoMemorySegment(ALL, y + 4 * i, LE);
      sum = e.add(sum);
    }
    return FloatVector.broadcast(SPECIES, 0).add(sum).reduceLanes(VectorOperators.ADD);
  }
}
