package dev.jiffy.engine.kernel.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Arithmetic in blocks against doubles that are rounded.
class FloatArithmeticTest {
  private static final List<BinaryFunction> FUNCTIONS =
      List.of(BinaryFunction.ADD, BinaryFunction.SUB, BinaryFunction.MUL, BinaryFunction.DIV);

  private static final float[] SPECIAL = {
    0,
    -0f,
    1,
    Float.MIN_VALUE,
    Float.MAX_VALUE,
    Float.NaN,
    Float.NEGATIVE_INFINITY,
    0x1.000002p-126f
  };

  /// Floats of any bits, and those at the ends.
  private static Tensor numbers(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] =
          random.nextInt(4) == 0
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : Float.intBitsToFloat(random.nextInt());
    }
    return Tensor.of(numbers, count);
  }

  @Test
  void roundsAsDoublesDo() {
    for (int count : new int[] {1, 2, 4095, 4096, 4097, 10_000}) {
      for (BinaryFunction function : FUNCTIONS) {
        assertRounds(function, numbers(count, 1), numbers(count, 2));
        assertRounds(function, numbers(count, 3), numbers(1, 4));
        assertRounds(function, numbers(1, 5), numbers(count, 6));
      }
    }
  }

  private static void assertRounds(BinaryFunction function, Tensor x, Tensor y) {
    int count = (int) Math.max(x.shape().elements(), y.shape().elements());
    Tensor out = Tensor.allocate(DType.F32, Shape.of(count));
    assertTrue(FloatArithmetic.suits(function, x, y, out));
    ScalarElementwise.binary(function, x, y, out);
    float[] results = out.toFloats();
    for (int i = 0; i < count; i++) {
      double a = x.getDouble(x.shape().elements() == 1 ? 0 : i);
      double b = y.getDouble(y.shape().elements() == 1 ? 0 : i);
      assertEquals((float) function.apply(a, b), results[i]);
    }
  }

  @Test
  void leavesWhatIsBroadcastAndOtherTypes() {
    Tensor row = Tensor.of(new float[3], 1, 3);
    Tensor column = Tensor.of(new float[3], 3, 1);
    Tensor square = Tensor.allocate(DType.F32, Shape.of(3, 3));
    assertFalse(FloatArithmetic.suits(BinaryFunction.ADD, row, column, square));
    Tensor doubles = Tensor.allocate(DType.F64, Shape.of(1, 3));
    assertFalse(FloatArithmetic.suits(BinaryFunction.ADD, doubles, doubles, doubles));
    assertFalse(FloatArithmetic.suits(BinaryFunction.POW, row, row, row));
  }
}
