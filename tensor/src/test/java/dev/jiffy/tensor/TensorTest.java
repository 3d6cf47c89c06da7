package dev.jiffy.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTest {
  private static Tensor one(DType dtype, double value) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(1));
    tensor.setDouble(0, value);
    return tensor;
  }

  /// Ties go to the even neighbour, what is beyond the greatest number becomes infinite.
  @ParameterizedTest
  @CsvSource({
    "F16, 1.00048828125, 1", // half a step above 1
    "F16, 1.00146484375, 1.001953125", // one step and a half
    "F16, 1.0005, 1.0009765625",
    "F16, 1.0004882812509095, 1.0009765625", // nearer to the greater one, unlike the nearest float
    "F16, -1.0004882812509095, -1.0009765625",
    "F16, 1.0014648437490905, 1.0009765625", // and to the smaller one
    "F16, 1e300, Infinity",
    "F16, -1e-300, -0.0",
    "F16, 65519, 65504",
    "F16, 65520, Infinity",
    "F16, 2.98e-8, 0",
    "F16, 2.99e-8, 5.960464477539063e-8", // the smallest that is not 0
    "F16, -0.0, -0.0",
    "F16, NaN, NaN",
    "BF16, 1.00390625, 1", // half a step above 1
    "BF16, 1.01171875, 1.015625", // one step and a half
    "BF16, 1.004, 1.0078125",
    "BF16, 1.0039062500009095, 1.0078125", // nearer to the greater one, unlike the nearest float
    "BF16, 1.0117187499990905, 1.0078125",
    "BF16, 3.397e38, Infinity",
    "BF16, -0.0, -0.0",
    "BF16, NaN, NaN",
    "I4, 2.5, 2",
    "I4, 3.5, 4",
    "I4, 99, 7",
    "I4, -99, -8",
    "U4, -1, 0",
    "U4, 99, 15",
    "U4, NaN, 0",
    "U64, 9223372036854775808, 9223372036854775808",
    "U64, 1e30, 18446744073709551615",
    "U64, NaN, 0",
    "BOOL, -0.5, 1",
  })
  void numbersBecomeTheNearestOfTheirType(DType dtype, double value, double expected) {
    assertEquals(expected, one(dtype, value).getDouble(0));
  }

  @Test
  void integersOf64BitsBecomeTheNearestFloat() {
    Tensor longs = Tensor.of(new long[] {(1L << 53) + (1L << 29) + 1, Long.MAX_VALUE, -3}, 3);
    assertArrayEquals(
        new float[] {0x1p53f + 0x1p30f, 0x1p63f, -3}, longs.toFloats()); // doubles would tie
  }

  @Test
  void copiesHaveMemoryOfTheirOwn() {
    Tensor x = Tensor.of(new float[] {1, 2}, 2);
    Tensor copy = x.copy();
    x.setDouble(0, 5);
    assertArrayEquals(new float[] {1, 2}, copy.toFloats());
    Tensor texts = Tensor.ofStrings(List.of("a", "b"), 2);
    Tensor same = texts.copy();
    texts.setString(0, "c");
    assertEquals(List.of("a", "b"), same.strings());
  }

  @Test
  void shapesHoldWhatTheySay() {
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(new float[3], 2, 2));
    assertThrows(IllegalArgumentException.class, () -> Tensor.of(new long[3], -3));
    assertThrows(
        IllegalArgumentException.class,
        () -> Tensor.of(new float[0], 1L << 33, 1L << 33, 1L << 33));
  }
}
