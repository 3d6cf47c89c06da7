package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Operators of `com.microsoft`, and what of the standard's no recorded case shows, against ONNX
/// Runtime. Bytes may be off by one, where a quotient is half-way between two.
class OperatorsTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir private Path folder = Path.of("");

  static Stream<OneNode> nodes() {
    List<OneNode> nodes = new ArrayList<>();
    activations(nodes);
    normalizations(nodes);
    attention(nodes);
    grouped(nodes);
    windows(nodes);
    rotary(nodes);
    bytes(nodes);
    products(nodes);
    layers(nodes);
    standard(nodes);
    return nodes.stream();
  }

  private static void standard(List<OneNode> nodes) {
    nodes.add(
        OneNode.standard("MaxPool")
            .with("kernel_shape", List.of(3L, 3L))
            .with("strides", List.of(2L, 2L))
            .with("ceil_mode", 1)
            .floats(1, 17, 2, 2));
    nodes.add(
        OneNode.standard("AveragePool")
            .with("kernel_shape", List.of(3L, 3L))
            .with("strides", List.of(2L, 2L))
            .with("ceil_mode", 1)
            .floats(1, 4, 2, 4));
    nodes.add(
        OneNode.standard("Resize")
            .with("mode", "cubic")
            .with("coordinate_transformation_mode", "pytorch_half_pixel")
            .floats(1, 1, 4, 4)
            .absent()
            .absent()
            .integers(DType.I64, 1, 1, 4));
    nodes.add(
        OneNode.standard("LayerNormalization").floats(2, 3, 8).floats(1, 1, 8).floats(2, 1, 8));
    nodes.add(OneNode.standard("LayerNormalization").outputs(3).floats(2, 3, 8).floats(2, 1, 8));
  }

  private static void activations(List<OneNode> nodes) {
    nodes.add(new OneNode("Gelu").floats(2, 3, 8));
    nodes.add(new OneNode("BiasGelu").floats(2, 3, 8).floats(8));
    nodes.add(new OneNode("FastGelu").floats(2, 3, 8).floats(8));
    nodes.add(new OneNode("QuickGelu").floats(2, 3, 8));
    nodes.add(
        new OneNode("FusedMatMul").with("alpha", 0.5f).with("transB", 1).floats(3, 8).floats(5, 8));
    nodes.add(
        new OneNode("FusedGemm")
            .with("alpha", 0.5f)
            .with("activation", "LeakyRelu")
            .with("activation_alpha", 0.2f)
            .floats(3, 8)
            .floats(8, 5)
            .floats(5));
    nodes.add(
        new OneNode("FusedConv")
            .with("activation", "Relu")
            .with("pads", List.of(1L, 1L, 1L, 1L))
            .with("kernel_shape", List.of(3L, 3L))
            .floats(1, 4, 6, 6)
            .floats(4, 4, 3, 3)
            .floats(4)
            .floats(1, 4, 6, 6));
  }

  private static void normalizations(List<OneNode> nodes) {
    nodes.add(
        new OneNode("SkipLayerNormalization")
            .with("epsilon", 1e-5f)
            .floats(2, 3, 8)
            .floats(2, 3, 8)
            .floats(8)
            .floats(8)
            .floats(8));
    nodes.add(
        new OneNode("SkipSimplifiedLayerNormalization")
            .with("epsilon", 1e-5f)
            .floats(2, 3, 8)
            .floats(2, 3, 8)
            .floats(8)
            .floats(8));
    nodes.add(
        new OneNode("EmbedLayerNormalization")
            .with("epsilon", 1e-5f)
            .outputs(2)
            .integers(DType.I32, 0, 8, 2, 4)
            .absent()
            .floats(9, 8)
            .floats(6, 8)
            .absent()
            .floats(8)
            .floats(8));
    nodes.add(
        new OneNode("EmbedLayerNormalization")
            .with("epsilon", 1e-5f)
            .outputs(2)
            .integers(DType.I32, 0, 8, 2, 4)
            .integers(DType.I32, 0, 1, 2, 4)
            .floats(9, 8)
            .floats(6, 8)
            .floats(2, 8)
            .floats(8)
            .floats(8)
            .integers(DType.I32, 0, 1, 2, 4));
  }

  private static OneNode joint() {
    return new OneNode("Attention").with("num_heads", 2).floats(2, 4, 8).floats(8, 24).floats(24);
  }

  private static void attention(List<OneNode> nodes) {
    for (long causal = 0; causal < 2; causal++) {
      nodes.add(joint().with("unidirectional", causal));
      nodes.add(joint().with("unidirectional", causal).mask(2, 4));
      nodes.add(joint().with("unidirectional", causal).mask(2, 4, 4));
      nodes.add(joint().with("unidirectional", causal).integers(DType.I32, 1, 4, 2));
    }
    nodes.add(joint().absent().absent().floats(2, 2, 4, 4));
    OneNode apart = new OneNode("MultiHeadAttention").with("num_heads", 2);
    nodes.add(apart.floats(2, 4, 8).floats(2, 5, 8).floats(2, 5, 8).floats(24));
    nodes.add(
        new OneNode("MultiHeadAttention")
            .with("num_heads", 2)
            .floats(2, 4, 8)
            .floats(2, 2, 5, 4)
            .floats(2, 2, 5, 4)
            .floats(24));
    nodes.add(
        new OneNode("MultiHeadAttention")
            .with("num_heads", 2)
            .outputs(3)
            .floats(2, 1, 8)
            .floats(2, 1, 8)
            .floats(2, 1, 8)
            .absent()
            .absent()
            .absent()
            .floats(2, 2, 3, 4)
            .floats(2, 2, 3, 4));
    for (long causal = 0; causal < 2; causal++) {
      nodes.add(
          new OneNode("MultiHeadAttention")
              .with("num_heads", 2)
              .with("unidirectional", causal)
              .outputs(3)
              .floats(2, 3, 8)
              .floats(2, 3, 8)
              .floats(2, 3, 8)
              .floats(24)
              .mask(2, 6)
              .floats(1, 2, 3, 6)
              .floats(2, 2, 3, 4)
              .floats(2, 2, 3, 4));
    }
    nodes.add(
        oneAtATime()
            .outputs(3)
            .floats(2, 1, 8)
            .floats(2, 1, 8)
            .absent()
            .absent()
            .floats(2, 2, 5, 4)
            .floats(2, 2, 5, 4)
            .integers(DType.I32, 3, 3, 1)
            .absent()
            .absent()
            .floats(24));
    nodes.add(oneAtATime().floats(2, 2, 5, 4).floats(2, 2, 5, 4));
  }

  private static OneNode oneAtATime() {
    return new OneNode("DecoderMaskedMultiHeadAttention")
        .with("num_heads", 2)
        .with("past_present_share_buffer", 1)
        .floats(2, 1, 8);
  }

  private static void windows(List<OneNode> nodes) {
    nodes.add(
        new OneNode("UnfoldTensor").with("dim", 1).with("size", 3).with("step", 2).floats(2, 8, 3));
    nodes.add(
        new OneNode("ConvTransposeWithDynamicPads")
            .with("kernel_shape", List.of(3L, 3L))
            .with("strides", List.of(2L, 2L))
            .with("output_padding", List.of(1L, 1L))
            .floats(1, 3, 5, 5)
            .floats(3, 4, 3, 3)
            .integers(DType.I64, 1, 1, 4)
            .floats(4));
    nodes.add(
        new OneNode("MaxpoolWithMask")
            .with("kernel_shape", List.of(5L))
            .with("strides", List.of(2L))
            .with("pads", List.of(2L, 1L))
            .floats(2, 3, 17)
            .integers(DType.I32, 0, 3, 1, 1, 17));
    nodes.add(
        new OneNode("MaxpoolWithMask")
            .with("kernel_shape", List.of(2L, 3L))
            .with("strides", List.of(1L, 2L))
            .with("pads", List.of(1L, 1L, 0L, 2L))
            .with("storage_order", 1)
            .floats(2, 3, 7, 8)
            .integers(DType.I32, 0, 3, 1, 1, 7, 8));
    nodes.add(
        new OneNode("MaxpoolWithMask")
            .with("kernel_shape", List.of(2L, 2L, 4L))
            .with("pads", List.of(0L, 1L, 1L, 1L, 0L, 2L))
            .floats(2, 3, 3, 4, 6)
            .integers(DType.I32, 0, 3, 1, 1, 3, 4, 6));
    for (String mode : List.of("bilinear", "nearest")) {
      for (long rows : new long[] {1, 4}) {
        nodes.add(
            new OneNode("CropAndResize")
                .with("mode", mode)
                .with("extrapolation_value", 0.5f)
                .floats(2, 3, 7, 9)
                .floats(5, 4)
                .integers(DType.I32, 0, 1, 5)
                .integers(DType.I32, rows, rows, 2));
      }
    }
  }

  private static OneNode grouped() {
    return new OneNode("GroupQueryAttention")
        .with("num_heads", 4)
        .with("kv_num_heads", 2)
        .outputs(3);
  }

  /// Queries, keys and values of one token or several.
  private static OneNode tokens(OneNode node, long batch, long count) {
    return node.floats(batch, count, 64).floats(batch, count, 32).floats(batch, count, 32);
  }

  private static OneNode past(OneNode node, long batch, long count) {
    return node.floats(batch, 2, count, 16).floats(batch, 2, count, 16);
  }

  private static OneNode lengths(OneNode node, long batch, long length) {
    return node.integers(DType.I32, length - 1, length - 1, batch)
        .integers(DType.I32, length, length);
  }

  private static void grouped(List<OneNode> nodes) {
    nodes.add(lengths(tokens(grouped(), 1, 5).absent().absent(), 1, 5));
    nodes.add(lengths(tokens(grouped(), 2, 5).absent().absent(), 2, 5));
    nodes.add(lengths(past(tokens(grouped(), 1, 1), 1, 6), 1, 7));
    nodes.add(lengths(past(tokens(grouped(), 1, 1), 1, 12), 1, 7)); // room for more
    nodes.add(lengths(past(tokens(grouped(), 1, 3), 1, 6), 1, 9));
    nodes.add(
        past(tokens(grouped(), 2, 1), 2, 6).integers(DType.I32, 4, 6, 2).integers(DType.I32, 7, 7));
    nodes.add(
        lengths(
            past(tokens(grouped().with("local_window_size", 3).with("softcap", 2f), 1, 3), 1, 6),
            1,
            9));
    nodes.add(lengths(tokens(grouped().with("scale", 0.4f), 1, 5).absent().absent(), 1, 5));
    for (long interleaved = 0; interleaved < 2; interleaved++) {
      OneNode prompt = grouped().with("do_rotary", 1).with("rotary_interleaved", interleaved);
      nodes.add(lengths(tokens(prompt, 2, 5).absent().absent(), 2, 5).floats(20, 8).floats(20, 8));
      OneNode packed = grouped().with("do_rotary", 1).with("rotary_interleaved", interleaved);
      nodes.add(
          lengths(past(packed.floats(1, 2, 128).absent().absent(), 1, 6), 1, 8)
              .floats(20, 8)
              .floats(20, 8));
    }
    nodes.add(
        lengths(past(tokens(grouped().with("do_rotary", 1), 2, 1), 2, 6), 2, 7)
            .floats(20, 8)
            .floats(20, 8)
            .integers(DType.I64, 6, 9, 2, 1)
            .floats(1, 4, 1, 7));
  }

  private static OneNode turned(long interleaved) {
    return new OneNode("RotaryEmbedding").with("interleaved", interleaved);
  }

  private static void rotary(List<OneNode> nodes) {
    for (long interleaved = 0; interleaved < 2; interleaved++) {
      nodes.add(
          turned(interleaved)
              .floats(2, 3, 16)
              .integers(DType.I64, 0, 6, 2, 3)
              .floats(7, 4)
              .floats(7, 4));
      nodes.add(
          turned(interleaved)
              .floats(2, 2, 3, 8)
              .integers(DType.I64, 0, 6, 2, 3)
              .floats(7, 4)
              .floats(7, 4));
      nodes.add(
          turned(interleaved)
              .with("num_heads", 2)
              .with("rotary_embedding_dim", 4)
              .floats(2, 3, 16)
              .integers(DType.I64, 3, 3, 1)
              .floats(7, 2)
              .floats(7, 2));
    }
  }

  private static OneNode of(String operator, long... dims) {
    return new OneNode(operator).bytes(dims).scales().zero(100);
  }

  private static void bytes(List<OneNode> nodes) {
    nodes.add(of("QLinearAdd", 2, 3, 8).bytes(3, 8).scales().zero(120).scales().zero(9));
    nodes.add(of("QLinearMul", 2, 3, 8).bytes(3, 8).scales().zero(120).scales().zero(9));
    nodes.add(of("QLinearSigmoid", 2, 3, 8).scales().zero(0));
    nodes.add(of("QLinearLeakyRelu", 2, 3, 8).with("alpha", 0.1f).scales().zero(20));
    nodes.add(of("QLinearSoftmax", 2, 3, 8).with("axis", -1).with("opset", 13).scales().zero(0));
    nodes.add(
        of("QLinearAveragePool", 1, 3, 8, 8)
            .with("kernel_shape", List.of(3L, 3L))
            .with("strides", List.of(2L, 2L))
            .scales()
            .zero(90));
    nodes.add(of("QLinearGlobalAveragePool", 1, 3, 8, 8).scales().zero(90));
    nodes.add(of("QLinearSoftmax", 2, 3, 8).with("axis", 1).with("opset", 12).scales().zero(0));
    nodes.add(
        of("QLinearConv", 1, 6, 6, 4)
            .with("channels_last", 1)
            .with("pads", List.of(1L, 1L, 1L, 1L))
            .integers(DType.I8, -127, 127, 5, 4, 3, 3)
            .scales(5)
            .integers(DType.I8, 0, 0, 5)
            .scales()
            .zero(110)
            .integers(DType.I32, -999, 999, 5));
    nodes.add(
        new OneNode("NhwcMaxPool")
            .with("kernel_shape", List.of(2L, 2L))
            .with("strides", List.of(2L, 2L))
            .with("pads", List.of(0L, 0L, 1L, 1L))
            .bytes(1, 6, 6, 4));
  }

  private static void products(List<OneNode> nodes) {
    nodes.add(
        of("QGemm", 5, 16)
            .with("transB", 1)
            .integers(DType.I8, -127, 127, 12, 16)
            .scales(12)
            .integers(DType.I8, 0, 0, 12)
            .integers(DType.I32, -999, 999, 12)
            .scales()
            .zero(128));
    nodes.add(
        new OneNode("DynamicQuantizeMatMul")
            .floats(5, 16)
            .integers(DType.I8, -127, 127, 16, 12)
            .scales(12)
            .absent()
            .floats(12));
    nodes.add(
        new OneNode("MatMulIntegerToFloat")
            .bytes(5, 16)
            .integers(DType.I8, -127, 127, 16, 12)
            .scales()
            .scales(12)
            .zero(100)
            .absent()
            .floats(12));
    for (long rows : new long[] {1, 3, 40}) {
      for (int bits : new int[] {2, 4, 8}) {
        OneNode blocks =
            new OneNode("MatMulNBits")
                .with("K", 96)
                .with("N", 40)
                .with("bits", bits)
                .with("block_size", 32)
                .floats(rows, 96)
                .bytes(40, 3, 4L * bits)
                .scales(120);
        nodes.add(rows == 3 ? blocks : blocks.bytes(40L * ((3 * bits + 7) / 8)));
      }
      nodes.add(
          new OneNode("MatMulNBits")
              .with("K", 96)
              .with("N", 40)
              .with("bits", 4)
              .with("block_size", 32)
              .floats(2, rows, 96)
              .bytes(40, 3, 16)
              .scales(120)
              .floats(40, 3));
    }
    for (long kind = 0; kind < 2; kind++) {
      nodes.add(
          new OneNode("MatMulBnb4")
              .with("K", 9)
              .with("N", 7)
              .with("block_size", 16)
              .with("quant_type", kind)
              .floats(2, 3, 9)
              .bytes(32)
              .scales(4));
    }
    nodes.add(new OneNode("TransposeMatMul").with("transB", 1).floats(2, 3, 4).floats(2, 5, 4));
    nodes.add(new OneNode("FusedMatMul").with("transBatchA", 1).floats(3, 2, 4).floats(2, 4, 5));
    nodes.add(
        new OneNode("FusedMatMul")
            .with("transBatchB", 1)
            .with("transB", 1)
            .floats(2, 3, 4)
            .floats(5, 2, 4));
    nodes.add(new OneNode("CDist").with("metric", "euclidean").floats(5, 4).floats(3, 4));
    nodes.add(new OneNode("CDist").with("metric", "sqeuclidean").floats(5, 4).floats(3, 4));
  }

  private static OneNode layer(String direction, DType weights, int directions) {
    int least = weights == DType.U8 ? 0 : -127;
    return new OneNode("DynamicQuantizeLSTM")
        .with("direction", direction)
        .with("hidden_size", 24)
        .outputs(3)
        .floats(6, 1, 9)
        .integers(weights, least, least + 254, directions, 9, 96)
        .integers(weights, least, least + 254, directions, 24, 96);
  }

  private static void layers(List<OneNode> nodes) {
    nodes.add(
        layer("bidirectional", DType.I8, 2)
            .floats(2, 192)
            .absent()
            .floats(2, 1, 24)
            .floats(2, 1, 24)
            .floats(2, 72)
            .scales(2, 96)
            .integers(DType.I8, 0, 0, 2, 96)
            .scales(2, 96)
            .integers(DType.I8, 0, 0, 2, 96));
    nodes.add(
        layer("reverse", DType.U8, 1)
            .absent()
            .absent()
            .absent()
            .absent()
            .absent()
            .scales(1)
            .integers(DType.U8, 100, 150, 1)
            .scales(1)
            .integers(DType.U8, 100, 150, 1));
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void answersAgree(OneNode node) throws IOException {
    Path file = folder.resolve("model.onnx");
    OnnxWriter.write(node.model(), file);
    try (OnnxRuntimeEngine engine = new OnnxRuntimeEngine(file, 1)) {
      engine.prepare(node.inputs());
      engine.run();
      for (KernelPath path : new KernelPath[] {KernelPath.AUTO, KernelPath.SCALAR}) {
        LoadOptions options = LoadOptions.defaults().engine(EngineChoice.JIFFY).kernels(path);
        try (Model model = Model.load(file, options);
            Session session = model.newSession()) {
          compare(engine.outputs(), session.run(node.inputs()));
        }
      }
    }
  }

  private static void compare(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, e) -> {
      Tensor a = actual.get(name);
      assertNotNull(a);
      assertEquals(e.dtype(), a.dtype());
      assertEquals(e.shape(), a.shape());
      double most = e.dtype() == DType.U8 ? 1 : TOLERANCE;
      for (long i = 0; i < e.shape().elements(); i++) {
        double x = e.getDouble(i);
        double y = a.getDouble(i);
        assertTrue(
            Math.abs(x - y) <= most * Math.max(1, e.dtype() == DType.U8 ? 1 : Math.abs(x)),
            () -> name + ": expected " + x + ", got " + y);
      }
    });
  }
}
