package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CentringTest {
  /// More than are read at a time.
  private static final int MANY = 20_000;

  private static final long[] ZERO = {128};

  /// {@return so many integers of a range, both ends among them}
  private static long[] integers(int count, int least, int most) {
    long[] integers = new Random(1).ints(count, least, most + 1).asLongStream().toArray();
    integers[0] = least;
    integers[count - 1] = most;
    return integers;
  }

  private static void check(
      @Nullable DType expected, DType dtype, long[] integers, long[] zeros, int same) {
    Shape shape = Shape.of(integers.length);
    Tensor centred =
        new Centring(Constants.ofIntegers(dtype, shape, integers), zeros, same).result();
    if (expected == null) {
      assertNull(centred);
      return;
    }
    assertNotNull(centred);
    assertEquals(expected, centred.dtype());
    assertEquals(shape, centred.shape());
    long[] results = new long[integers.length];
    for (int i = 0; i < results.length; i++) {
      results[i] = integers[i] - zeros[i / same % zeros.length];
    }
    assertArrayEquals(results, centred.toLongs());
  }

  @Test
  void theNarrowestTypeIsMade() {
    check(DType.I8, DType.U8, integers(MANY, 0, 255), ZERO, MANY);
    check(DType.I16, DType.U8, integers(MANY, 0, 255), new long[] {127}, MANY);
    check(DType.I16, DType.U8, integers(MANY, 0, 255), new long[] {129}, MANY);
    check(DType.I8, DType.I8, integers(MANY, -128, 127), new long[] {0}, MANY);
    check(DType.I16, DType.I8, integers(MANY, -128, 127), new long[] {-1}, MANY);
    check(DType.I8, DType.I32, integers(MANY, 0, 255), ZERO, MANY);
    check(DType.I16, DType.I64, integers(MANY, -5, 1000), new long[] {7}, MANY);
    check(DType.I8, DType.I16, integers(9, 1, 9), new long[] {10}, 9);
  }

  @Test
  void zeroPointsTakeTurns() {
    long[] integers = integers(MANY, 0, 255);
    for (int same : new int[] {1, 3, 4096, 5000, 9999}) {
      check(DType.I16, DType.U8, integers, new long[] {128, 0, 255}, same);
    }
    check(DType.I8, DType.U8, integers(MANY, 100, 200), new long[] {128, 99, 150}, 7);
  }

  @Test
  void whatDoesNotFitIsLeft() {
    check(null, DType.I32, integers(MANY, 0, 1 << 16), ZERO, MANY);
    check(null, DType.I32, integers(MANY, Integer.MIN_VALUE, 0), ZERO, MANY);
    check(null, DType.I64, new long[] {1, 1L << 40}, new long[] {0}, 2);
    check(null, DType.I64, new long[] {1, 1L << 40}, new long[] {1L << 40}, 2);
    check(null, DType.U8, integers(MANY, 0, 255), new long[] {128, Long.MIN_VALUE}, 2);
    check(null, DType.I16, integers(MANY, -5, 30_000), new long[] {-3000}, MANY);
  }

  @Test
  void nothingIsMadeOfNothing() {
    check(DType.I8, DType.U8, new long[0], ZERO, 0);
  }
}
