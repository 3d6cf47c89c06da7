package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Memory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Reductions of rows of contiguous elements, and of columns whose neighbours are contiguous.
///
/// Sums have several accumulators, which hides the latency of an addition and keeps rounding errors
/// small.
final class VectorReductions {
  private VectorReductions() {}

  static void reduce(ReduceFunction function, long x, long y, long outer, long n, long inner) {
    if (function == ReduceFunction.LOG_SUM_EXP) {
      logSumExp(x, y, outer, n, inner);
      return;
    }
    for (long o = 0; o < outer; o++) {
      long from = x + 4 * o * n * inner;
      if (inner == 1) {
        Memory.setFloat(y + 4 * o, row(function, from, n));
      } else {
        columns(function, from, y + 4 * o * inner, n, inner);
      }
    }
    long results = outer * inner;
    switch (function) {
      case MEAN -> divide(y, (float) n, results);
      case L2 -> VectorUnary.apply(UnaryFunction.SQRT, 0, 0, y, y, results);
      case LOG_SUM -> VectorUnary.apply(UnaryFunction.LOG, 0, 0, y, y, results);
      case SUM, MAX, MIN, PROD, L1, SUM_SQUARE, LOG_SUM_EXP -> {}
    }
  }

  private static float row(ReduceFunction function, long x, long n) {
    return switch (function) {
      case SUM, MEAN, LOG_SUM, LOG_SUM_EXP -> sumOfRow(x, n);
      case L1 -> magnitudesOfRow(x, n);
      case L2, SUM_SQUARE -> squaresOfRow(x, n);
      case MAX -> largestOfRow(x, n);
      case MIN -> smallestOfRow(x, n);
      case PROD -> productOfRow(x, n);
    };
  }

  private static void columns(ReduceFunction function, long x, long y, long n, long inner) {
    for (long i = 0; i < inner; i += LANES) {
      long from = x + 4 * i;
      long to = y + 4 * i;
      switch (function) {
        case SUM, MEAN, LOG_SUM, LOG_SUM_EXP -> sumOfColumns(from, 4 * inner, n, to, inner - i);
        case L1 -> magnitudesOfColumns(from, 4 * inner, n, to, inner - i);
        case L2, SUM_SQUARE -> squaresOfColumns(from, 4 * inner, n, to, inner - i);
        case MAX -> largestOfColumns(from, 4 * inner, n, to, inner - i);
        case MIN -> smallestOfColumns(from, 4 * inner, n, to, inner - i);
        case PROD -> productOfColumns(from, 4 * inner, n, to, inner - i);
      }
    }
  }

  private static void divide(long y, float divisor, long n) {
    for (long i = 0; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      Tails.store(Tails.load(y + 4 * i, mask).div(broadcast(SPECIES, divisor)), y + 4 * i, mask);
    }
  }

  /// `ln Σ e^x` from `x - max x`; an infinite maximum is the result.
  private static void logSumExp(long x, long y, long outer, long n, long inner) {
    for (long o = 0; o < outer; o++) {
      long from = x + 4 * o * n * inner;
      long to = y + 4 * o * inner;
      if (inner == 1) {
        float largest = largestOfRow(from, n);
        float result = largest;
        if (Float.isFinite(largest)) {
          result += (float) Math.log(VectorNormalization.expSum(from, largest, n));
        }
        Memory.setFloat(to, result);
        continue;
      }
      for (long i = 0; i < inner; i++) {
        Memory.setFloat(to + 4 * i, logSumExpOfColumn(from + 4 * i, 4 * inner, n));
      }
    }
  }

  /// Rare enough to be computed one by one.
  private static float logSumExpOfColumn(long x, long step, long n) {
    float largest = Float.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      largest = Math.max(largest, Memory.getFloat(x + i * step));
    }
    if (!Float.isFinite(largest)) {
      return largest;
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += Math.exp(Memory.getFloat(x + i * step) - (double) largest);
    }
    return (float) (largest + Math.log(sum));
  }

  private static float sumOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.add(s0);
      s1 = v1.add(s1);
      s2 = v2.add(s2);
      s3 = v3.add(s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      s0 = v.add(s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  private static void sumOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.add(s0);
      s1 = v1.add(s1);
      s2 = v2.add(s2);
      s3 = v3.add(s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.add(s0);
    }
    Tails.store(broadcast(SPECIES, 0).add(s0), y, mask);
  }

  private static float magnitudesOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.abs().add(s0);
      s1 = v1.abs().add(s1);
      s2 = v2.abs().add(s2);
      s3 = v3.abs().add(s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      s0 = v.abs().add(s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  private static void magnitudesOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.abs().add(s0);
      s1 = v1.abs().add(s1);
      s2 = v2.abs().add(s2);
      s3 = v3.abs().add(s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.abs().add(s0);
    }
    Tails.store(broadcast(SPECIES, 0).add(s0), y, mask);
  }

  private static float squaresOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.fma(v0, s0);
      s1 = v1.fma(v1, s1);
      s2 = v2.fma(v2, s2);
      s3 = v3.fma(v3, s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = Tails.load(x + 4 * i, mask);
      s0 = v.fma(v, s0);
    }
    return broadcast(SPECIES, 0).add(s0).reduceLanes(VectorOperators.ADD);
  }

  private static void squaresOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, 0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.fma(v0, s0);
      s1 = v1.fma(v1, s1);
      s2 = v2.fma(v2, s2);
      s3 = v3.fma(v3, s3);
    }
    s0 = broadcast(SPECIES, 0).add(s0).add(s1).add(s2).add(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.fma(v, s0);
    }
    Tails.store(broadcast(SPECIES, 0).add(s0), y, mask);
  }

  private static float largestOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.max(s0);
      s1 = v1.max(s1);
      s2 = v2.max(s2);
      s3 = v3.max(s3);
    }
    s0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(s0).max(s1).max(s2).max(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v =
          broadcast(SPECIES, Float.NEGATIVE_INFINITY).blend(Tails.load(x + 4 * i, mask), mask);
      s0 = v.max(s0);
    }
    return broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(s0).reduceLanes(VectorOperators.MAX);
  }

  private static void largestOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.max(s0);
      s1 = v1.max(s1);
      s2 = v2.max(s2);
      s3 = v3.max(s3);
    }
    s0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(s0).max(s1).max(s2).max(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.max(s0);
    }
    Tails.store(broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(s0), y, mask);
  }

  private static float smallestOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, Float.POSITIVE_INFINITY);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.min(s0);
      s1 = v1.min(s1);
      s2 = v2.min(s2);
      s3 = v3.min(s3);
    }
    s0 = broadcast(SPECIES, Float.POSITIVE_INFINITY).min(s0).min(s1).min(s2).min(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v =
          broadcast(SPECIES, Float.POSITIVE_INFINITY).blend(Tails.load(x + 4 * i, mask), mask);
      s0 = v.min(s0);
    }
    return broadcast(SPECIES, Float.POSITIVE_INFINITY).min(s0).reduceLanes(VectorOperators.MIN);
  }

  private static void smallestOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, Float.POSITIVE_INFINITY);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.min(s0);
      s1 = v1.min(s1);
      s2 = v2.min(s2);
      s3 = v3.min(s3);
    }
    s0 = broadcast(SPECIES, Float.POSITIVE_INFINITY).min(s0).min(s1).min(s2).min(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.min(s0);
    }
    Tails.store(broadcast(SPECIES, Float.POSITIVE_INFINITY).min(s0), y, mask);
  }

  private static float productOfRow(long x, long n) {
    FloatVector s0 = broadcast(SPECIES, 1);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4L * LANES; i += 4L * LANES) {
      FloatVector v0 = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector v1 = fromMemorySegment(SPECIES, ALL, x + 4 * i + BYTES, LITTLE_ENDIAN);
      FloatVector v2 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 2L * BYTES, LITTLE_ENDIAN);
      FloatVector v3 = fromMemorySegment(SPECIES, ALL, x + 4 * i + 3L * BYTES, LITTLE_ENDIAN);
      s0 = v0.mul(s0);
      s1 = v1.mul(s1);
      s2 = v2.mul(s2);
      s3 = v3.mul(s3);
    }
    s0 = broadcast(SPECIES, 1).mul(s0).mul(s1).mul(s2).mul(s3);
    for (; i < n; i += LANES) {
      VectorMask<Float> mask = Tails.mask(i, n);
      FloatVector v = broadcast(SPECIES, 1).blend(Tails.load(x + 4 * i, mask), mask);
      s0 = v.mul(s0);
    }
    return broadcast(SPECIES, 1).mul(s0).reduceLanes(VectorOperators.MUL);
  }

  private static void productOfColumns(long x, long step, long n, long y, long left) {
    VectorMask<Float> mask = Tails.mask(0, left);
    FloatVector s0 = broadcast(SPECIES, 1);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long i = 0;
    for (; i <= n - 4; i += 4) {
      FloatVector v0 = Tails.load(x + i * step, mask);
      FloatVector v1 = Tails.load(x + (i + 1) * step, mask);
      FloatVector v2 = Tails.load(x + (i + 2) * step, mask);
      FloatVector v3 = Tails.load(x + (i + 3) * step, mask);
      s0 = v0.mul(s0);
      s1 = v1.mul(s1);
      s2 = v2.mul(s2);
      s3 = v3.mul(s3);
    }
    s0 = broadcast(SPECIES, 1).mul(s0).mul(s1).mul(s2).mul(s3);
    for (; i < n; i++) {
      FloatVector v = Tails.load(x + i * step, mask);
      s0 = v.mul(s0);
    }
    Tails.store(broadcast(SPECIES, 1).mul(s0), y, mask);
  }
}
