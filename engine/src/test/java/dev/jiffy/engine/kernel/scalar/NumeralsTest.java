package dev.jiffy.engine.kernel.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NumeralsTest {
  private static Tensor parsed(DType dtype, String text) {
    Tensor out = Tensor.allocate(dtype, Shape.of());
    Numerals.parse(text, out, 0);
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 3.14, 3.14",
    "F32, 1e10, 10000000000.0",
    "F32, 1e16, 1e+16",
    "F32, 12345e20, 1.2345e+24",
    "F32, 0.0001, 0.0001",
    "F32, 0.00001, 1e-05",
    "F64, -1.5e-300, -1.5e-300",
    "F64, 100, 100.0",
    "F32, -0.0, -0.0",
    "F64, 123456789.125, 123456789.125",
    "F16, 0.1, 0.1",
    "F16, 65504, 65500.0",
    "BF16, 3.14, 3.14",
    "F32, Infinity, INF",
    "F64, -inf, -INF",
    "F32, +INF, INF",
    "F32, nan, NaN",
    "I8, -128, -128",
    "I64, 9223372036854775807, 9223372036854775807",
    "U64, 18446744073709551615, 18446744073709551615",
    "I32, 100.5, 100",
    "I32, -7.9, -7",
    "I32, 1e3, 1000",
    "U8, 300, 44",
    "BOOL, true, 1",
    "BOOL, False, 0",
    "BOOL, 2, 1",
    "I64, 1e-9, 0"
  })
  void numbersAreReadAndWritten(DType dtype, String text, String expected) {
    assertEquals(expected, Numerals.text(parsed(dtype, text), 0));
  }

  @ParameterizedTest
  @CsvSource({
    "F32, one",
    "F32, ''",
    "F32, 1f",
    "F64, 0x1p3",
    "F32, 1 2",
    "I32, ''",
    "I32, 12abc",
    "I64, nan",
    "I64, 1e500",
    "I64, 1e-",
    "BOOL, yes",
    "F32, infinite"
  })
  void othersAreRefused(DType dtype, String text) {
    ModelException e = assertThrows(ModelException.class, () -> parsed(dtype, text));
    assertTrue(String.valueOf(e.getMessage()).contains("not a number"), e::getMessage);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F64", "F16", "BF16"})
  void everyNumberSurvives(DType dtype) {
    Random random = new Random(7);
    Tensor x = Tensor.allocate(dtype, Shape.of());
    for (int i = 0; i < 2000; i++) {
      x.setDouble(0, Math.scalb(random.nextDouble() - 0.5, random.nextInt(60) - 30));
      String text = Numerals.text(x, 0);
      assertEquals(x.getDouble(0), parsed(dtype, text).getDouble(0), text);
    }
  }

  @Test
  void textsKeepTheirForm() {
    Tensor x = Tensor.ofStrings(List.of(" 1.0 "), 1);
    assertEquals(" 1.0 ", Numerals.text(x, 0));
    assertEquals(" 1.0 ", parsed(DType.STRING, " 1.0 ").getString(0));
  }
}
