package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.Memory.ALL;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/// Elementwise functions of contiguous f32 elements: one loop each, over whole vectors.
final class VectorUnary {
  /// The loops in use so far, by function.
  private static final @Nullable Isolated[] LOOPS =
      new @Nullable Isolated[UnaryFunction.values().length];

  /// From so many elements on a loop of many steps soon runs often enough to be compiled, and until
  /// then costs much more than single elements do.
  static final int MANY = 256;

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
      VectorMask<Float> mask = Tails.mask(whole, n);
      Tails.load(x + 4 * whole, mask).intoMemorySegment(ALL, rest, LITTLE_ENDIAN);
      applyWhole(f, alpha, beta, rest, rest, LANES);
      Tails.store(fromMemorySegment(SPECIES, ALL, rest, LITTLE_ENDIAN), y + 4 * whole, mask);
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
  @SuppressWarnings("EnumOrdinal") // An index into a table of this run, never stored.
  static void applyWhole(UnaryFunction f, float alpha, float beta, long x, long y, long n) {
    if (isRare(f, alpha, n)) {
      one(f, alpha, beta, x, y, n);
      return;
    }
    Isolated loop = LOOPS[f.ordinal()];
    if (loop == null) {
      loop = loop(f);
      LOOPS[f.ordinal()] = loop;
    }
    loop.run(alpha, f == UnaryFunction.ELU ? 1 : beta, x, y, n);
  }

  private static boolean isRare(UnaryFunction f, float alpha, long n) {
    return switch (f) {
      case SIN, COS, TAN, ATAN -> n < MANY;
      case ASIN, ACOS, SINH, COSH, ASINH, ACOSH, ATANH, BITWISE_NOT -> true;
      case CELU -> !(alpha > 0);
      default -> false;
    };
  }

  private static Isolated loop(UnaryFunction f) {
    String name =
        switch (f) {
          case ABS -> "abs";
          case NEG -> "neg";
          case SIGN -> "sign";
          case CEIL -> "ceil";
          case FLOOR -> "floor";
          case ROUND -> "round";
          case SQRT -> "sqrt";
          case RECIPROCAL -> "reciprocal";
          case EXP -> "exp";
          case LOG -> "log";
          case TANH -> "tanh";
          case ERF -> "erf";
          case RELU -> "relu";
          case SIGMOID -> "sigmoid";
          case SOFTPLUS -> "softplus";
          case SOFTSIGN -> "softsign";
          case CLIP -> "clip";
          case LEAKY_RELU -> "leakyRelu";
          case ELU -> "selu";
          case SELU -> "selu";
          case HARD_SIGMOID -> "hardSigmoid";
          case HARD_SWISH -> "hardSwish";
          case THRESHOLDED_RELU -> "thresholdedRelu";
          case SHRINK -> "shrink";
          case GELU -> "gelu";
          case GELU_TANH -> "geluTanh";
          case SILU -> "silu";
          case MISH -> "mish";
          case IS_NAN -> "isNan";
          case IS_INF -> "isInf";
          case NOT -> "not";
          case CELU -> "celu";
          case SIN -> "sin";
          case COS -> "cos";
          case TAN -> "tan";
          case ATAN -> "atan";
          case ASIN, ACOS, SINH, COSH, ASINH, ACOSH, ATANH, BITWISE_NOT ->
              throw new IllegalArgumentException(f + " has no loop");
        };
    return Isolated.method(
        VectorUnary.class,
        name,
        void.class,
        float.class,
        float.class,
        long.class,
        long.class,
        long.class);
  }

  /// Functions that are rare enough to be computed one by one.
  private static void one(UnaryFunction f, float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) f.apply(Memory.getFloat(x + 4 * i), alpha, beta));
    }
  }

  static void abs(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.abs().intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void neg(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.neg().intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void sign(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector positive = v.blend(1, v.compare(VectorOperators.GT, 0));
      positive
          .blend(-1, v.compare(VectorOperators.LT, 0))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void round(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.round(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void ceil(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector r = VectorMath.round(v);
      FloatVector up = r.add(broadcast(SPECIES, 1), r.compare(VectorOperators.LT, v));
      VectorMath.withSign(up, v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void floor(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector r = VectorMath.round(v);
      r.sub(broadcast(SPECIES, 1), r.compare(VectorOperators.GT, v))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void sqrt(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.sqrt().intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void reciprocal(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      broadcast(SPECIES, 1).div(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void exp(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.exp(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void log(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.log(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void sin(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      if (VectorMath.areAngles(v)) {
        VectorMath.sine(v, 0).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
      } else {
        one(UnaryFunction.SIN, alpha, beta, x + 4 * i, y + 4 * i, LANES);
      }
    }
  }

  static void cos(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      if (VectorMath.areAngles(v)) {
        VectorMath.sine(v, 1).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
      } else {
        one(UnaryFunction.COS, alpha, beta, x + 4 * i, y + 4 * i, LANES);
      }
    }
  }

  static void tan(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      if (VectorMath.areAngles(v)) {
        VectorMath.tangent(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
      } else {
        one(UnaryFunction.TAN, alpha, beta, x + 4 * i, y + 4 * i, LANES);
      }
    }
  }

  static void atan(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.arctangent(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void tanh(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.tanh(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void erf(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.erf(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void relu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.blend(0, v.compare(VectorOperators.LT, 0)).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void sigmoid(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e = VectorMath.exp(v.neg());
      broadcast(SPECIES, 1)
          .div(e.add(broadcast(SPECIES, 1)))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void softplus(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e = VectorMath.exp(v.abs().neg());
      FloatVector relu = v.blend(0, v.compare(VectorOperators.LT, 0));
      VectorMath.log1pOfUnit(e).add(relu).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void softsign(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.div(v.abs().add(broadcast(SPECIES, 1))).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void clip(float low, float high, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector raised = v.blend(low, v.compare(VectorOperators.LT, low));
      raised
          .blend(high, raised.compare(VectorOperators.GT, high))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void leakyRelu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      v.blend(v.mul(broadcast(SPECIES, alpha)), v.compare(VectorOperators.LT, 0))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void selu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e = VectorMath.expm1OfNegative(v).mul(broadcast(SPECIES, alpha));
      e.blend(v, v.compare(VectorOperators.GT, 0))
          .mul(broadcast(SPECIES, beta))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void celu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e =
          VectorMath.expm1OfNegative(v.div(broadcast(SPECIES, alpha)))
              .mul(broadcast(SPECIES, alpha));
      e.blend(v, v.compare(VectorOperators.GE, 0)).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void hardSigmoid(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector z = v.fma(broadcast(SPECIES, alpha), broadcast(SPECIES, beta));
      FloatVector unit = z.blend(0, z.compare(VectorOperators.LT, 0));
      unit = unit.blend(1, z.compare(VectorOperators.GT, 1));
      unit.intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void hardSwish(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector z = v.fma(broadcast(SPECIES, alpha), broadcast(SPECIES, beta));
      FloatVector unit = z.blend(0, z.compare(VectorOperators.LT, 0));
      unit = unit.blend(1, z.compare(VectorOperators.GT, 1));
      unit.mul(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void thresholdedRelu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(v, v.compare(VectorOperators.GT, alpha))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void shrink(float lambda, float bias, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector r =
          broadcast(SPECIES, 0)
              .blend(v.sub(broadcast(SPECIES, bias)), v.compare(VectorOperators.GT, lambda));
      r.blend(v.add(broadcast(SPECIES, bias)), v.compare(VectorOperators.LT, -lambda))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void gelu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      VectorMath.normalDistribution(v).mul(v).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void geluTanh(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector cubic =
          v.mul(v).fma(broadcast(SPECIES, 0.035677407f), broadcast(SPECIES, 0.7978846f)).mul(v);
      FloatVector half = v.mul(broadcast(SPECIES, 0.5f));
      VectorMath.tanh(cubic).fma(half, half).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void silu(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e = VectorMath.exp(v.mul(broadcast(SPECIES, -alpha)));
      v.div(e.add(broadcast(SPECIES, 1))).intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void mish(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector e = VectorMath.exp(v.blend(20, v.compare(VectorOperators.GT, 20)));
      FloatVector square = e.add(broadcast(SPECIES, 2)).mul(e);
      square
          .div(square.add(broadcast(SPECIES, 2)))
          .mul(v)
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void isNan(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, v.compare(VectorOperators.NE, v))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void isInf(float negative, float positive, long x, long y, long n) {
    float above = positive != 0 ? 1 : 0;
    float below = negative != 0 ? 1 : 0;
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      FloatVector r =
          broadcast(SPECIES, 0)
              .blend(above, v.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
      r.blend(below, v.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }

  static void not(float alpha, float beta, long x, long y, long n) {
    for (long i = 0; i < n; i += LANES) {
      FloatVector v = fromMemorySegment(SPECIES, ALL, x + 4 * i, LITTLE_ENDIAN);
      broadcast(SPECIES, 0)
          .blend(1, v.compare(VectorOperators.EQ, 0))
          .intoMemorySegment(ALL, y + 4 * i, LITTLE_ENDIAN);
    }
  }
}
