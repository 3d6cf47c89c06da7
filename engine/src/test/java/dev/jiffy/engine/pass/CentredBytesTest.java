package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CentredBytesTest {
  /// None, tails of all lengths, and more than are read at a time.
  private static final int[] SIZES = {0, 1, 5, 8, 15, 16, 17, 18, 19, 20, 8191, 8192, 20_003};

  private static long least(DType dtype) {
    return dtype == DType.I8 ? -128 : 0;
  }

  /// Compares with the general form, which takes two zero points in turns.
  private static void check(DType dtype, long[] integers, int zero) {
    Tensor bytes = Constants.ofIntegers(dtype, Shape.of(integers.length), integers);
    Tensor expected = new Centring(bytes, new long[] {zero, zero}, 1).result();
    Tensor centred = CentredBytes.of(bytes, zero);
    assertNotNull(expected);
    assertTrue(Constants.same(expected, centred), () -> "%s %s".formatted(expected, centred));
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8"})
  void everyByteLessEveryZeroPointIsThatOfTheGeneralForm(DType dtype) {
    long[] all = new long[256];
    for (int zero = 0; zero < 256; zero++) {
      for (int i = 0; i < 256; i++) {
        all[i] = least(dtype) + (i * 37 + zero) % 256;
      }
      check(dtype, all, (int) least(dtype) + zero);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8"})
  void bytesStandForMoreWhereResultsDoNotFit(DType dtype) {
    long[] all = new long[256];
    for (int i = 0; i < 256; i++) {
      all[i] = least(dtype) + i * 37 % 256;
    }
    for (int from : new int[] {0, 64}) {
      Tensor bytes =
          Constants.ofIntegers(dtype, Shape.of(256 - from), Arrays.copyOf(all, 256 - from));
      for (int zero = 0; zero < 256; zero++) {
        int signed = (int) least(dtype) + zero;
        CentredBytes.Shifted shifted = CentredBytes.shifted(bytes, signed);
        assertEquals(DType.I8, shifted.bytes().dtype());
        assertEquals(zero == 128, shifted.shift() == 0);
        for (int i = 0; i < 256 - from; i++) {
          assertEquals(all[i] - signed, shifted.bytes().getLong(i) + shifted.shift());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8"})
  void whatFitsBytesBecomesBytes(DType dtype) {
    for (int size : SIZES) {
      for (int zero : new int[] {0, 1, 100, 127, 128, 129, 200, 255}) {
        int first = Math.max(0, zero - 128);
        int last = Math.min(255, zero + 127);
        long[] integers = new Random(size).ints(size, first, last + 1).asLongStream().toArray();
        for (int odd : new int[] {0, size / 2, size - 1}) {
          for (int value : new int[] {first, last, first - 1, last + 1}) {
            long[] some = integers.clone();
            if (size > 0 && value >= 0 && value <= 255) {
              some[odd] = value;
            }
            for (int i = 0; i < size; i++) {
              some[i] += least(dtype);
            }
            check(dtype, some, (int) least(dtype) + zero);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"U8", "I8", "I32"})
  void onlyOneZeroPointOfTheTypeSuits(DType dtype) {
    long least = least(dtype);
    Tensor integers = Tensor.allocate(dtype, Shape.of(3));
    assertEquals(dtype != DType.I32, CentredBytes.suits(integers, new long[] {least}));
    assertEquals(dtype != DType.I32, CentredBytes.suits(integers, new long[] {7, 7, 7}));
    assertFalse(CentredBytes.suits(integers, new long[] {7, 7, 8}));
    assertFalse(CentredBytes.suits(integers, new long[] {least - 1}));
    assertFalse(CentredBytes.suits(integers, new long[] {least + 256}));
    assertFalse(CentredBytes.suits(integers, new long[0]));
  }
}
