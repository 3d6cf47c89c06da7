package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.one;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

  /// The loops of ONNX Runtime for one channel, whose rows end where a mask is 0.
  private static double[] masked(
      float[] x, int[] mask, int height, int width, int[] kernel, int[] strides, int[] pads) {
    int rows = (height + pads[0] + pads[2] - kernel[0]) / strides[0] + 1;
    int columns = (width + pads[1] + pads[3] - kernel[1]) / strides[1] + 1;
    double[] y = new double[rows * columns];
    Arrays.fill(y, -Float.MAX_VALUE);
    for (int at = 0; at < y.length; at++) {
      int top = at / columns * strides[0] - pads[0];
      int left = at % columns * strides[1] - pads[1];
      for (int h = Math.max(0, top); h < Math.min(height, top + kernel[0]); h++) {
        for (int w = Math.max(0, left); w < Math.min(width, left + kernel[1]); w++) {
          int i = h * width + w;
          if (mask[i] == 0 && (i > 0 || height == 1)) {
            break;
          }
          y[at] = x[i] > y[at] ? x[i] : y[at];
        }
      }
    }
    return y;
  }

  private static void assertMasked(int height, int width, int[] kernel, int[] strides, int[] pads) {
    Random random = new Random(31L * height + kernel[1]);
    float[] x = new float[height * width];
    int[] mask = new int[x.length];
    for (int i = 1; i < x.length; i++) { // the first mask is 0
      x[i] = (float) random.nextGaussian();
      mask[i] = random.nextInt(4) == 0 ? 0 : i;
    }
    x[0] = 9;
    x[x.length - 1] = Float.NaN;
    x[x.length / 2] = Float.NEGATIVE_INFINITY;
    boolean isFlat = height == 1;
    long[] dims = isFlat ? new long[] {1, 1, width} : new long[] {1, 1, height, width};
    Map<String, AttributeProto> attributes =
        Map.of(
            "kernel_shape",
            isFlat
                ? Models.ints((long) kernel[1])
                : Models.ints((long) kernel[0], (long) kernel[1]),
            "strides",
            isFlat
                ? Models.ints((long) strides[1])
                : Models.ints((long) strides[0], (long) strides[1]),
            "pads",
            isFlat
                ? Models.ints((long) pads[1], (long) pads[3])
                : Models.ints((long) pads[0], (long) pads[1], (long) pads[2], (long) pads[3]));
    assertArrayEquals(
        masked(x, mask, height, width, kernel, strides, pads),
        made("MaxpoolWithMask", attributes, Tensor.of(x, dims), Tensor.of(mask, dims)));
  }

  @Test
  void rowsOfWindowsEndWhereAMaskIsZero() {
    int[] none = {0, 0, 0, 0};
    for (int width = 1; width < 12; width++) {
      for (int k = 1; k <= width; k++) {
        assertMasked(1, width, new int[] {1, k}, new int[] {1, 1 + k % 3}, none);
        assertMasked(3, width, new int[] {2, k}, new int[] {1 + k % 2, 1}, none);
      }
    }
    assertMasked(1, 9, new int[] {1, 4}, new int[] {1, 2}, new int[] {0, 3, 0, 2});
    Tensor four = tensor(DType.F32, new long[] {1, 1, 4}, 1, 2, 3, 4);
    Tensor mask = tensor(DType.I32, new long[] {1, 1, 4}, 1, 1, 0, -1);
    Map<String, AttributeProto> silent =
        Map.of("kernel_shape", Models.ints(2L), "auto_pad", Models.text(""));
    assertArrayEquals(
        new double[] {2, 2, -Float.MAX_VALUE}, made("MaxpoolWithMask", silent, four, mask));
    assertMasked(5, 6, new int[] {3, 3}, new int[] {2, 1}, new int[] {2, 1, 1, 2});
  }

  @Test
  void masksThatFitNoWindowAreRefused() {
    Map<String, AttributeProto> kernel = Map.of("kernel_shape", Models.ints(2L));
    assertTrue(refused(masked(kernel, 3, 1)).contains("a mask of several images or channels"));
    assertTrue(refused(masked(kernel, 1, -1)).contains("a mask of several images or channels"));
    assertTrue(refused(masked(Map.of(), 1, 1)).contains("kernel_shape"));
    Models narrow =
        Models.opset(13)
            .input("x", DType.F32, 3, 2, 4)
            .input("m", DType.I32, 1, 1, 1)
            .node("com.microsoft", "MaxpoolWithMask", List.of("x", "m"), List.of("y"), kernel)
            .output("y");
    assertTrue(refused(narrow).contains("a mask of [1, 1, 1]"), refused(narrow));
    AttributeProto plane = Models.ints(2L, 2L);
    assertTrue(refused(masked(Map.of("kernel_shape", plane), 1, 1)).contains("2 dimensions"));
    Map<String, AttributeProto> automatic =
        Map.of("kernel_shape", Models.ints(2L), "auto_pad", Models.text("SAME_UPPER"));
    assertTrue(refused(masked(automatic, 1, 1)).contains("automatic padding"));
  }

  private static Models masked(Map<String, AttributeProto> attributes, long images, long channels) {
    return Models.opset(13)
        .input("x", DType.F32, 3, 2, 4)
        .input("m", DType.I32, images, channels, 4)
        .node("com.microsoft", "MaxpoolWithMask", List.of("x", "m"), List.of("y"), attributes)
        .output("y");
  }
}
