package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

  private static String refused(OnnxModel model) {
    return String.valueOf(
        assertThrows(ModelException.class, () -> Importer.graph(model)).getMessage());
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

  @Test
  void normalisationsAreSumsAndLayerNorms() {
    Map<String, AttributeProto> epsilon = Map.of("epsilon", Models.real(0.5f));
    assertEquals(
        List.of(ADD, ADD, new Op.LayerNorm(-1, 0.5f)),
        ops("SkipLayerNormalization", epsilon, "x", "x", "b", "b", "b"));
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
