package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.splat;
import static dev.jiffy.engine.kernel.vector.VectorBinary.DENSE;

import dev.jiffy.engine.function.BinaryFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Softmax and layer normalisation, row by row in a few passes over a row that stays in the
/// first-level cache.
final class VectorNormalization {
  private VectorNormalization() {}

  static void softmax(boolean log, long x, long y, long rows, long n) {
    for (long row = 0; row < rows; row++) {
      long from = x + 4 * row * n;
      long to = y + 4 * row * n;
      if (log) {
        float largest = largest(from, n);
        float sum = sumOfExponentials(from, largest, n);
        subtract(from, largest, (float) Math.log(sum), to, n);
      } else if (n <= LANES) {
        softmaxOfVector(from, to, n);
      } else {
        float sum = exponentials(from, largest(from, n), to, n);
        scale(to, 1 / sum, n);
      }
    }
  }

  private static void softmaxOfVector(long x, long y, long n) {
    VectorMask<Float> mask = Lanes.upTo(0, n);
    FloatVector v = splat(Float.NEGATIVE_INFINITY).blend(Lanes.load(x, mask), mask);
    float largest = v.reduceLanes(VectorOperators.MAX);
    FloatVector e = VectorMath.expOfNegative(v.sub(splat(largest)));
    e = splat(0).blend(e, mask);
    float sum = e.reduceLanes(VectorOperators.ADD);
    Lanes.store(e.mul(splat(1 / sum)), y, mask);
  }

  /// The largest of a row that holds no NaN; one that does ends as NaN all the same.
  static float largest(long x, long n) {
    FloatVector m0 = splat(Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      FloatVector v0 = Lanes.load(x + 4 * i);
      FloatVector v1 = Lanes.load(x + 4 * (i + LANES));
      m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
      m1 = m1.blend(v1, v1.compare(VectorOperators.GT, m1));
    }
    m0 = m0.blend(m1, m1.compare(VectorOperators.GT, m0));
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector v = Lanes.load(x + 4 * i, mask);
      m0 = m0.blend(v, v.compare(VectorOperators.GT, m0).and(mask));
    }
    return m0.reduceLanes(VectorOperators.MAX);
  }

  /// `y = e^(x - largest)`; returns the sum.
  private static float exponentials(long x, float largest, long y, long n) {
    FloatVector sum = splat(0);
    for (long i = 0; i < n; i += LANES) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector v = Lanes.load(x + 4 * i, mask);
      FloatVector e = VectorMath.expOfNegative(v.sub(splat(largest)));
      Lanes.store(e, y + 4 * i, mask);
      sum = sum.add(e, mask);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  static float sumOfExponentials(long x, float largest, long n) {
    FloatVector sum = splat(0);
    for (long i = 0; i < n; i += LANES) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector v = Lanes.load(x + 4 * i, mask);
      sum = sum.add(VectorMath.expOfNegative(v.sub(splat(largest))), mask);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  /// `y = x - largest - rest`
  private static void subtract(long x, float largest, float rest, long y, long n) {
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      Lanes.store(Lanes.load(x + 4 * i).sub(splat(largest)).sub(splat(rest)), y + 4 * i);
    }
    if (i < n) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector v = Lanes.load(x + 4 * i, mask);
      Lanes.store(v.sub(splat(largest)).sub(splat(rest)), y + 4 * i, mask);
    }
  }

  /// `y = y · factor`
  static void scale(long y, float factor, long n) {
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      Lanes.store(Lanes.load(y + 4 * i).mul(splat(factor)), y + 4 * i);
    }
    if (i < n) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      Lanes.store(Lanes.load(y + 4 * i, mask).mul(splat(factor)), y + 4 * i, mask);
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
      float variance = squaresAround(from, mean, n) / (float) n;
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
    FloatVector s0 = splat(0);
    FloatVector s1 = splat(0);
    FloatVector s2 = splat(0);
    FloatVector s3 = splat(0);
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      s0 = s0.add(Lanes.load(x + 4 * i));
      s1 = s1.add(Lanes.load(x + 4 * (i + LANES)));
      s2 = s2.add(Lanes.load(x + 4 * (i + 2L * LANES)));
      s3 = s3.add(Lanes.load(x + 4 * (i + 3L * LANES)));
    }
    s0 = s0.add(s1).add(s2.add(s3));
    for (; i < n; i += LANES) {
      s0 = s0.add(Lanes.load(x + 4 * i, Lanes.upTo(i, n)));
    }
    return s0.reduceLanes(VectorOperators.ADD);
  }

  /// `y = x + residual`; returns the sum.
  private static float addRows(long x, long residual, long y, long n) {
    FloatVector s0 = splat(0);
    FloatVector s1 = splat(0);
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      long at = 4 * i;
      FloatVector z0 = Lanes.load(x + at).add(Lanes.load(residual + at));
      Lanes.store(z0, y + at);
      s0 = s0.add(z0);
      at += Lanes.BYTES;
      FloatVector z1 = Lanes.load(x + at).add(Lanes.load(residual + at));
      Lanes.store(z1, y + at);
      s1 = s1.add(z1);
    }
    s0 = s0.add(s1);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector z = Lanes.load(x + 4 * i, mask).add(Lanes.load(residual + 4 * i, mask));
      Lanes.store(z, y + 4 * i, mask);
      s0 = s0.add(z);
    }
    return s0.reduceLanes(VectorOperators.ADD);
  }

  /// `Σ (x - mean)²`
  private static float squaresAround(long x, float mean, long n) {
    FloatVector s0 = splat(0);
    FloatVector s1 = splat(0);
    FloatVector m = splat(mean);
    long i = 0;
    for (; i <= n - 2L * LANES; i += 2L * LANES) {
      FloatVector d0 = Lanes.load(x + 4 * i).sub(m);
      FloatVector d1 = Lanes.load(x + 4 * (i + LANES)).sub(m);
      s0 = d0.fma(d0, s0);
      s1 = d1.fma(d1, s1);
    }
    s0 = s0.add(s1);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector d = splat(0).blend(Lanes.load(x + 4 * i, mask).sub(m), mask);
      s0 = d.fma(d, s0);
    }
    return s0.reduceLanes(VectorOperators.ADD);
  }

  private static void normalize(
      long x, float mean, float factor, long scale, long bias, long y, long n) {
    FloatVector f = splat(factor);
    FloatVector m = splat(mean);
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector z = Lanes.load(x + 4 * i).sub(m).mul(f);
      Lanes.store(z.fma(Lanes.load(scale + 4 * i), Lanes.load(bias + 4 * i)), y + 4 * i);
    }
    if (i < n) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      FloatVector z = Lanes.load(x + 4 * i, mask).sub(m).mul(f);
      z = z.fma(Lanes.load(scale + 4 * i, mask), Lanes.load(bias + 4 * i, mask));
      Lanes.store(z, y + 4 * i, mask);
    }
  }

  private static void normalize(long x, float mean, float factor, long y, long n) {
    FloatVector f = splat(factor);
    FloatVector m = splat(mean);
    long i = 0;
    for (; i <= n - LANES; i += LANES) {
      Lanes.store(Lanes.load(x + 4 * i).sub(m).mul(f), y + 4 * i);
    }
    if (i < n) {
      VectorMask<Float> mask = Lanes.upTo(i, n);
      Lanes.store(Lanes.load(x + 4 * i, mask).sub(m).mul(f), y + 4 * i, mask);
    }
  }
}
