package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphInferenceTest {
  static Tensor scalar(long value) {
    return Tensor.of(new long[] {value});
  }

  static Tensor vector(long... values) {
    return Tensor.of(values, values.length);
  }

  /// Queries split into heads by shapes that the graph computes, multiplied and joined again.
  static Graph attention() {
    return new GraphBuilder("test")
        .input("x", DType.F32, "batch", "seq", 384)
        .constant("zero", scalar(0))
        .constant("one", scalar(1))
        .constant("axis0", vector(0))
        .constant("heads", vector(12))
        .constant("size", vector(32))
        .constant("minus", vector(-1))
        .constant("width", vector(384))
        .node(new Op.ShapeOf(0, null), "shape", "x")
        .node(new Op.Gather(0), "b", "shape", "zero")
        .node(new Op.Gather(0), "s", "shape", "one")
        .node(new Op.Unsqueeze(), "b1", "b", "axis0")
        .node(new Op.Unsqueeze(), "s1", "s", "axis0")
        .node(new Op.Concat(0), "split", "b1", "minus", "heads", "size")
        .node(new Op.Reshape(false), "parts", "x", "split")
        .node(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), "q", "parts")
        .node(new Op.Transpose(List.of(0L, 2L, 3L, 1L)), "k", "parts")
        .node(new Op.MatMul(), "scores", "q", "k")
        .node(new Op.MatMul(), "mixed", "scores", "q")
        .node(new Op.Transpose(List.of(0L, 2L, 1L, 3L)), "rows", "mixed")
        .node(new Op.Concat(0), "joined", "b1", "s1", "width")
        .node(new Op.Reshape(false), "back", "rows", "joined")
        .node(new Op.Binary(BinaryFunction.ADD), "y", "back", "x")
        .build();
  }

  @Test
  void attentionKeepsItsNames() {
    Graph graph = attention();
    assertEquals("f32[batch×seq×12×32]", graph.fact("parts").toString());
    assertEquals("f32[batch×12×32×seq]", graph.fact("k").toString());
    assertEquals("f32[batch×12×seq×seq]", graph.fact("scores").toString());
    assertEquals("f32[batch×seq×384]", graph.fact("back").toString());
    assertEquals("f32[batch×seq×384]", graph.fact("y").toString());
    assertEquals("i64[4]=[batch, -1, 12, 32]", graph.fact("split").toString());
  }

  @Test
  void bindingMakesEveryShapeConcrete() {
    Graph graph = Inference.bind(attention(), Map.of("x", Shape.of(2, 7, 384)));
    assertEquals("f32[2×12×7×7]", graph.fact("scores").toString());
    assertEquals("i64[4]=[2, -1, 12, 32]", graph.fact("split").toString());
    for (Node node : graph.nodes()) {
      assertEquals(graph.fact(node.output()).rank(), rank(graph, node));
    }
  }

  private static int rank(Graph graph, Node node) {
    Shape shape = graph.fact(node.output()).concreteShape();
    return shape == null ? -1 : shape.rank();
  }

  @Test
  void bindingChecksInputs() {
    Graph graph = attention();
    assertMessage(
        "input 'x', dimension 2: expected 384, got 380 in shape [2, 7, 380]",
        () -> Inference.bind(graph, Map.of("x", Shape.of(2, 7, 380))));
    assertMessage(
        "input 'x': expected rank 3, [batch×seq×384], got [2, 384]",
        () -> Inference.bind(graph, Map.of("x", Shape.of(2, 384))));
    assertMessage("input 'x': expected a shape, got none", () -> Inference.bind(graph, Map.of()));
    assertMessage(
        "input 'z': the model has no such input, expected [x]",
        () -> Inference.bind(graph, Map.of("x", Shape.of(2, 7, 384), "z", Shape.of())));
  }

  @Test
  void aSymbolStandsForOneNumber() {
    Graph graph =
        new GraphBuilder("test")
            .input("ids", DType.I64, "batch", "seq")
            .input("mask", DType.I64, "batch", "seq")
            .node(new Op.Binary(BinaryFunction.ADD), "y", "ids", "mask")
            .build();
    assertEquals("i64[batch×seq]", graph.fact("y").toString());
    assertMessage(
        "input 'mask', dimension 1: expected seq = 8, got 9 in shape [1, 9]",
        () -> Inference.bind(graph, Map.of("ids", Shape.of(1, 8), "mask", Shape.of(1, 9))));
  }

  @Test
  void failuresNameTheNode() {
    GraphBuilder graph =
        new GraphBuilder("test")
            .input("x", DType.F32, 2, 3)
            .input("y", DType.F32, 2, 4)
            .node(new Op.Binary(BinaryFunction.ADD), "z", "x", "y");
    assertMessage(
        "node 'make_z' (Binary): shapes do not broadcast: expected extents equal or 1, got [2×3] and"
            + " [2×4]",
        graph::build);
  }

  static void assertMessage(String expected, org.junit.jupiter.api.function.Executable body) {
    assertEquals(expected, assertThrows(ModelException.class, body).getMessage());
  }
}
