package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Operators of `com.microsoft` become operators of ONNX.
final class MicrosoftImportsTest {
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);

  private static Models model(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Models.opset(13)
        .input("x", DType.F32, 2, 3, 4)
        .input("b", DType.F32, 4)
        .node("com.microsoft", operator, Arrays.asList(inputs), List.of("y"), attributes)
        .output("y");
  }

  private static List<Op> ops(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Importer.graph(model(operator, attributes, inputs).model()).nodes().stream()
        .map(Node::op)
        .toList();
  }

  @Test
  void activationsAreFunctionsAfterASum() {
    Op gelu = new Op.Unary(UnaryFunction.GELU);
    Op tanh = new Op.Unary(UnaryFunction.GELU_TANH);
    assertEquals(List.of(gelu), ops("Gelu", Map.of(), "x"));
    assertEquals(List.of(ADD, gelu), ops("BiasGelu", Map.of(), "x", "b"));
    assertEquals(List.of(tanh), ops("FastGelu", Map.of(), "x"));
    assertEquals(List.of(ADD, tanh), ops("FastGelu", Map.of(), "x", "b"));
    assertEquals(
        List.of(new Op.Unary(UnaryFunction.SILU, 1.702f, 0)), ops("QuickGelu", Map.of(), "x"));
    assertEquals(
        List.of(ADD, new Op.Split(-1, 2), gelu, new Op.Binary(BinaryFunction.MUL)),
        ops("BiasSplitGelu", Map.of(), "x", "b"));
  }

  @Test
  void productsKeepTheirFactor() {
    Map<String, AttributeProto> attributes =
        Map.of("alpha", Models.real(0.5f), "transB", Models.integer(1));
    assertEquals(
        List.of(new Op.MatMul(false, true, 0.5f, null)), ops("FusedMatMul", attributes, "x", "x"));
    Map<String, AttributeProto> batches = Map.of("transBatchA", Models.integer(1));
    assertTrue(refused(model("FusedMatMul", batches, "x", "x").model()).contains("batches"));
  }

  @Test
  void attentionIsAProductAndTheCoreOperator() {
    Map<String, AttributeProto> heads = Map.of("num_heads", Models.integer(2));
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2, 3, 4)
            .input("w", DType.F32, 4, 12)
            .node("com.microsoft", "Attention", List.of("x", "w"), List.of("y"), heads)
            .output("y");
    Op attention = new Op.Attention(2, (float) Math.sqrt(0.5));
    assertEquals(
        List.of(new Op.MatMul(), new Op.Split(-1, 0), attention),
        Importer.graph(model.model()).nodes().stream().map(Node::op).toList());
  }

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

  @Test
  void normalisationsAreSumsAndLayerNorms() {
    Map<String, AttributeProto> epsilon = Map.of("epsilon", Models.real(0.5f));
    assertEquals(
        List.of(ADD, ADD, new Op.LayerNorm(-1, 0.5f)),
        ops("SkipLayerNormalization", epsilon, "x", "x", "b", "b", "b"));
  }

  private static float[] run(Models model, Map<String, Tensor> inputs) {
    Tensor y = Interpreter.run(Importer.graph(model.model()), inputs).get("y");
    return Objects.requireNonNull(y).toFloats();
  }

  private static Tensor tensor(DType dtype, long[] dims, double... values) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(dims));
    for (int i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, values[i % values.length]);
    }
    return tensor;
  }

  private static float[] normalized(DType dtype, boolean skips, double... values) {
    long[] dims = {1, 1, values.length};
    String operator = skips ? "SkipSimplifiedLayerNormalization" : "SimplifiedLayerNormalization";
    Models model =
        Models.opset(17)
            .input("x", dtype, dims)
            .constant("none", tensor(dtype, dims, 0))
            .constant("scale", tensor(dtype, new long[] {values.length}, 1))
            .node(
                skips ? "com.microsoft" : "",
                operator,
                skips ? List.of("x", "none", "scale") : List.of("x", "scale"),
                List.of("y"),
                Map.of())
            .output("y");
    assertEquals(dtype, Importer.graph(model.model()).fact("y").dtype());
    return run(model, Map.of("x", tensor(dtype, dims, values)));
  }

  @Test
  void squaresOfNarrowNumbersAreNotTooLarge() {
    float[] expected = {(float) (300 / Math.sqrt(125000)), (float) (400 / Math.sqrt(125000))};
    for (boolean skips : new boolean[] {true, false}) {
      assertArrayEquals(expected, normalized(DType.F16, skips, 300, 400), 1e-3f);
      assertArrayEquals(expected, normalized(DType.BF16, skips, 300, 400), 1e-2f);
    }
  }

  @Test
  void smallNumbersAreNormalizedAfterASum() {
    assertArrayEquals(new float[] {1, -1}, normalized(DType.F32, true, 1e-4, -1e-4), 1e-3f);
  }

  private static float[] attended(DType dtype, boolean apart) {
    long[] dims = {1, 3, 4};
    Map<String, AttributeProto> attributes =
        Map.of(
            "num_heads",
            Models.integer(2),
            "unidirectional",
            Models.integer(1),
            "mask_filter_value",
            Models.real(-Float.MAX_VALUE));
    Models model =
        Models.opset(17)
            .input("x", dtype, dims)
            .constant("w", tensor(dtype, new long[] {4, 12}, 0.5, -1, 0.25, 1, -0.5))
            .constant("mask", Tensor.of(new int[] {1, 0, 1}, 1, 3))
            .constant("bias", tensor(dtype, new long[] {1, 2, 3, 3}, 0.5, -0.25, 1, 0.75));
    List<String> inputs =
        apart
            ? List.of("x", "x", "x", "", "mask", "bias")
            : List.of("x", "w", "", "mask", "", "bias");
    model
        .node(
            "com.microsoft",
            apart ? "MultiHeadAttention" : "Attention",
            inputs,
            List.of("y"),
            attributes)
        .output("y");
    assertEquals(dtype, Importer.graph(model.model()).fact("y").dtype());
    return run(model, Map.of("x", tensor(dtype, dims, 1, -0.5, 2, 0.25, -1)));
  }

  @Test
  void masksHaveTheTypeOfTheQueries() {
    for (boolean apart : new boolean[] {true, false}) {
      float[] expected = attended(DType.F32, apart);
      assertArrayEquals(expected, attended(DType.F16, apart), 1e-2f);
      assertArrayEquals(expected, attended(DType.BF16, apart), 5e-2f);
    }
  }

  private static Map<String, Tensor> attended(Tensor x, @Nullable Tensor past) {
    Map<String, AttributeProto> attributes =
        Map.of("num_heads", Models.integer(2), "unidirectional", Models.integer(1));
    Models model =
        Models.opset(17)
            .input("x", DType.F32, x.shape().dims())
            .constant("w", tensor(DType.F32, new long[] {4, 12}, 0.5, -1, 0.25, 1, -0.5));
    if (past != null) {
      model.input("past", DType.F32, past.shape().dims());
    }
    List<String> inputs = List.of("x", "w", "", "", past == null ? "" : "past");
    model
        .node("com.microsoft", "Attention", inputs, List.of("y", "present"), attributes)
        .output("y")
        .output("present");
    return Interpreter.run(
        Importer.graph(model.model()),
        past == null ? Map.of("x", x) : Map.of("x", x, "past", past));
  }

  private static float[] floats(Map<String, Tensor> results, String name) {
    return Objects.requireNonNull(results.get(name)).toFloats();
  }

  @Test
  void earlierKeysAndValuesStandBeforeNewOnes() {
    double[] numbers = {1, -0.5, 2, 0.25, -1, 0.75, -2, 3, 0.5, -0.75, 1.5, 1};
    Map<String, Tensor> whole = attended(tensor(DType.F32, new long[] {1, 3, 4}, numbers), null);
    Map<String, Tensor> early = attended(tensor(DType.F32, new long[] {1, 2, 4}, numbers), null);
    Tensor rest =
        tensor(DType.F32, new long[] {1, 1, 4}, numbers[8], numbers[9], numbers[10], numbers[11]);
    Map<String, Tensor> late = attended(rest, early.get("present"));
    assertArrayEquals(Arrays.copyOfRange(floats(whole, "y"), 8, 12), floats(late, "y"), 1e-6f);
    assertArrayEquals(floats(whole, "present"), floats(late, "present"), 1e-6f);
  }

  @Test
  void quantizedOperatorsStandBetweenConversions() {
    Models model =
        Models.opset(13)
            .input("q", DType.U8, 2, 3)
            .input("s", DType.F32)
            .input("z", DType.U8)
            .node(
                "com.microsoft",
                "QLinearSigmoid",
                List.of("q", "s", "z", "s", "z"),
                List.of("y"),
                Map.of())
            .output("y");
    assertEquals(
        List.of(
            new QuantizedOp.Dequantize(0, 0),
            new Op.Unary(UnaryFunction.SIGMOID),
            new QuantizedOp.Quantize(0, 0, DType.U8)),
        Importer.graph(model.model()).nodes().stream().map(Node::op).toList());
  }

  private static List<Op> quantized(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    Models model =
        Models.opset(13)
            .input("q", DType.I8, 1, 2, 3, 3)
            .input("s", DType.F32)
            .input("z", DType.I8)
            .node("com.microsoft", operator, List.of(inputs), List.of("y"), attributes)
            .output("y");
    return Importer.graph(model.model()).nodes().stream().map(Node::op).toList();
  }

  /// All zero points are those of the schemas in ONNX Runtime that need not be there.
  @Test
  void resultsWithoutAZeroPointHaveTheTypeOfTheInput() {
    QuantizedOp.Quantize quantize = new QuantizedOp.Quantize(0, 0, DType.I8);
    Map<String, AttributeProto> kernel = Map.of("kernel_shape", Models.ints(2L, 2L));
    assertEquals(quantize, quantized("QLinearSigmoid", Map.of(), "q", "s", "", "s").getLast());
    assertEquals(
        quantize, quantized("QLinearAdd", Map.of(), "q", "s", "", "q", "s", "", "s").getLast());
    assertEquals(quantize, quantized("QLinearAveragePool", kernel, "q", "s", "", "s").getLast());
    assertEquals(quantize, quantized("QLinearSoftmax", Map.of(), "q", "s", "", "s", "z").getLast());
    assertThrows(
        ModelException.class, () -> quantized("QLinearSoftmax", Map.of(), "q", "s", "", "s"));
  }

  @Test
  void domainsHaveOperatorsAndVersionsOfTheirOwn() {
    String relu = refused(model("Relu", Map.of(), "x").model());
    assertTrue(relu.contains("operator 'Relu' of domain com.microsoft"), relu);
    OnnxModel model = model("Gelu", Map.of(), "x").model();
    OnnxModel newer = withOpsets(model, Map.of("com.microsoft", 2L));
    assertTrue(refused(newer).contains("operator set 2 of domain com.microsoft"), refused(newer));
    OnnxModel silent = withOpsets(model, Map.of("", 13L));
    assertTrue(refused(silent).contains("which version of com.microsoft's operators"));
  }

  private static OnnxModel withOpsets(OnnxModel model, Map<String, Long> opsets) {
    return new OnnxModel(8, "test", opsets, Map.of(), List.of(), model.graph());
  }
}
