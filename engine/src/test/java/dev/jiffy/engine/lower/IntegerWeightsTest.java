package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntegerWeightsTest {
  /// None, tails of all lengths, and more than are read at a time.
  private static final int[] SIZES = {1, 7, 8, 9, 10, 11, 12, 13, 14, 16_384, 20_003, 40_001};

  /// Weights of a range, one of which, near the end, is another number.
  private static Tensor weights(int size, int least, int greatest, int odd) {
    Tensor weights = Tensor.allocate(DType.I16, Shape.of(size));
    int[] integers = new Random(size).ints(size, least, greatest + 1).toArray();
    integers[Math.max(0, size - 9)] = odd;
    for (int i = 0; i < size; i++) {
      weights.setLong(i, integers[i]);
    }
    return weights;
  }

  private static int shift(Tensor weights) {
    long least = 0;
    long greatest = 0;
    for (long weight : weights.toLongs()) {
      least = Math.min(least, weight);
      greatest = Math.max(greatest, weight);
    }
    if (greatest - least > 255) {
      return ByteConvolution.UNFIT;
    }
    return (int) (greatest > 127 ? greatest - 127 : Math.min(0, least + 128));
  }

  private static void check(Tensor weights) {
    int shift = shift(weights);
    assertEquals(shift, IntegerWeights.shift(weights));
    if (shift != ByteConvolution.UNFIT) {
      Tensor bytes = IntegerWeights.bytes(weights, shift);
      assertEquals(DType.I8, bytes.dtype());
      for (long i = 0; i < weights.shape().elements(); i++) {
        assertEquals(weights.getLong(i) - shift, bytes.getLong(i));
      }
    }
  }

  @Test
  void weightsBecomeBytesThatAShiftMakesFit() {
    int[][] ranges = {{0, 0}, {-5, 5}, {-128, 127}, {-55, 200}, {-255, 0}, {0, 255}, {-200, 55}};
    int[] others = {0, 1, -128, 127, 128, -129, 200, 201, 255, 256, -255, -256, 32_767, -32_768};
    for (int size : SIZES) {
      for (int[] range : ranges) {
        for (int odd : others) {
          check(weights(size, range[0], range[1], odd));
        }
      }
    }
  }

  @Test
  void whatLiesTooFarApartDoesNotFit() {
    Tensor weights = Tensor.of(new short[] {-255, 55}, 2);
    assertEquals(ByteConvolution.UNFIT, IntegerWeights.shift(weights));
  }
}
