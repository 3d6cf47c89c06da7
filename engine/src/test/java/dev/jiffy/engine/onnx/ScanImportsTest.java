package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.node;
import static dev.jiffy.engine.onnx.Models.refused;
import static dev.jiffy.engine.onnx.Models.untyped;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Loops over the slices of tensors.
class ScanImportsTest {
  private static final int STEPS = 3;

  /// `sum += slice · factor`, of which each sum is collected.
  private static GraphProto sums() {
    return new GraphProto(
        "body",
        List.of(
            node("Mul", "scaled", "slice", "factor"),
            node("Add", "next", "sum", "scaled"),
            node("Identity", "collected", "next")),
        List.of(),
        List.of(),
        List.of(untyped("sum"), untyped("slice")),
        List.of(untyped("next"), untyped("collected")),
        List.of());
  }

  private static Models scan(Map<String, AttributeProto> attributes, long... dims) {
    Map<String, AttributeProto> all = new HashMap<>(attributes);
    all.put("body", new AttributeProto.GraphValue(sums()));
    all.put("num_scan_inputs", Models.integer(1));
    return Models.opset(16)
        .input("first", DType.F32, 2)
        .input("x", DType.F32, dims)
        .input("k", DType.F32)
        .node("Neg", List.of("k"), List.of("factor"))
        .node("Scan", List.of("first", "x"), List.of("last", "all"), all)
        .output("last")
        .output("all");
  }

  /// Sums along the first dimension, or along the second one, from one end or the other.
  @Test
  void axesAndDirectionsAreThoseOfTheAttributes() {
    for (int axis : new int[] {0, 1, -1}) {
      for (int direction : new int[] {0, 1}) {
        for (int outputAxis : new int[] {0, 1, -2}) {
          for (int outputDirection : new int[] {0, 1}) {
            check(axis, direction, outputAxis, outputDirection);
          }
        }
      }
    }
  }

  private static void check(int axis, int direction, int outputAxis, int outputDirection) {
    long[] dims = axis == 0 ? new long[] {STEPS, 2} : new long[] {2, STEPS};
    Map<String, AttributeProto> attributes =
        Map.of(
            "scan_input_axes", Models.ints((long) axis),
            "scan_input_directions", Models.ints((long) direction),
            "scan_output_axes", Models.ints((long) outputAxis),
            "scan_output_directions", Models.ints((long) outputDirection));
    Graph graph = Importer.graph(scan(attributes, dims).model());
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, dims);
    Map<String, Tensor> answers =
        Interpreter.run(
            graph,
            Map.of(
                "first",
                Tensor.of(new float[] {10, 20}, 2),
                "x",
                x,
                "k",
                Tensor.of(new float[] {-2})));
    float[] sum = {10, 20};
    boolean isFirst = outputAxis == 0 || outputAxis == -2;
    Tensor all = Tensor.allocate(DType.F32, isFirst ? Shape.of(STEPS, 2) : Shape.of(2, STEPS));
    for (int step = 0; step < STEPS; step++) {
      int at = direction == 0 ? step : STEPS - 1 - step;
      int row = outputDirection == 0 ? step : STEPS - 1 - step;
      for (int i = 0; i < 2; i++) {
        sum[i] += 2 * (float) x.getDouble(axis == 0 ? at * 2 + i : i * STEPS + at);
        all.setDouble(isFirst ? row * 2 + i : i * STEPS + row, sum[i]);
      }
    }
    Tensor last = Objects.requireNonNull(answers.get("last"));
    Tensor got = Objects.requireNonNull(answers.get("all"));
    String which = "%d %d %d %d".formatted(axis, direction, outputAxis, outputDirection);
    assertArrayEquals(sum, last.toFloats(), which);
    assertEquals(all.shape(), got.shape(), which);
    assertArrayEquals(all.toFloats(), got.toFloats(), which);
    assertEquals(Fact.of(DType.F32, all.shape().dims()), graph.fact("all"), which);
  }

  @Test
  void whatOnnxDoesNotAllowIsRefused() {
    assertTrue(
        refused(scan(Map.of("scan_input_axes", Models.ints(0L, 1L)), STEPS, 2))
            .contains("'scan_input_axes' has 2 numbers, expected 1"));
    assertTrue(
        refused(scan(Map.of("scan_input_axes", Models.ints(2L)), STEPS, 2))
            .contains("axis 2 is out of range for rank 2"));
    assertTrue(
        refused(scan(Map.of("num_scan_outputs", Models.integer(1)), STEPS, 2))
            .contains("attribute 'num_scan_outputs'"));
    Map<String, AttributeProto> loop = Map.of("body", new AttributeProto.GraphValue(sums()));
    assertTrue(
        refused(
                Models.opset(16)
                    .input("first", DType.F32, 2)
                    .input("factor", DType.F32)
                    .node("Loop", List.of("", "", "first"), List.of("last"), loop)
                    .output("last"))
            .contains("a body with 2 inputs and 2 outputs does not go with 3 inputs"));
  }

  @Test
  void aStateIsThereAndKeepsItsType() {
    GraphProto body =
        new GraphProto(
            "body",
            List.of(
                new NodeProto(
                    "", "Cast", "", List.of("s"), List.of("t"), Map.of("to", Models.integer(7)))),
            List.of(),
            List.of(),
            List.of(untyped("i"), untyped("c"), untyped("s")),
            List.of(untyped("c"), untyped("t")),
            List.of());
    assertTrue(refused(loop(body, "x")).contains("state 0 begins as f32[2] and becomes i64[2]"));
    assertTrue(refused(loop(body, "")).contains("input 2 is missing"));
  }

  private static Models loop(GraphProto body, String state) {
    return Models.opset(16)
        .input("x", DType.F32, 2)
        .node(
            "Loop",
            List.of("", "", state),
            List.of("y"),
            Map.of("body", new AttributeProto.GraphValue(body)))
        .output("y");
  }
}
