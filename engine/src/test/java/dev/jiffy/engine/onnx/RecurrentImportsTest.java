package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.run;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Layers of quantized weights become layers of numbers.
final class RecurrentImportsTest {
  private static Models dynamicLayer(boolean perColumn, Tensor x) {
    long[] columns = perColumn ? new long[] {2, 4} : new long[] {2};
    return Models.opset(13)
        .input("x", DType.F32, x.shape().dims())
        .constant("w", tensor(DType.U8, new long[] {2, 1, 4}, 110, 130, 125, 90, 128, 127, 131, 0))
        .constant("r", tensor(DType.U8, new long[] {2, 1, 4}, 100, 140, 122, 255, 120, 117, 131, 0))
        .constant("b", tensor(DType.F32, new long[] {2, 8}, 0.5, -0.25, 0.125))
        .constant("scale", tensor(DType.F32, columns, 0.03125, 0.0625))
        .constant("zero", tensor(DType.U8, columns, 120, 124))
        .node(
            "com.microsoft",
            "DynamicQuantizeLSTM",
            List.of("x", "w", "r", "b", "", "", "", "", "scale", "zero", "scale", "zero"),
            List.of("y"),
            Map.of("hidden_size", Models.integer(1), "direction", Models.text("bidirectional")))
        .output("y");
  }

  @Test
  void layersOfQuantizedWeightsDequantizeThem() {
    Tensor x = tensor(DType.F32, new long[] {2, 1, 1}, 1, -0.5);
    for (boolean perColumn : new boolean[] {false, true}) {
      double[] y = new double[4];
      double[] w = {110, 130, 125, 90, 128, 127, 131, 0};
      double[] r = {100, 140, 122, 255, 120, 117, 131, 0};
      double[] b = {0.5, -0.25, 0.125};
      for (int d = 0; d < 2; d++) {
        double h = 0;
        double c = 0;
        for (int step = 0; step < 2; step++) {
          double[] sum = new double[4];
          for (int g = 0; g < 4; g++) {
            int second = (perColumn ? g : d) % 2;
            double s = second == 0 ? 0.03125 : 0.0625;
            double zero = second == 0 ? 120 : 124;
            sum[g] =
                (x.getDouble(d == 0 ? step : 1 - step) * (w[4 * d + g] - zero)
                            + h * (r[4 * d + g] - zero))
                        * s
                    + b[(8 * d + g) % 3]
                    + b[(8 * d + 4 + g) % 3];
          }
          c = c / (1 + Math.exp(-sum[2])) + Math.tanh(sum[3]) / (1 + Math.exp(-sum[0]));
          h = Math.tanh(c) / (1 + Math.exp(-sum[1]));
          y[2 * (d == 0 ? step : 1 - step) + d] = h;
        }
      }
      float[] actual = run(dynamicLayer(perColumn, x), Map.of("x", x));
      for (int i = 0; i < 4; i++) {
        assertEquals(y[i], actual[i], 1e-5);
      }
    }
  }

  @Test
  void layersOfQuantizedWeightsReadWholeSequences() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2, 1, 1)
            .input("lengths", DType.I32, 1)
            .constant("w", tensor(DType.I8, new long[] {1, 1, 4}, 1))
            .constant("s", tensor(DType.F32, new long[] {1}, 1))
            .constant("z", tensor(DType.I8, new long[] {1}, 0))
            .node(
                "com.microsoft",
                "DynamicQuantizeLSTM",
                List.of("x", "w", "w", "", "lengths", "", "", "", "s", "z", "s", "z"),
                List.of("y"),
                Map.of("hidden_size", Models.integer(1)))
            .output("y");
    assertTrue(refused(model).contains("lengths of sequences"));
  }
}
