package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.one;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Pooling of `com.microsoft` becomes that of ONNX.
final class PoolImportsTest {
  @Test
  void channelsOfBytesMayBeLast() {
    Tensor x = tensor(DType.U8, new long[] {1, 2, 2, 2}, 1, 8, 2, 7, 3, 6, 4, 5);
    Map<String, AttributeProto> kernel = Map.of("kernel_shape", Models.ints(2L, 2L));
    assertArrayEquals(new double[] {4, 8}, made("NhwcMaxPool", kernel, x));
    Tensor w = tensor(DType.I8, new long[] {3, 2, 1, 1}, 1, 0, 0, 1, 1, 1);
    Tensor scale = one(DType.F32, 1);
    Tensor zero = one(DType.U8, 0);
    assertArrayEquals(
        new double[] {1, 8, 9, 2, 7, 9, 3, 6, 9, 4, 5, 9},
        made(
            "QLinearConv",
            Map.of("channels_last", Models.integer(1)),
            x,
            scale,
            zero,
            w,
            scale,
            one(DType.I8, 0),
            scale,
            zero));
  }
}
