package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static dev.jiffy.engine.kernel.vector.VectorBinary.DENSE;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.function.BinaryFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Softmax and layer normalisation, row by row in a few passes over a row that stays in the
/// first-level cache.
final class VectorNormalization {
  private static final Isolated EXPONENTIALS =
      Isolated.method(
          VectorNormalization.class,
          "exponentials",
          float.class,
          long.class,
          float.class,
          long.class,
          long.class);

  private static final Isolated SUM_OF_EXPONENTIALS =
      Isolated.method(
          VectorNormalization.class,
          "sumOfExponentials",
          float.class,
          long.class,
          float.class,
          long.class);

  private static final Isolated SQUARES_AROUND =
      Isolated.method(
          VectorNormalization.class,
          "squaresAround",
          float.class,
          long.class,
          float.class,
          long.class);

  private static final Isolated SOFTMAX_OF_VECTOR =
      Isolated.method(
          VectorNormalization.class,
          "softmaxOfVector",
          void.class,
          long.class,
          long.class,
          long.class);

  private VectorNormalization() {}

  static void softmax(boolean log, long x, long y, long rows, long n) {
    for (long row = 0; row < rows; row++) {
      long from = x + 4 * row * n;
      long to = y + 4 * row * n;
      if (log) {
        float largest = largest(from, n);
        float sum = expSum(from, largest, n);
        subtract(from, largest, (float) Math.log(sum), to, n);
      } else if (n <= LANES) {
        SOFTMAX_OF_VECTOR.run(from, to, n);
      } else {
        float sum = EXPONENTIALS.map(from, largest(from, n), to, n);
        scale(to, 1 / sum, n);
      }
    }
  }

  static void softmaxOfVector(long x, long y, long n) {
    VectorMask<Float> mask = Tails.mask(0, n);
    FloatVector v = broadcast(SPECIES, Float.NEGATIVE_INFINITY).blend(Tails.load(x, mask), mask);
    float largest = v.reduceLanes(VectorOperators.MAX);
    FloatVector e = VectorMath.expOfNegative(v.sub(broadcast(SPECIES, largest)));
    e = broadcast(SPECIES, 0).blend(e, mask);
    float sum = e.reduceLanes(VectorOperators.ADD);
    Tails.store(e.mul(broadcast(SPECIES, 1 / sum)), y, mask);
  }

  /// The largest of a row that holds no NaN; one that does ends as NaN all the same.
  static float largest(long x, long n) {
    FloatVector m0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * (i + LANES), LITTLE_ENDIAN);
      m0 = v0.blend(m0, v0.compare(VectorOperators.LE, m0));
      m1 = v1.blend(m1, v1.compare(VectorOperators.LE, m1));
    }
    m0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(m0).max(m1);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v =
          broadcast(SPECIES, Float.NEGATIVE_INFINITY).blend(Tails.load(x + 4 * i, mask), mask);
      m0 = v.blend(m0, v.compare(VectorOperators.LE, m0));
    }
    return broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(m0).reduceLanes(VectorOperators.MAX);
  }

  /// `y = e^(x - largest)`; returns the sum.
  static float exponentials(long x, float largest, long y, long n) {
    FloatVector sum = broadcast(SPECIES, 0);
    for (long i = 0; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      FloatVector e = VectorMath.expOfNegative(v.sub(broadcast(SPECIES, largest)));
      Tails.store(e, y + 4 * i, mask);
      sum = broadcast(SPECIES, 0).blend(e, mask).add(sum);
    }
    return broadcast(SPECIES, 0).add(sum).reduceLanes(VectorOperators.ADD);
  }

  /// `Σ e^(x - largest)`
  static float expSum(long x, float largest, long n) {
    return SUM_OF_EXPONENTIALS.reduce(x, largest, n);
  }

  static float sumOfExponentials(long x, float largest, long n) {
    FloatVector sum = broadcast(SPECIES, 0);
    for (long i = 0; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      FloatVector e = VectorMath.expOfNegative(v.sub(broadcast(SPECIES, largest)));
      sum = broadcast(SPECIES, 0).blend(e, mask).add(sum);
    }
    return broadcast(SPECIES, 0).add(sum).reduceLanes(VectorOperators.ADD);
  }

  /// `y = x - largest - rest`
  private static void subtract(long x, float largest, float rest, long y, long n) {
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN)
          .sub(broadcast(SPECIES, largest))
          .sub(broadcast(SPECIES, rest))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      Tails.store(
          v.sub(broadcast(SPECIES, largest)).sub(broadcast(SPECIES, rest)), y + 4 * i, mask);
    }
  }

  /// `y = y · factor`
  static void scale(long y, float factor, long n) {
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      fromMemorySegment(SPECIES, ALL, y + 4 * i, LITTLE_ENDIAN)
          .mul(broadcast(SPECIES, factor))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      Tails.store(Tails.load(y + 4 * i, mask).mul(broadcast(SPECIES, factor)), y + 4 * i, mask);
    }
  }

  static void layerNorm(
      long x, long residual, long scale, long bias, long y, long rows, long n, float epsilon) {
    for (long row = 0; row < rows; row++) {
      long from = x + 4 * row * n;
      long to = y + 4 * row * n;
      float sum;
      if (residual == 0) {
        sum = sum(from, n);
      } else {
        sum = addRows(from, residual + 4 * row * n, to, n);
        from = to;
      }
      float mean = sum / (float) n;
      float variance = SQUARES_AROUND.reduce(from, mean, n) / (float) n;
      float factor = (float) (1 / Math.sqrt(variance + (double) epsilon));
      if (scale != 0 && bias != 0) {
        normalize(from, mean, factor, scale, bias, to, n);
        continue;
      }
      normalize(from, mean, factor, to, n);
      if (scale != 0) {
        VectorBinary.apply(BinaryFunction.MUL, to, DENSE, scale, DENSE, to, n);
      }
      if (bias != 0) {
        VectorBinary.apply(BinaryFunction.ADD, to, DENSE, bias, DENSE, to, n);
      }
    }
  }

  /// The sum of a row.
  static float sum(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = broadcast(SPECIES, 0);
    FloatVector s2 = broadcast(SPECIES, 0);
    FloatVector s3 = broadcast(SPECIES, 0);
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      s0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN).add(s0);
      s1 = fromMemorySegment(SPECIES, ALL, x + 4 * (i + LANES), LITTLE_ENDIAN).add(s1);
      s2 = fromMemorySegment(SPECIES, ALL, x + 4 * (i + 2L * LANES), LITTLE_ENDIAN).add(s2);
      s3 = fromMemorySegment(SPECIES, ALL, x + 4 * (i + 3L * LANES), LITTLE_ENDIAN).add(s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      s0 = Tails.load(x + 4 * i, mask).add(s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  /// `y = x + residual`; returns the sum.
  private static float addRows(long x, long residual, long y, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = broadcast(SPECIES, 0);
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      long at = 4 * i;
      FloatVector z0 =
          fromMemorySegment(SPECIES, ALL, x + at, LITTLE_ENDIAN)
              .add(fromMemorySegment(SPECIES, ALL, residual + at, LITTLE_ENDIAN));
      z0.intoMemorySegment(ALL, y + at, LITTLE_ENDIAN);
      s0 = z0.add(s0);
      at += Lanes.BYTES;
      FloatVector z1 =
          fromMemorySegment(SPECIES, ALL, x + at, LITTLE_ENDIAN)
              .add(fromMemorySegment(SPECIES, ALL, residual + at, LITTLE_ENDIAN));
      z1.intoMemorySegment(ALL, y + at, LITTLE_ENDIAN);
      s1 = z1.add(s1);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector z = Tails.load(x + 4 * i, mask).add(Tails.load(residual + 4 * i, mask));
      Tails.store(z, y + 4 * i, mask);
      s0 = z.add(s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  /// `Σ (x - mean)²`
  static float squaresAround(long x, float mean, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = broadcast(SPECIES, 0);
    FloatVector m = broadcast(SPECIES, mean);
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      FloatVector d0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN).sub(m);
      FloatVector d1 = fromMemorySegment(SPECIES, ALL, x + 4 * (i + LANES), LITTLE_ENDIAN).sub(m);
      s0 = d0.fma(d0, s0);
      s1 = d1.fma(d1, s1);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector d = broadcast(SPECIES, 0).blend(Tails.load(x + 4 * i, mask).sub(m), mask);
      s0 = d.fma(d, s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  private static void normalize(
      long x, float mean, float factor, long scale, long bias, long y, long n) {
    FloatVector f = broadcast(SPECIES, factor);
    FloatVector m = broadcast(SPECIES, mean);
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector z = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN).sub(m).mul(f);
      z.fma(
              fromMemorySegment(SPECIES, ALL, scale + 4 * i, LITTLE_ENDIAN),
              fromMemorySegment(SPECIES, ALL, bias + 4 * i, LITTLE_ENDIAN))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector z = Tails.load(x + 4 * i, mask).sub(m).mul(f);
      z = z.fma(Tails.load(scale + 4 * i, mask), Tails.load(bias + 4 * i, mask));
      Tails.store(z, y + 4 * i, mask);
    }
  }

  private static void normalize(long x, float mean, float factor, long y, long n) {
    FloatVector f = broadcast(SPECIES, factor);
    FloatVector m = broadcast(SPECIES, mean);
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN)
          .sub(m)
          .mul(f)
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
    if (i < n) {
      VectorMask<Float> mask = Tails.mask(i, n);
      Tails.store(Tails.load(x + 4 * i, mask).sub(m).mul(f), y + 4 * i, mask);
    }
  }
}
