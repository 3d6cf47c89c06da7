package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PointwiseComparison;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class VectorPointwiseTest {
  private final PointwiseComparison comparison =
      new PointwiseComparison(new VectorRowKernels(), Floats::new);

  @Test
  void randomChainsAgreeBitForBit() {
    comparison.randomChains(40);
  }

  @ParameterizedTest
  @EnumSource(BinaryFunction.class)
  void everyFunctionOfTwoAgrees(BinaryFunction function) {
    comparison.functionOfTwo(function);
  }

  @Test
  void aResultMayTakeTheMemoryOfAnInput() {
    comparison.inPlace();
  }

  @Test
  void outputsMayBeInputsOrOneResultTwice() {
    comparison.outputsThatAreInputs();
  }

  @Test
  void powersOfAllNumbersAgree() {
    float[] bases = {
      0,
      -0f,
      1,
      -1,
      2,
      -2,
      0.5f,
      1.0000001f,
      0.9999999f,
      1.4142135f,
      1.4142137f,
      123.456f,
      -3,
      -0.7f,
      3e-20f,
      5e20f,
      Float.MIN_VALUE,
      Float.MIN_NORMAL,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    float[] exponents = {
      0,
      -0f,
      1,
      2,
      3,
      4,
      -1,
      -2,
      -3,
      0.5f,
      -0.5f,
      2.2f,
      0.33333334f,
      127,
      -127,
      -149,
      1e-3f,
      1e-20f,
      1e9f,
      -1e9f,
      16777215,
      16777216,
      33554434,
      0x1p59f,
      0x1p61f,
      1e30f,
      -1e30f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    int n = 1024;
    int same = 16; // a whole vector of them
    try (Arena arena = Arena.ofConfined()) {
      long x = arena.allocate(4L * n, 64).address();
      long y = arena.allocate(4L * n, 64).address();
      long z = arena.allocate(4L * n, 64).address();
      Random random = new Random(3);
      for (float exponent : exponents) {
        for (int i = 0; i < n; i++) {
          boolean isListed = i < same * bases.length;
          float base = (float) Math.exp(3 * random.nextGaussian());
          Memory.setFloat(x + 4L * i, isListed ? bases[i / same] : base);
          Memory.setFloat(y + 4L * i, isListed ? exponent : 9 * (float) random.nextGaussian());
        }
        VectorBinary.apply(BinaryFunction.POW, x, VectorBinary.DENSE, y, VectorBinary.DENSE, z, n);
        for (int i = 0; i < n; i++) {
          float base = Memory.getFloat(x + 4L * i);
          float power = Memory.getFloat(y + 4L * i);
          float expected = (float) BinaryFunction.POW.apply(base, power);
          float actual = Memory.getFloat(z + 4L * i);
          boolean agrees =
              Float.compare(expected, actual) == 0
                  || Math.abs(expected - actual) <= 3 * Math.ulp(expected);
          assertTrue(agrees, () -> base + "^" + power + ": " + expected + ", not " + actual);
        }
      }
    }
  }

  @Test
  void largeSpacesAreSplit() {
    List<Instruction> instructions = List.of(new Instruction.Unary(UnaryFunction.NEG, 0, 0, 0));
    Pointwise pointwise =
        new Pointwise(List.of(100_000L), List.of(List.of(1L)), instructions, List.of(1));
    int pieces = new VectorRowKernels().prepare(pointwise).pieces();
    assertTrue(pieces > 3 && pieces <= 7, () -> pieces + " pieces");
    Pointwise empty = new Pointwise(List.of(0L), List.of(List.of(1L)), instructions, List.of(1));
    assertEquals(0, new VectorRowKernels().prepare(empty).pieces());
  }
}
