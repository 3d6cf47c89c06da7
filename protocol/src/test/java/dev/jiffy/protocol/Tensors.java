package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Tensors for tests.
final class Tensors {
  private static final String[] TEXTS = {
    "", "a", "naïve", "日本", "😀 \"\\\n\u0000", "x".repeat(300)
  };

  private Tensors() {}

  /// {@return a tensor with random bits; what JSON cannot say of floats is left out}
  static Tensor random(DType dtype, Shape shape, Random random) {
    Tensor tensor = Tensor.allocate(dtype, shape);
    for (long i = 0; i < shape.elements(); i++) {
      long bits = random.nextLong() >> random.nextInt(64);
      switch (dtype) {
        case F32 -> {
          float value = Float.intBitsToFloat((int) random.nextLong());
          tensor.setDouble(i, Float.isFinite(value) ? (double) value : -0.0);
        }
        case F64 -> {
          double value = Double.longBitsToDouble(random.nextLong());
          tensor.setDouble(i, Double.isFinite(value) ? value : Double.MIN_VALUE);
        }
        case F16, BF16 ->
            tensor.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, i * 2, (short) random.nextInt());
        case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64 -> tensor.setLong(i, bits);
        case BOOL -> tensor.setLong(i, bits & 1);
        case STRING -> tensor.setString(i, TEXTS[random.nextInt(TEXTS.length)]);
      }
    }
    return tensor;
  }

  static void assertSame(Tensor expected, Tensor actual) {
    assertEquals(expected.dtype(), actual.dtype());
    assertEquals(expected.shape(), actual.shape());
    if (expected.dtype() == DType.STRING) {
      assertEquals(expected.strings(), actual.strings());
    } else {
      assertEquals(-1, expected.segment().mismatch(actual.segment()));
    }
  }
}
