package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Products with weights of four bits become products of numbers.
final class FourBitFloatsTest {
  @Test
  void weightsOfFourBitsStandForNumbersOfATable() {
    Tensor x = tensor(DType.F32, new long[] {1, 3}, 1, 0, 0);
    Tensor packed = tensor(DType.U8, new long[] {3}, 0x30, 0x0f, 0x70);
    Tensor magnitudes = tensor(DType.F32, new long[] {2}, 2, 4);
    double[] floats = {2, -0.5};
    assertArrayEquals(floats, fourBits(0, x, packed, magnitudes), 1e-6);
    double[] quantiles = {2 * -0.39491748809814453, 2};
    assertArrayEquals(quantiles, fourBits(1, x, packed, magnitudes), 1e-6);
    assertThrows(ModelException.class, () -> fourBits(2, x, packed, magnitudes));
    assertThrows(ModelException.class, () -> fourBits(0, x, packed, packed));
  }

  private static double[] fourBits(long kind, Tensor x, Tensor packed, Tensor magnitudes) {
    return made(
        "MatMulBnb4",
        Map.of(
            "K",
            Models.integer(3),
            "N",
            Models.integer(2),
            "block_size",
            Models.integer(4),
            "quant_type",
            Models.integer(kind)),
        x,
        packed,
        magnitudes);
  }
}
