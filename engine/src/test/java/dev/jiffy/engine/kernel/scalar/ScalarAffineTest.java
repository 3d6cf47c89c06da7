package dev.jiffy.engine.kernel.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScalarAffineTest {
  private static Tensor integers(DType dtype, int... integers) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(integers.length));
    for (int i = 0; i < integers.length; i++) {
      tensor.setLong(i, integers[i]);
    }
    return tensor;
  }

  private static void check(Tensor q, float scale, @Nullable Tensor zero, DType to) {
    Tensor factor = Tensor.of(new float[] {scale}, 1);
    Tensor expected = Tensor.allocate(to, q.shape());
    ScalarAffine.dequantizeAny(q, factor, zero, 0, 0, expected);
    Tensor found = Tensor.allocate(to, q.shape());
    ScalarAffine.dequantize(q, factor, zero, 0, 0, found);
    assertEquals(-1, found.segment().mismatch(expected.segment()));
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8", "I16", "U16", "I32", "U4", "I4"})
  void numbersOfOneScaleAreThoseOfEachElement(DType dtype) {
    for (int size : new int[] {0, 1, 255, 8192, 8193, 20_001}) {
      Tensor q = integers(dtype, new Random(size).ints(size).toArray());
      for (DType to : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        check(q, 0.37f, null, to);
        check(q, -1e-3f, integers(dtype, 0), to);
        check(q, 3e38f, integers(dtype, 113), to);
        check(q, 1.1f, integers(dtype, 255), to);
        check(q, Float.NaN, integers(dtype, 1), to);
      }
    }
  }
}
