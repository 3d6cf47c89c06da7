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

/// Crops are picked and weighed pixels.
final class CropImportsTest {
  @Test
  void cropsAreSampledFromEndToEnd() {
    Tensor x = tensor(DType.F32, new long[] {2, 1, 2, 3}, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15);
    Tensor boxes = tensor(DType.F32, new long[] {2, 4}, 0, 0, 1, 1, 0.5, -0.5, 1, 0.5);
    double[] linear = {0, 2, 1.5, 3.5, 3, 5, 7, 12.5, 7, 13.25, 7, 14};
    assertArrayEquals(linear, crops("bilinear", x, boxes, 3, 2));
    double[] nearest = {0, 2, 3, 5, 3, 5, 7, 14, 7, 14, 7, 14};
    assertArrayEquals(nearest, crops("nearest", x, boxes, 3, 2));
    assertArrayEquals(new double[] {2.5, 12.25}, crops("bilinear", x, boxes, 1, 1));
    assertThrows(ModelException.class, () -> crops("cubic", x, boxes, 1, 1));
    assertThrows(ModelException.class, () -> crops("nearest", x, boxes, 0, 1));
    assertThrows(ModelException.class, () -> crops("bilinear", x, boxes, 1e12, 1));
  }

  private static double[] crops(String mode, Tensor x, Tensor boxes, double... size) {
    return made(
        "CropAndResize",
        Map.of("mode", Models.text(mode), "extrapolation_value", Models.real(7)),
        x,
        boxes,
        tensor(DType.I32, new long[] {2}, 0, 1),
        tensor(DType.I64, new long[] {2}, size));
  }
}
