package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.Tiles.LE;

import dev.jiffy.engine.kernel.Memory;
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
      VectorMask<Float> present = Lanes.upTo(whole, n);
      FloatVector x = Lanes.load(scores + 4L * whole).mul(scale);
      if (mask != 0) {
        x = x.add(Lanes.load(mask + 4L * whole, present));
      }
      x = Lanes.splat(Float.NEGATIVE_INFINITY).blend(x, present);
      Lanes.store(x, scores + 4L * whole);
      max = Math.max(max, x.reduceLanes(VectorOperators.MAX));
    }
    return EXPONENTIALS.map(scores, max, scores, n);
  }

  /// Computes `scale · scores` in place and returns the greatest.
  private static float scaled(long scores, int n, float scale) {
    FloatVector max = Lanes.splat(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = Lanes.load(scores + 4L * i).mul(scale);
      Lanes.store(x, scores + 4L * i);
      max = max.max(x);
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /// Computes `scale · scores + mask` in place and returns the greatest.
  private static float masked(long scores, int n, float scale, long mask) {
    FloatVector max = Lanes.splat(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < n; i += LANES) {
      FloatVector x = Lanes.load(scores + 4L * i).mul(scale).add(Lanes.load(mask + 4L * i));
      Lanes.store(x, scores + 4L * i);
      max = max.max(x);
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /// Computes `y = e^(x - max)` of whole vectors and returns the sum.
  static float exponentials(long x, float max, long y, long n) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (long i = 0; i < n; i += LANES) {
      FloatVector e =
          VectorMath.expOfNegative(
              FloatVector.fromMemorySegment(SPECIES, Memory.ALL, x + 4 * i, LE).sub(max));
      e.intoMemorySegment(Memory.ALL, y + 4 * i, LE);
      sum = sum.add(e);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }
}
