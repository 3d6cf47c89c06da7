package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VerifierTest {
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Fact FACT = Fact.of(DType.F32, 2, 3);

  private static Node node(Op op, String output, String... in) {
    return new Node("n_" + output, op, List.of(in), List.of(output));
  }

  private static Graph graph(Map<String, Fact> facts, String output, Node... nodes) {
    return new Graph("g", List.of("x"), List.of(output), List.of(nodes), Map.of(), facts);
  }

  private static void assertProblems(Graph graph, String... problems) {
    String message =
        assertThrows(IllegalStateException.class, () -> Verifier.verify(graph)).getMessage();
    assertEquals("graph 'g' is not well formed:\n  " + String.join("\n  ", problems), message);
  }

  @Test
  void inferredGraphsAreWellFormed() {
    Graph graph = Inference.infer(GraphInferenceTest.attention());
    assertDoesNotThrow(() -> Verifier.verify(graph));
    Graph bound = Inference.bind(graph, Map.of("x", Shape.of(1, 9, 384)));
    assertDoesNotThrow(() -> Verifier.verify(bound));
  }

  @Test
  void valuesAreMadeOnce() {
    assertProblems(
        graph(Map.of("x", FACT, "y", FACT), "y", node(RELU, "y", "x"), node(RELU, "y", "x")),
        "value 'y': made by node 'n_y' (Unary) and by node 'n_y' (Unary)");
  }

  @Test
  void valuesAreMadeBeforeTheyAreRead() {
    assertProblems(
        graph(
            Map.of("x", FACT, "y", FACT, "z", FACT),
            "z",
            node(RELU, "z", "y"),
            node(RELU, "y", "x")),
        "node 'n_z' (Unary): input 'y' is made by no earlier node");
  }

  @Test
  void everyProblemIsNamed() {
    assertProblems(
        graph(Map.of("x", FACT, "y", FACT), "q", node(ADD, "y", "x"), node(RELU, "z", "x")),
        "node 'n_y' (Binary): expected 2 inputs, got 1",
        "value 'z': no fact",
        "output 'q': nothing makes it");
  }

  @Test
  void factsAgreeWithTheirOperators() {
    assertProblems(
        graph(Map.of("x", FACT, "y", Fact.of(DType.F32, 2, 4)), "y", node(RELU, "y", "x")),
        "node 'n_y' (Unary): 'y' should be f32[2×3], the fact says f32[2×4]");
    assertProblems(
        graph(Map.of("x", FACT, "y", Fact.of(DType.F64, 2, 3)), "y", node(RELU, "y", "x")),
        "node 'n_y' (Unary): 'y' should be f32[2×3], the fact says f64[2×3]");
    Fact symbolic = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(3)));
    assertDoesNotThrow(
        () -> Verifier.verify(graph(Map.of("x", FACT, "y", symbolic), "y", node(RELU, "y", "x"))));
  }

  @Test
  void constantsAreWhatTheirFactsSay() {
    Map<String, Fact> facts = new HashMap<>(Map.of("x", FACT, "y", FACT));
    facts.put("c", Fact.of(DType.F32, 3));
    Graph graph =
        new Graph(
            "g",
            List.of("x"),
            List.of("y"),
            List.of(node(RELU, "y", "x")),
            Map.of("c", Tensor.of(new long[] {1, 2}, 2)),
            facts);
    assertProblems(graph, "constant 'c': the fact says f32[3], the tensor is i64[2]");
  }
}
