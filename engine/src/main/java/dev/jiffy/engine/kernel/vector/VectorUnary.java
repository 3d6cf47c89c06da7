package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.splat;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Elementwise functions of contiguous f32 elements: one loop each, over whole vectors.
final class VectorUnary {
  private VectorUnary() {}

  /// One vector of working memory per thread, for the elements that do not fill one.
  private static final ThreadLocal<MemorySegment> REST =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Lanes.BYTES, Lanes.BYTES));

  /// Computes `y[i] = f(x[i])`.
  ///
  /// @param f the function
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param x the address of the arguments
  /// @param y the address of the results; may be `x`
  /// @param n how many
  static void apply(UnaryFunction f, float alpha, float beta, long x, long y, long n) {
    long whole = n & -LANES;
    if (whole > 0) {
      applyWhole(f, alpha, beta, x, y, whole);
    }
    if (whole < n) {
      long rest = REST.get().address();
      VectorMask<Float> mask = Lanes.upTo(whole, n);
      Lanes.store(Lanes.load(x + 4 * whole, mask), rest);
      applyWhole(f, alpha, beta, rest, rest, LANES);
      Lanes.store(Lanes.load(rest), y + 4 * whole, mask);
    }
  }

  /// Like [#apply], of whole vectors.
  ///
  /// @param f the function
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param x the address of the arguments
  /// @param y the address of the results; may be `x`
  /// @param n how many, a multiple of the lanes of a vector
  static void applyWhole(UnaryFunction f, float alpha, float beta, long x, long y, long n) {
    switch (f) {
      case ABS -> abs(x, y, n);
      case NEG -> neg(x, y, n);
      case SIGN -> sign(x, y, n);
      case CEIL -> ceil(x, y, n);
      case FLOOR -> floor(x, y, n);
      case ROUND -> round(x, y, n);
      case SQRT -> sqrt(x, y, n);
      case RECIPROCAL -> reciprocal(x, y, n);
      case EXP -> exp(x, y, n);
      case LOG -> log(x, y, n);
      case TANH -> tanh(x, y, n);
      case ERF -> erf(x, y, n);
      case RELU -> relu(x, y, n);
      case SIGMOID -> sigmoid(x, y, n);
      case SOFTPLUS -> softplus(x, y, n);
      case SOFTSIGN -> softsign(x, y, n);
      case CLIP -> clip(alpha, beta, x, y, n);
      case LEAKY_RELU -> leakyRelu(alpha, x, y, n);
      case ELU -> selu(alpha, 1, x, y, n);
      case SELU -> selu(alpha, beta, x, y, n);
      case CELU -> {
        if (alpha > 0) {
          celu(alpha, x, y, n);
        } else {
          one(f, alpha, beta, x, y, n);
        }
      }
      case HARD_SIGMOID -> hardSigmoid(alpha, beta, x, y, n);
      case HARD_SWISH -> hardSwish(alpha, beta, x, y, n);
      case THRESHOLDED_RELU -> thresholdedRelu(alpha, x, y, n);
      case SHRINK -> shrink(alpha, beta, x, y, n);
      case GELU -> gelu(x, y, n);
      case GELU_TANH -> geluTanh(x, y, n);
      case SILU -> silu(alpha, x, y, n);
      case MISH -> mish(x, y, n);
      case IS_NAN -> isNan(x, y, n);
      case IS_INF -> isInf(alpha, beta, x, y, n);
      case NOT -> not(x, y, n);
      case SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, ASINH, ACOSH, ATANH, BITWISE_NOT ->
          one(f, alpha, beta, x, y, n);
    }
  }

  /// Functions that are rare enough to be computed one by one.
  private static void one(UnaryFunction f, float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) f.apply(Memory.getFloat(x + 4 * i), alpha, beta));
    }
  }

  private static void abs(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.abs(), y + 4 * i);
    }
  }

  private static void neg(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.neg(), y + 4 * i);
    }
  }

  private static void sign(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector positive = v.blend(1, v.compare(VectorOperators.GT, 0));
      Lanes.store(positive.blend(-1, v.compare(VectorOperators.LT, 0)), y + 4 * i);
    }
  }

  private static void round(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.round(v), y + 4 * i);
    }
  }

  private static void ceil(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector r = VectorMath.round(v);
      FloatVector up = r.add(splat(1), r.compare(VectorOperators.LT, v));
      Lanes.store(VectorMath.withSign(up, v), y + 4 * i);
    }
  }

  private static void floor(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector r = VectorMath.round(v);
      Lanes.store(r.sub(splat(1), r.compare(VectorOperators.GT, v)), y + 4 * i);
    }
  }

  private static void sqrt(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.sqrt(), y + 4 * i);
    }
  }

  private static void reciprocal(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(splat(1).div(v), y + 4 * i);
    }
  }

  private static void exp(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.exp(v), y + 4 * i);
    }
  }

  private static void log(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.log(v), y + 4 * i);
    }
  }

  private static void tanh(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.tanh(v), y + 4 * i);
    }
  }

  private static void erf(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.erf(v), y + 4 * i);
    }
  }

  private static void relu(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.blend(0, v.compare(VectorOperators.LT, 0)), y + 4 * i);
    }
  }

  private static void sigmoid(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.exp(v.neg());
      Lanes.store(splat(1).div(e.add(splat(1))), y + 4 * i);
    }
  }

  private static void softplus(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.exp(v.abs().neg());
      FloatVector relu = v.blend(0, v.compare(VectorOperators.LT, 0));
      Lanes.store(VectorMath.log1pOfUnit(e).add(relu), y + 4 * i);
    }
  }

  private static void softsign(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.div(v.abs().add(splat(1))), y + 4 * i);
    }
  }

  private static void clip(float low, float high, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector raised = v.blend(low, v.compare(VectorOperators.LT, low));
      Lanes.store(raised.blend(high, raised.compare(VectorOperators.GT, high)), y + 4 * i);
    }
  }

  private static void leakyRelu(float alpha, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(v.blend(v.mul(splat(alpha)), v.compare(VectorOperators.LT, 0)), y + 4 * i);
    }
  }

  private static void selu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.expm1OfNegative(v).mul(splat(alpha));
      Lanes.store(e.blend(v, v.compare(VectorOperators.GT, 0)).mul(splat(beta)), y + 4 * i);
    }
  }

  private static void celu(float alpha, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.expm1OfNegative(v.div(splat(alpha))).mul(splat(alpha));
      Lanes.store(e.blend(v, v.compare(VectorOperators.GE, 0)), y + 4 * i);
    }
  }

  private static void hardSigmoid(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector z = v.fma(splat(alpha), splat(beta));
      FloatVector unit = z.blend(0, z.compare(VectorOperators.LT, 0));
      unit = unit.blend(1, z.compare(VectorOperators.GT, 1));
      Lanes.store(unit, y + 4 * i);
    }
  }

  private static void hardSwish(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector z = v.fma(splat(alpha), splat(beta));
      FloatVector unit = z.blend(0, z.compare(VectorOperators.LT, 0));
      unit = unit.blend(1, z.compare(VectorOperators.GT, 1));
      Lanes.store(unit.mul(v), y + 4 * i);
    }
  }

  private static void thresholdedRelu(float alpha, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(splat(0).blend(v, v.compare(VectorOperators.GT, alpha)), y + 4 * i);
    }
  }

  private static void shrink(float lambda, float bias, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector r = splat(0).blend(v.sub(splat(bias)), v.compare(VectorOperators.GT, lambda));
      Lanes.store(r.blend(v.add(splat(bias)), v.compare(VectorOperators.LT, -lambda)), y + 4 * i);
    }
  }

  private static void gelu(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(VectorMath.normalDistribution(v).mul(v), y + 4 * i);
    }
  }

  private static void geluTanh(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector cubic = v.mul(v).fma(splat(0.035677407f), splat(0.7978846f)).mul(v);
      FloatVector half = v.mul(splat(0.5f));
      Lanes.store(VectorMath.tanh(cubic).fma(half, half), y + 4 * i);
    }
  }

  private static void silu(float alpha, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.exp(v.mul(splat(-alpha)));
      Lanes.store(v.div(e.add(splat(1))), y + 4 * i);
    }
  }

  private static void mish(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector e = VectorMath.exp(v.blend(20, v.compare(VectorOperators.GT, 20)));
      FloatVector square = e.add(splat(2)).mul(e);
      Lanes.store(square.div(square.add(splat(2))).mul(v), y + 4 * i);
    }
  }

  private static void isNan(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(splat(0).blend(1, v.compare(VectorOperators.NE, v)), y + 4 * i);
    }
  }

  private static void isInf(float negative, float positive, long x, long y, long n) {
    float above = positive != 0 ? 1 : 0;
    float below = negative != 0 ? 1 : 0;
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      FloatVector r = splat(0).blend(above, v.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
      Lanes.store(
          r.blend(below, v.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)), y + 4 * i);
    }
  }

  private static void not(long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = Lanes.load(x + 4 * i);
      Lanes.store(splat(0).blend(1, v.compare(VectorOperators.EQ, 0)), y + 4 * i);
    }
  }
}
