package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.floats;
import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.model;
import static dev.jiffy.engine.onnx.MicrosoftModels.one;
import static dev.jiffy.engine.onnx.MicrosoftModels.ops;
import static dev.jiffy.engine.onnx.MicrosoftModels.run;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Operators of `com.microsoft` become operators of ONNX.
final class MicrosoftImportsTest {
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);

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
    assertEquals(
        ops("FusedMatMul", attributes, "x", "x"), ops("TransposeMatMul", attributes, "x", "x"));
    Map<String, AttributeProto> batches =
        Map.of("transBatchA", Models.integer(1), "transB", Models.integer(1));
    assertEquals(
        List.of(new Op.Transpose(List.of(1L, 0L, 2L)), new Op.MatMul(false, true, 1, null)),
        Importer.graph(
                Models.opset(13)
                    .input("a", DType.F32, 5, 2, 4)
                    .input("b", DType.F32, 2, 3, 4)
                    .node("com.microsoft", "FusedMatMul", List.of("a", "b"), List.of("y"), batches)
                    .output("y")
                    .model())
            .nodes()
            .stream()
            .map(Node::op)
            .toList());
  }

  @Test
  void operatorsThatOnnxHasSinceTakenMeanTheSame() {
    Tensor x = tensor(DType.F32, new long[] {2, 2}, 1, 2, 3, 4);
    assertArrayEquals(
        new double[] {1, 0, 3, 4}, made("Trilu", Map.of("upper", Models.integer(0)), x));
    assertArrayEquals(
        new double[] {3, 2},
        made("GatherND", Map.of(), x, Tensor.of(new long[] {1, 0, 0, 1}, 2, 2)));
    assertArrayEquals(
        new double[] {1, 2, 3}, made("Range", Map.of(), one(DType.F32, 1), one(DType.F32, 4)));
    assertArrayEquals(
        new double[] {1, 3},
        made("Range", Map.of(), one(DType.I64, 1), one(DType.I64, 4), one(DType.I64, 2)));
    assertArrayEquals(
        new double[] {1, 2, 9, 3, 4, 9},
        made("Pad", Map.of(), x, Tensor.of(new long[] {0, 0, 0, 1}, 1, 4), floats(9)));
    assertArrayEquals(new double[] {3, 1, 2}, made("Unique", Map.of(), floats(3, 1, 3, 2, 1)));
    assertArrayEquals(
        new double[] {4},
        made(
            "GridSample",
            Map.of("align_corners", Models.integer(1)),
            x.reshape(1, 1, 2, 2),
            tensor(DType.F32, new long[] {1, 1, 1, 2}, 1)));
    Models apart =
        Models.opset(13)
            .input("x", DType.F32, 2, 3)
            .constant("last", Tensor.of(new int[] {-1}))
            .node("com.microsoft", "ExpandDims", List.of("x", "last"), List.of("y"), Map.of())
            .output("y");
    assertEquals(Fact.of(DType.F32, 2, 3, 1), Importer.graph(apart.model()).fact("y"));
  }

  @Test
  void distancesAreThoseOfAllRows() {
    Tensor a = tensor(DType.F32, new long[] {2, 2}, 0, 0, 1, 1);
    Tensor b = tensor(DType.F32, new long[] {1, 2}, 3, 4);
    assertArrayEquals(new double[] {25, 13}, made("CDist", Map.of(), a, b));
    Map<String, AttributeProto> root = Map.of("metric", Models.text("euclidean"));
    assertArrayEquals(new double[] {5, Math.sqrt(13)}, made("CDist", root, a, b), 1e-6);
    assertArrayEquals(
        new double[] {0, Math.sqrt(2), Math.sqrt(2), 0}, made("CDist", root, a, a), 1e-6);
  }

  @Test
  void tablesOfBytesAreLookedUpBeforeTheyAreReal() {
    Tensor ids = Tensor.of(new int[] {1, 0}, 1, 2);
    Tensor words = tensor(DType.U8, new long[] {2, 2}, 2, 4, 6, 8);
    Tensor positions = tensor(DType.U8, new long[] {3, 2}, 1, 9);
    Tensor ones = tensor(DType.U8, new long[] {2}, 4);
    Tensor zeros = tensor(DType.U8, new long[] {2}, 5);
    Tensor half = one(DType.F32, 0.5);
    Tensor zero = one(DType.U8, 0);
    assertArrayEquals(
        new double[] {-2, 2, -2, 2}, // as 4 · 0.5 times -1 and 1
        made(
            "QEmbedLayerNormalization",
            Map.of(),
            ids,
            null,
            words,
            positions,
            null,
            ones,
            zeros,
            null,
            half,
            half,
            null,
            half,
            half,
            zero,
            zero,
            null,
            zero,
            one(DType.U8, 5)),
        1e-5);
  }

  @Test
  void wordsThatWouldRepeatARunGetTheLeastScore() {
    for (int size = 1; size < 5; size++) {
      for (int length : new int[] {0, 1, 3, 20}) {
        double[] words = new double[length];
        for (int i = 0; i < length; i++) {
          words[i] = i * i % 7 % 3;
        }
        double[] expected = {1, 2, 3, 4};
        for (int i = 0; i + size <= length; i++) {
          boolean repeats = true;
          for (int j = 0; j < size - 1; j++) {
            repeats &= words[i + j] == words[length - size + 1 + j];
          }
          if (repeats) {
            expected[(int) words[i + size - 1]] = Double.NEGATIVE_INFINITY;
          }
        }
        assertArrayEquals(
            expected,
            made(
                "NGramRepeatBlock",
                Map.of("ngram_size", Models.integer(size)),
                tensor(DType.I64, new long[] {1, length}, words),
                tensor(DType.F32, new long[] {1, 4}, 1, 2, 3, 4)));
      }
    }
  }

  @Test
  void normalisationsAreSumsAndLayerNorms() {
    Map<String, AttributeProto> epsilon = Map.of("epsilon", Models.real(0.5f));
    assertEquals(
        List.of(ADD, ADD, new Op.LayerNorm(-1, 0.5f)),
        ops("SkipLayerNormalization", epsilon, "x", "x", "b", "b", "b"));
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
