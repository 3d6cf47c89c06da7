package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.node;
import static dev.jiffy.engine.onnx.Models.refused;
import static dev.jiffy.engine.onnx.Models.untyped;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BranchImportsTest {
  private static GraphProto body(String output, NodeProto... nodes) {
    return new GraphProto(
        "body",
        List.of(nodes),
        List.of(),
        List.of(),
        List.of(),
        List.of(untyped(output)),
        List.of());
  }

  private static Map<String, AttributeProto> branches(GraphProto then, GraphProto otherwise) {
    return Map.of(
        "then_branch", new AttributeProto.GraphValue(then),
        "else_branch", new AttributeProto.GraphValue(otherwise));
  }

  private static NodeProto conditional(
      String output, String condition, GraphProto then, GraphProto otherwise) {
    return new NodeProto(
        "", "If", "", List.of(condition), List.of(output), branches(then, otherwise));
  }

  private static Models open(GraphProto then, GraphProto otherwise) {
    return Models.opset(16)
        .input("c", DType.BOOL)
        .input("x", DType.F32, 2, 3)
        .constant("w", Tensor.of(new float[] {1, 2, 3}, 3))
        .node("If", List.of("c"), List.of("y"), branches(then, otherwise))
        .output("y");
  }

  @Test
  void whatLiesAroundIsCapturedOrShared() {
    GraphProto inner = body("q", node("Mul", "q", "p", "x"));
    GraphProto then =
        body("z", node("Add", "p", "x", "w"), conditional("z", "c", inner, body("x")));
    Graph graph = Importer.graph(open(then, body("r", node("Relu", "r", "x"))).model());
    assertEquals(1, graph.nodes().size());
    Node node = graph.nodes().getFirst();
    assertEquals(List.of("c", "x", "c"), node.inputs());
    assertEquals(Fact.of(DType.F32, 2, 3), graph.fact("y"));
  }

  @Test
  void aKnownConditionLeavesItsBranchOnly() {
    Models model =
        Models.opset(16)
            .input("x", DType.F32, 2, 3)
            .constant("c", truth(true))
            .node("Relu", List.of("x"), List.of("z"))
            .node(
                "If",
                List.of("c"),
                List.of("y"),
                branches(
                    body("z2", node("Neg", "z2", "z")),
                    body("never", node("NoSuchOperator", "never", "z"))))
            .output("y");
    Graph graph = Importer.graph(model.model());
    List<String> kinds =
        graph.nodes().stream().map(n -> n.op().getClass().getSimpleName()).toList();
    assertEquals(List.of("Unary", "Unary", "Identity"), kinds);
    assertEquals(Fact.of(DType.F32, 2, 3), graph.fact("y"));
  }

  @Test
  void namesOfOneBranchMayAppearInTheOther() {
    GraphProto then = body("v", node("Relu", "v", "x"));
    GraphProto otherwise = body("v", node("Neg", "v", "x"));
    Graph graph = Importer.graph(open(then, otherwise).model());
    assertTrue(graph.nodes().getFirst().op() instanceof Op.If);
  }

  @Test
  void nodesComeAfterWhatTheirGraphsRead() {
    Models model =
        Models.opset(16)
            .input("c", DType.BOOL)
            .input("x", DType.F32, 2, 3)
            .node(
                "If",
                List.of("c"),
                List.of("y"),
                branches(body("a", node("Neg", "a", "late")), body("late")))
            .node("Relu", List.of("x"), List.of("late"))
            .output("y");
    Graph graph = Importer.graph(model.model());
    assertEquals(List.of("late"), graph.nodes().getFirst().outputs());
  }

  @Test
  void everythingUnsupportedInBranchesIsListed() {
    String message =
        refused(
            open(
                body("a", node("NoSuch", "a", "x")),
                body("b", node("Other", "t", "x"), node("Relu", "b", "t"))));
    assertTrue(message.contains("'NoSuch'") && message.contains("'Other'"), message);
    assertEquals(3, message.lines().count(), message);
  }

  @Test
  void whatOnnxDoesNotAllowIsRefused() {
    GraphProto good = body("r", node("Relu", "r", "x"));
    assertTrue(
        refused(open(good, body("r", node("Relu", "r", "nowhere"))))
            .contains("reads the value 'nowhere', which nothing makes"));
    assertTrue(refused(open(good, body("lost"))).contains("'lost'"));
    GraphProto cycle = body("a", node("Relu", "a", "b"), node("Relu", "b", "a"));
    assertTrue(refused(open(good, cycle)).contains("cycle"));
    GraphProto withInput =
        new GraphProto(
            "body",
            List.of(),
            List.of(),
            List.of(),
            List.of(Models.value("i", DType.F32, 2)),
            List.of(untyped("i")),
            List.of());
    assertTrue(refused(open(good, withInput)).contains("'else_branch' has 1 inputs"));
    GraphProto none =
        new GraphProto("body", List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
    assertTrue(refused(open(none, good)).contains("'then_branch' has 0 outputs, expected 1"));
    Models missing =
        Models.opset(16)
            .input("c", DType.BOOL)
            .input("x", DType.F32, 2, 3)
            .node(
                "If",
                List.of("c"),
                List.of("y"),
                Map.of("then_branch", new AttributeProto.GraphValue(good)))
            .output("y");
    assertTrue(refused(missing).contains("attribute 'else_branch' is missing"));
    GraphProto bytes = body("n", node("Not", "n", "c"));
    assertTrue(refused(open(good, bytes)).contains("one type of both branches"));
  }

  private static Tensor truth(boolean value) {
    Tensor tensor = Tensor.allocate(DType.BOOL, Shape.of());
    tensor.setLong(0, value ? 1 : 0);
    return tensor;
  }
}
