package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Attention of groups of heads becomes the core operator.
final class GroupedAttentionTest {
  private static Models grouped(Map<String, AttributeProto> attributes, String... more) {
    List<String> inputs = new ArrayList<>(List.of("q", "k", "k", "past", "past", "last", "all"));
    inputs.addAll(List.of(more));
    return Models.opset(21)
        .input("q", DType.F32, 1, 1, 8)
        .input("k", DType.F32, 1, 1, 4)
        .input("past", DType.F32, 1, 2, 3, 2)
        .input("table", DType.F32, 9, 1)
        .input("last", DType.I32, 1)
        .constant("all", tensor(DType.I32, new long[0], 4))
        .node("com.microsoft", "GroupQueryAttention", inputs, List.of("y", "keys"), attributes)
        .output("y")
        .output("keys");
  }

  @Test
  void groupsOfHeadsAttendToRowsPutBehindOthers() {
    Map<String, AttributeProto> heads =
        Map.of("num_heads", Models.integer(4), "kv_num_heads", Models.integer(2));
    Map<String, Tensor> inputs =
        Map.of(
            "q", tensor(DType.F32, new long[] {1, 1, 8}, 1),
            "k", tensor(DType.F32, new long[] {1, 1, 4}, 5, 6, 7, 8),
            "past", tensor(DType.F32, new long[] {1, 2, 3, 2}, 1, 2, 3, 4, 0, 0, 9, 8, 7, 6, 0, 0),
            "table", tensor(DType.F32, new long[] {9, 1}, 0),
            "last", tensor(DType.I32, new long[] {1}, 2));
    Map<String, Tensor> made = Interpreter.run(Importer.graph(grouped(heads).model()), inputs);
    assertArrayEquals(
        new double[] {1, 2, 3, 4, 5, 6, 0, 0, 9, 8, 7, 6, 7, 8, 0, 0},
        Objects.requireNonNull(made.get("keys")).toDoubles());
    double[] y = Objects.requireNonNull(made.get("y")).toDoubles();
    double scale = Math.sqrt(0.5);
    double sum = Math.exp(3 * scale) + Math.exp(7 * scale) + Math.exp(11 * scale);
    double first = Math.exp(3 * scale) + 3 * Math.exp(7 * scale) + 5 * Math.exp(11 * scale);
    assertEquals(first / sum, y[0], 1e-5);
    assertEquals(first / sum, y[2], 1e-5);
  }

  @Test
  void groupsOfHeadsAreRefusedWhereTheyWouldBeWrong() {
    AttributeProto four = Models.integer(4);
    AttributeProto two = Models.integer(2);
    Map<String, AttributeProto> heads = Map.of("num_heads", four, "kv_num_heads", two);
    Map<String, AttributeProto> smooth =
        Map.of("num_heads", four, "kv_num_heads", two, "smooth_softmax", Models.integer(1));
    String sum = "weights of a softmax that do not add up to 1";
    assertTrue(refused(grouped(smooth)).contains(sum));
    assertTrue(refused(grouped(heads, "", "", "", "", "q")).contains(sum));
    assertTrue(
        refused(grouped(heads, "", "", "", "", "", "q")).contains("quantized keys and values"));
    Map<String, AttributeProto> uneven =
        Map.of("num_heads", four, "kv_num_heads", Models.integer(3));
    assertThrows(ModelException.class, () -> Importer.graph(grouped(uneven).model()));
    Map<String, AttributeProto> turned =
        Map.of("num_heads", four, "kv_num_heads", two, "do_rotary", Models.integer(1));
    assertThrows(ModelException.class, () -> Importer.graph(grouped(turned, "table").model()));
  }
}
