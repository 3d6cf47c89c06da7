package dev.jiffy.engine.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ElementwiseFunctionsTest {
  private static final double PART = 1e-12;

  private static double value(UnaryFunction function, double x) {
    return function.apply(x, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-300, 1e-17, 1e-10, 1e-3, 0.5, 0.999, 3, 1e9, 1e140, 1e200, 1e308})
  void inversesOfHyperbolicFunctionsAreInverses(double x) {
    double sine = value(UnaryFunction.ASINH, x);
    assertEquals(x, x < 1e9 ? Math.sinh(sine) : Math.exp(sine - Math.log(2)), x * PART);
    assertEquals(-sine, value(UnaryFunction.ASINH, -x));
    if (x < 1) {
      assertEquals(x, Math.tanh(value(UnaryFunction.ATANH, x)), x * PART);
      assertEquals(-value(UnaryFunction.ATANH, x), value(UnaryFunction.ATANH, -x));
      assertEquals(1 + x, Math.cosh(value(UnaryFunction.ACOSH, 1 + x)), PART);
    } else {
      double cosine = value(UnaryFunction.ACOSH, x);
      assertEquals(x, x < 1e9 ? Math.cosh(cosine) : Math.exp(cosine - Math.log(2)), x * PART);
    }
  }

  @Test
  void theirEndsAreThoseOfMathematics() {
    assertEquals(-0.0, value(UnaryFunction.ASINH, -0.0));
    assertEquals(-0.0, value(UnaryFunction.ATANH, -0.0));
    assertEquals(Double.POSITIVE_INFINITY, value(UnaryFunction.ATANH, 1));
    assertEquals(Double.NaN, value(UnaryFunction.ATANH, -1.5));
    assertEquals(0, value(UnaryFunction.ACOSH, 1));
    for (double x : new double[] {0.5, -1, -3, -1e9, -1e20, -1e200, Double.NEGATIVE_INFINITY}) {
      assertEquals(Double.NaN, value(UnaryFunction.ACOSH, x), "of " + x);
    }
    for (UnaryFunction each : new UnaryFunction[] {UnaryFunction.ASINH, UnaryFunction.ACOSH}) {
      assertEquals(Double.POSITIVE_INFINITY, value(each, Double.POSITIVE_INFINITY));
    }
  }

  @Test
  void powersOfOneAreOne() {
    for (double y : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 5, 0}) {
      assertEquals(1, BinaryFunction.POW.apply(1, y));
    }
    assertEquals(1, BinaryFunction.POW.apply(-1, Double.NEGATIVE_INFINITY));
    assertEquals(Double.NaN, BinaryFunction.POW.apply(-1, 0.5));
    assertEquals(1, BinaryFunction.POW.apply(Double.NaN, 0));
  }

  @Test
  void remaindersAreThoseOfDivisionBitByBit() {
    Random random = new Random(3);
    for (int i = 0; i < 100_000; i++) {
      double y = i % 2 == 0 ? random.nextGaussian() : Double.longBitsToDouble(random.nextLong());
      double near = y * (random.nextLong() >> (11 + random.nextInt(53)));
      for (double x : new double[] {near, Math.nextUp(near), Math.nextDown(near), -y, 0, -0.0}) {
        assertEquals(x % y, BinaryFunction.FMOD.apply(x, y), x + " % " + y);
        assertEquals(y % x, BinaryFunction.FMOD.apply(y, x), y + " % " + x);
      }
    }
    assertEquals(-3, BinaryFunction.FMOD.apply(-3, Double.POSITIVE_INFINITY));
    assertEquals(Double.NaN, BinaryFunction.FMOD.apply(Double.POSITIVE_INFINITY, 3));
  }

  @Test
  void powersOfIntegersAreExact() {
    assertEquals(4_052_555_153_018_976_267L, BinaryFunction.POW.apply(3L, 39L));
    assertEquals(-27, BinaryFunction.POW.apply(-3L, 3L));
    assertEquals(1, BinaryFunction.POW.apply(0L, 0L));
    assertEquals(0, BinaryFunction.POW.apply(2L, -1L));
    assertEquals(-1, BinaryFunction.POW.apply(-1L, -3L));
    assertEquals(0, BinaryFunction.POW.apply(0L, -1L));
    assertEquals(3, BinaryFunction.unsignedPower(3, Long.MIN_VALUE + 1));
  }

  @Test
  void aFeatureThatNoRowCanHaveIsRefused() {
    Forest.Builder forest = new Forest.Builder(1);
    assertThrows(
        IllegalArgumentException.class,
        () -> forest.branch(NodeMode.EQ, Integer.MAX_VALUE, 1, false));
  }
}
