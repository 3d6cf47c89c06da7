package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.run;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Attention over heads becomes the core operator.
final class AttentionImportsTest {
  @Test
  void keysAndValuesMayHaveTheirHeadsFirst() {
    Map<String, AttributeProto> heads = Map.of("num_heads", Models.integer(2));
    Tensor q = tensor(DType.F32, new long[] {1, 1, 4}, 1, -0.5, 0.25, 2);
    double[] first = {1, 2, 3, 4, 5, 6, 7, 8};
    double[] last = {1, 2, 5, 6, 3, 4, 7, 8};
    double[] plain =
        made(
            "MultiHeadAttention",
            heads,
            q,
            tensor(DType.F32, new long[] {1, 2, 4}, last),
            tensor(DType.F32, new long[] {1, 2, 4}, last));
    Tensor kv = tensor(DType.F32, new long[] {1, 2, 2, 2}, first);
    assertArrayEquals(plain, made("MultiHeadAttention", heads, q, kv, kv));
    Tensor bias = tensor(DType.F32, new long[] {12}, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    assertArrayEquals(
        plain, made("MultiHeadAttention", heads, q, kv, kv, bias)); // of queries alone
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
    Op attention = new AttentionOp.Attention(2, (float) Math.sqrt(0.5));
    assertEquals(
        List.of(new Op.MatMul(), new Op.Split(-1, 0), attention),
        Importer.graph(model.model()).nodes().stream().map(Node::op).toList());
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
}
