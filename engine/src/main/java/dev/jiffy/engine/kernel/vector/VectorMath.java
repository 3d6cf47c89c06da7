package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.SPECIES;
import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Transcendental functions of f32 vectors.
///
/// Each is a range reduction and one polynomial or rational function, without branches. The
/// coefficients are minimax fits of the stated range (Lawson's iteration, computed in binary64,
/// rounded to f32). Every method is small enough to be inlined into a kernel's loop: a kernel calls
/// one of them once.
final class VectorMath {
  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0x1.62e4p-1f;
  private static final float LN2_LOW = 1.4286068e-06f;

  /// `1.5 · 2^23`: adding it rounds to an integer, which the low bits of the sum then hold.
  private static final float ROUNDER = 0x1.8p23f;

  /// The largest argument whose exponential is finite.
  private static final float EXP_LIMIT = 0x1.62e42ep6f;

  /// The smallest argument whose exponential is a normal number.
  private static final float EXP_FLOOR = -0x1.5d589ep6f;

  private static final float TWO_BY_PI = 0.63661975f;

  /// `π / 2` is the sum.
  private static final float QUARTER_HIGH = 1.5707964f;

  private static final float QUARTER_MIDDLE = -4.371139e-08f;
  private static final float QUARTER_LOW = -1.7151245e-15f;

  /// The largest magnitude of an argument of [#sine] and [#tangent].
  static final float MOST_ANGLE = 1e5f;

  /// `2 / ln 2` is the sum.
  private static final float LOG2_HIGH = 2.88539f;

  private static final float LOG2_LOW = 3.851926e-08f;

  /// The least magnitude that is too great for an exponent of [#power].
  private static final float MOST_EXPONENT = 0x1p60f;

  private VectorMath() {}

  /// `e^x` within 2 ulp; results below the normal numbers are 0.
  static FloatVector exp(FloatVector x) {
    FloatVector rounded = x.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
    FloatVector n = rounded.sub(broadcast(SPECIES, ROUNDER));
    FloatVector r = n.fma(broadcast(SPECIES, -LN2_LOW), n.fma(broadcast(SPECIES, -LN2_HIGH), x));
    FloatVector p = broadcast(SPECIES, 0.0013814318f).fma(r, broadcast(SPECIES, 0.008368852f));
    p = p.fma(r, broadcast(SPECIES, 0.0416684f));
    p = p.fma(r, broadcast(SPECIES, 0.1666652f));
    p = p.fma(r, broadcast(SPECIES, 0.49999994f));
    p = p.fma(r, broadcast(SPECIES, 1));
    p = p.fma(r, broadcast(SPECIES, 1));
    IntVector scale = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector y = p.reinterpretAsInts().add(scale).reinterpretAsFloats();
    y = y.blend(0, x.compare(VectorOperators.LT, EXP_FLOOR));
    return x.mul(broadcast(SPECIES, Float.POSITIVE_INFINITY))
        .blend(y, x.compare(VectorOperators.LE, EXP_LIMIT));
  }

  /// `e^x` for `x ≤ 0`, as [#exp].
  static FloatVector expOfNegative(FloatVector x) {
    FloatVector rounded = x.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
    FloatVector n = rounded.sub(broadcast(SPECIES, ROUNDER));
    FloatVector r = n.fma(broadcast(SPECIES, -LN2_LOW), n.fma(broadcast(SPECIES, -LN2_HIGH), x));
    FloatVector p = broadcast(SPECIES, 0.0013814318f).fma(r, broadcast(SPECIES, 0.008368852f));
    p = p.fma(r, broadcast(SPECIES, 0.0416684f));
    p = p.fma(r, broadcast(SPECIES, 0.1666652f));
    p = p.fma(r, broadcast(SPECIES, 0.49999994f));
    p = p.fma(r, broadcast(SPECIES, 1));
    p = p.fma(r, broadcast(SPECIES, 1));
    IntVector bits = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector y = p.mul(bits.add(0x3f800000).reinterpretAsFloats());
    return y.blend(0, x.compare(VectorOperators.LT, EXP_FLOOR));
  }

  /// `e^x - 1` for `x ≤ 0`, within 2 ulp; lanes with positive arguments are meaningless.
  static FloatVector expm1OfNegative(FloatVector x) {
    FloatVector z = x.blend(-20, x.compare(VectorOperators.LT, -20));
    FloatVector rounded = z.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, ROUNDER));
    FloatVector n = rounded.sub(broadcast(SPECIES, ROUNDER));
    FloatVector r = n.fma(broadcast(SPECIES, -LN2_LOW), n.fma(broadcast(SPECIES, -LN2_HIGH), z));
    FloatVector p = broadcast(SPECIES, 0.0013946667f).fma(r, broadcast(SPECIES, 0.0083667105f));
    p = p.fma(r, broadcast(SPECIES, 0.04166628f));
    p = p.fma(r, broadcast(SPECIES, 0.16666542f));
    p = p.fma(r, broadcast(SPECIES, 0.5f));
    p = p.mul(r).fma(r, r);
    IntVector bits = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    FloatVector scale = bits.add(0x3f800000).reinterpretAsFloats();
    return scale.fma(p, scale.sub(broadcast(SPECIES, 1)));
  }

  /// `ln x` within 2 ulp.
  static FloatVector log(FloatVector x) {
    VectorMask<Float> tiny = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
    FloatVector y = logOfNormal(x.blend(x.mul(broadcast(SPECIES, 0x1p23f)), tiny));
    y = y.blend(y.sub(broadcast(SPECIES, 15.942385f)), tiny);
    y = y.blend(Float.NaN, x.compare(VectorOperators.LT, 0));
    y = y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0));
    return x.blend(y, x.compare(VectorOperators.LT, Float.POSITIVE_INFINITY));
  }

  /// `ln x` of positive normal numbers.
  private static FloatVector logOfNormal(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector exponent = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
    FloatVector e = exponent.add(0x4b400000).reinterpretAsFloats().sub(broadcast(SPECIES, ROUNDER));
    IntVector mantissa = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23));
    FloatVector f = mantissa.reinterpretAsFloats().sub(broadcast(SPECIES, 1));
    FloatVector p = broadcast(SPECIES, -0.07859546f).fma(f, broadcast(SPECIES, 0.12881622f));
    p = p.fma(f, broadcast(SPECIES, -0.13128768f));
    p = p.fma(f, broadcast(SPECIES, 0.14181197f));
    p = p.fma(f, broadcast(SPECIES, -0.16624554f));
    p = p.fma(f, broadcast(SPECIES, 0.20002286f));
    p = p.fma(f, broadcast(SPECIES, -0.2500081f));
    p = p.fma(f, broadcast(SPECIES, 0.33333316f));
    FloatVector square = f.mul(f);
    FloatVector low = e.fma(broadcast(SPECIES, LN2_LOW), p.mul(f).mul(square));
    return e.fma(broadcast(SPECIES, LN2_HIGH), square.fma(broadcast(SPECIES, -0.5f), low).add(f));
  }

  /// `ln(1 + t)` for `0 ≤ t ≤ 1`, relative error below 2e-7.
  static FloatVector log1pOfUnit(FloatVector t) {
    FloatVector p = broadcast(SPECIES, 0.0052326242f).fma(t, broadcast(SPECIES, -0.029504957f));
    p = p.fma(t, broadcast(SPECIES, 0.07822549f));
    p = p.fma(t, broadcast(SPECIES, -0.13663207f));
    p = p.fma(t, broadcast(SPECIES, 0.19105989f));
    p = p.fma(t, broadcast(SPECIES, -0.24842978f));
    p = p.fma(t, broadcast(SPECIES, 0.33319095f));
    p = p.fma(t, broadcast(SPECIES, -0.49999493f));
    p = p.fma(t, broadcast(SPECIES, 0.99999994f));
    return p.mul(t);
  }

  /// {@return whether all arguments may be those of a sine or tangent}
  static boolean areAngles(FloatVector x) {
    return x.abs().compare(VectorOperators.LE, MOST_ANGLE).allTrue();
  }

  /// `x · 2 / π`, rounded, in the low bits.
  private static FloatVector quarters(FloatVector x) {
    return x.fma(broadcast(SPECIES, TWO_BY_PI), broadcast(SPECIES, ROUNDER));
  }

  /// What is left of `x` when so many quarters of a turn are taken from it.
  private static FloatVector rest(FloatVector x, FloatVector quarters) {
    FloatVector n = quarters.sub(broadcast(SPECIES, ROUNDER));
    FloatVector high = n.fma(broadcast(SPECIES, -QUARTER_HIGH), x);
    FloatVector middle = n.fma(broadcast(SPECIES, -QUARTER_MIDDLE), high);
    return n.fma(broadcast(SPECIES, -QUARTER_LOW), middle);
  }

  private static FloatVector sineOfRest(FloatVector r) {
    FloatVector u = r.mul(r);
    FloatVector p = broadcast(SPECIES, -0.00019511959f).fma(u, broadcast(SPECIES, 0.008332137f));
    p = p.fma(u, broadcast(SPECIES, -0.16666654f));
    return p.fma(u.mul(r), r);
  }

  private static FloatVector cosineOfRest(FloatVector r) {
    FloatVector u = r.mul(r);
    FloatVector p = broadcast(SPECIES, 2.4429359e-05f).fma(u, broadcast(SPECIES, -0.0013887284f));
    p = p.fma(u, broadcast(SPECIES, 0.041666646f));
    p = p.fma(u, broadcast(SPECIES, -0.5f));
    return p.fma(u, broadcast(SPECIES, 1));
  }

  /// The sine of [angles][#areAngles], so many quarters of a turn later, within 2 ulp.
  static FloatVector sine(FloatVector x, int later) {
    FloatVector quarters = quarters(x);
    FloatVector r = rest(x, quarters);
    IntVector q = quarters.reinterpretAsInts().add(later);
    VectorMask<Float> odd = q.and(1).compare(VectorOperators.NE, 0).cast(SPECIES);
    IntVector sign = q.and(2).lanewise(VectorOperators.LSHL, 30);
    FloatVector y = sineOfRest(r).blend(cosineOfRest(r), odd);
    return y.reinterpretAsInts().lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
  }

  /// The tangent of [angles][#areAngles], within 4 ulp.
  static FloatVector tangent(FloatVector x) {
    FloatVector quarters = quarters(x);
    FloatVector r = rest(x, quarters);
    VectorMask<Float> odd =
        quarters.reinterpretAsInts().and(1).compare(VectorOperators.NE, 0).cast(SPECIES);
    FloatVector sine = sineOfRest(r);
    FloatVector cosine = cosineOfRest(r);
    return sine.blend(cosine.neg(), odd).div(cosine.blend(sine, odd));
  }

  /// `atan x`, within 3 ulp.
  static FloatVector arctangent(FloatVector x) {
    FloatVector magnitude = x.abs();
    VectorMask<Float> steep = magnitude.compare(VectorOperators.GT, 1);
    FloatVector t = magnitude.blend(broadcast(SPECIES, 1).div(magnitude), steep);
    FloatVector u = t.mul(t);
    FloatVector p = broadcast(SPECIES, 0.002849955f).fma(u, broadcast(SPECIES, -0.01606891f));
    p = p.fma(u, broadcast(SPECIES, 0.042692013f));
    p = p.fma(u, broadcast(SPECIES, -0.07504341f));
    p = p.fma(u, broadcast(SPECIES, 0.10640959f));
    p = p.fma(u, broadcast(SPECIES, -0.14203651f));
    p = p.fma(u, broadcast(SPECIES, 0.19992621f));
    p = p.fma(u, broadcast(SPECIES, -0.33333072f));
    FloatVector y = p.fma(u.mul(t), t);
    FloatVector rest = y.sub(broadcast(SPECIES, QUARTER_MIDDLE));
    return withSign(y.blend(broadcast(SPECIES, QUARTER_HIGH).sub(rest), steep), x);
  }

  /// {@return whether all arguments may be those of [#power]: bases that are normal numbers, or 0
  /// with a positive exponent; exponents that are not huge}
  static boolean arePowers(FloatVector x, FloatVector y) {
    FloatVector base = x.abs();
    return base.compare(VectorOperators.GE, Float.MIN_NORMAL)
        .and(base.compare(VectorOperators.LT, Float.POSITIVE_INFINITY))
        .or(base.compare(VectorOperators.EQ, 0).and(y.compare(VectorOperators.GT, 0)))
        .and(y.abs().compare(VectorOperators.LT, MOST_EXPONENT))
        .allTrue();
  }

  /// `x^y` of [such numbers][#arePowers], within 2 ulp, or 8 where `y` is not within ±64. The
  /// logarithm is a sum of two numbers.
  static FloatVector power(FloatVector x, FloatVector y) {
    IntVector bits = x.abs().reinterpretAsInts();
    IntVector exponent = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
    FloatVector e = exponent.add(0x4b400000).reinterpretAsFloats().sub(broadcast(SPECIES, ROUNDER));
    FloatVector m = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
    FloatVector f = m.sub(broadcast(SPECIES, 1));
    FloatVector d = m.add(broadcast(SPECIES, 1));
    FloatVector lost = m.sub(d.sub(broadcast(SPECIES, 1)));
    FloatVector s = f.div(d);
    FloatVector sLow = s.neg().fma(lost, s.neg().fma(d, f)).div(d);
    FloatVector u = s.mul(s);
    FloatVector p = broadcast(SPECIES, 0.3402497f).fma(u, broadcast(SPECIES, 0.41170478f));
    p = p.fma(u, broadcast(SPECIES, 0.5770829f));
    p = p.fma(u, broadcast(SPECIES, 0.9617967f));
    FloatVector h = s.mul(broadcast(SPECIES, LOG2_HIGH));
    FloatVector low = s.fma(broadcast(SPECIES, LOG2_HIGH), h.neg());
    low = low.add(sLow.fma(broadcast(SPECIES, LOG2_HIGH), p.mul(u).mul(s)));
    low = s.fma(broadcast(SPECIES, LOG2_LOW), low);
    FloatVector sum = e.add(h);
    low = low.add(h.sub(sum.sub(e)));
    FloatVector high = sum.add(low);
    low = low.sub(high.sub(sum));
    FloatVector product = high.mul(y);
    FloatVector rest = y.fma(low, high.fma(y, product.neg()));
    return signed(exponential(product, rest), x, y);
  }

  /// `2^(x + low)`, where `low` is little.
  private static FloatVector exponential(FloatVector x, FloatVector low) {
    FloatVector limited = x.blend(200, x.compare(VectorOperators.GT, 200));
    limited = limited.blend(-200, limited.compare(VectorOperators.LT, -200));
    FloatVector rounded = limited.add(broadcast(SPECIES, ROUNDER));
    FloatVector r = limited.sub(rounded.sub(broadcast(SPECIES, ROUNDER)));
    r = r.add(low).blend(r, x.compare(VectorOperators.NE, limited));
    FloatVector p = broadcast(SPECIES, 0.00015353352f).fma(r, broadcast(SPECIES, 0.0013398906f));
    p = p.fma(r, broadcast(SPECIES, 0.009618438f));
    p = p.fma(r, broadcast(SPECIES, 0.055503324f));
    p = p.fma(r, broadcast(SPECIES, 0.24022648f));
    p = p.fma(r, broadcast(SPECIES, 0.6931472f));
    p = p.fma(r, broadcast(SPECIES, 1));
    IntVector n = rounded.reinterpretAsInts().sub(0x4b400000);
    IntVector half = n.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(n.sub(half)));
  }

  private static FloatVector powerOfTwo(IntVector n) {
    return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /// The power of a base, of what its magnitude's is: an odd exponent keeps the sign, one that is
  /// not whole has no power of a negative base.
  private static FloatVector signed(FloatVector power, FloatVector x, FloatVector y) {
    FloatVector whole = round(y);
    FloatVector half = y.mul(broadcast(SPECIES, 0.5f));
    VectorMask<Float> odd =
        whole.compare(VectorOperators.EQ, y).and(round(half).compare(VectorOperators.NE, half));
    FloatVector magnitude = power.blend(0, x.compare(VectorOperators.EQ, 0));
    FloatVector result = magnitude.blend(withSign(magnitude, x), odd);
    VectorMask<Float> none =
        x.compare(VectorOperators.LT, 0).and(whole.compare(VectorOperators.NE, y));
    return result.blend(Float.NaN, none);
  }

  /// `tanh x`, relative error below 4e-7; exactly ±1 beyond ±9.
  static FloatVector tanh(FloatVector x) {
    FloatVector u = x.mul(x);
    FloatVector p = broadcast(SPECIES, 1.33548035e-08f).fma(u, broadcast(SPECIES, 2.0609195e-05f));
    FloatVector q = broadcast(SPECIES, 7.7766197e-07f).fma(u, broadcast(SPECIES, 0.00032856464f));
    p = p.fma(u, broadcast(SPECIES, 0.0034955954f));
    q = q.fma(u, broadcast(SPECIES, 0.02587701f));
    p = p.fma(u, broadcast(SPECIES, 0.13381033f));
    q = q.fma(u, broadcast(SPECIES, 0.46714348f));
    p = p.fma(u, broadcast(SPECIES, 1));
    q = q.fma(u, broadcast(SPECIES, 1));
    return saturate(x, p.mul(x).div(q), 9, 1, -1);
  }

  /// The error function, relative error below 4e-7; exactly ±1 beyond ±3.92.
  static FloatVector erf(FloatVector x) {
    FloatVector u = x.mul(x);
    FloatVector p = broadcast(SPECIES, 2.0500947e-06f).fma(u, broadcast(SPECIES, 0.00028488247f));
    FloatVector q = broadcast(SPECIES, 3.8091777e-05f).fma(u, broadcast(SPECIES, 0.0011625305f));
    p = p.fma(u, broadcast(SPECIES, 0.003765595f));
    q = q.fma(u, broadcast(SPECIES, 0.014969173f));
    p = p.fma(u, broadcast(SPECIES, 0.052748658f));
    q = q.fma(u, broadcast(SPECIES, 0.11410889f));
    p = p.fma(u, broadcast(SPECIES, 0.19040592f));
    q = q.fma(u, broadcast(SPECIES, 0.5020756f));
    p = p.fma(u, broadcast(SPECIES, 1.1283791f));
    q = q.fma(u, broadcast(SPECIES, 1));
    return saturate(x, p.mul(x).div(q), 3.92f, 1, -1);
  }

  /// The normal distribution function `(1 + erf(x / √2)) / 2`, error below 2e-7; exactly 0 and 1
  /// beyond ±5.4.
  static FloatVector normalDistribution(FloatVector x) {
    FloatVector u = x.mul(x);
    FloatVector p = broadcast(SPECIES, 2.2825622e-08f).fma(u, broadcast(SPECIES, 6.4490214e-06f));
    FloatVector q = broadcast(SPECIES, 1.2068982e-06f).fma(u, broadcast(SPECIES, 7.554674e-05f));
    p = p.fma(u, broadcast(SPECIES, 0.00017369929f));
    q = q.fma(u, broadcast(SPECIES, 0.0019116043f));
    p = p.fma(u, broadcast(SPECIES, 0.004707456f));
    q = q.fma(u, broadcast(SPECIES, 0.028894309f));
    p = p.fma(u, broadcast(SPECIES, 0.0342639f));
    q = q.fma(u, broadcast(SPECIES, 0.25255203f));
    p = p.fma(u, broadcast(SPECIES, 0.39894217f));
    q = q.fma(u, broadcast(SPECIES, 1));
    return saturate(x, p.mul(x).div(q).add(broadcast(SPECIES, 0.5f)), 5.4f, 1, 0);
  }

  private static FloatVector saturate(
      FloatVector x, FloatVector y, float limit, float above, float below) {
    return y.blend(above, x.compare(VectorOperators.GT, limit))
        .blend(below, x.compare(VectorOperators.LT, -limit));
  }

  /// The nearest integer, ties to even, with the sign of `x`.
  static FloatVector round(FloatVector x) {
    FloatVector magnitude = x.abs();
    FloatVector rounded =
        magnitude.add(broadcast(SPECIES, 0x1p23f)).sub(broadcast(SPECIES, 0x1p23f));
    return x.blend(withSign(rounded, x), magnitude.compare(VectorOperators.LT, 0x1p23f));
  }

  /// `magnitude`, not negative, with the sign of `x`.
  static FloatVector withSign(FloatVector magnitude, FloatVector x) {
    IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }
}
