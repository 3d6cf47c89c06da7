package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.FunctionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Functions that a model defines.
class FunctionsTest {
  private static final String OWN = "own";
  private static final Map<String, Long> OPSETS = Map.of("", 17L, OWN, 1L);

  private static NodeProto node(
      String domain,
      String operator,
      String output,
      Map<String, AttributeProto> attributes,
      String... inputs) {
    return new NodeProto("", operator, domain, List.of(inputs), List.of(output), attributes);
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return node("", operator, output, Map.of(), inputs);
  }

  private static FunctionProto function(
      String name, List<String> inputs, String output, NodeProto... nodes) {
    return function("", name, inputs, output, nodes);
  }

  private static FunctionProto function(
      String overload, String name, List<String> inputs, String output, NodeProto... nodes) {
    return new FunctionProto(
        name,
        OWN,
        overload,
        inputs,
        List.of(output),
        List.of("slope"),
        Map.of("offset", Models.real(10)),
        List.of(nodes),
        OPSETS);
  }

  private static OnnxModel model(List<FunctionProto> functions, NodeProto... nodes) {
    GraphProto graph =
        new GraphProto(
            "test",
            List.of(nodes),
            List.of(),
            List.of(),
            List.of(Models.value("x", DType.F32, 2)),
            List.of(new ValueProto("y", new TypeProto.OtherType("no type"))),
            List.of());
    return new OnnxModel(8, "test", OPSETS, Map.of(), functions, graph);
  }

  private static float[] run(OnnxModel model) {
    Graph graph = Importer.graph(model);
    Tensor x = Tensor.of(new float[] {-2, 3}, 2);
    return Objects.requireNonNull(Interpreter.run(graph, Map.of("x", x)).get("y")).toFloats();
  }

  /// `leaky(x) + offset`, whose inner names are those of the model.
  private static FunctionProto leaky() {
    return function(
        "Leaky",
        List.of("a", "unused"),
        "y",
        node("", "LeakyRelu", "x", Map.of("alpha", new AttributeProto.Reference("slope")), "a"),
        node("", "Constant", "c", Map.of("value_float", new AttributeProto.Reference("offset"))),
        node("Add", "y", "x", "c"));
  }

  @Test
  void attributesAreGivenOrDefault() {
    Map<String, AttributeProto> slope = Map.of("slope", Models.real(0.5f));
    assertArrayEquals(
        new float[] {9, 13}, run(model(List.of(leaky()), node(OWN, "Leaky", "y", slope, "x"))));
    Map<String, AttributeProto> both = Map.of("slope", Models.real(0.5f), "offset", Models.real(0));
    assertArrayEquals(
        new float[] {-1, 3}, run(model(List.of(leaky()), node(OWN, "Leaky", "y", both, "x"))));
    // without a slope the operator's own default holds
    assertArrayEquals(
        new float[] {9.98f, 13},
        run(model(List.of(leaky()), node(OWN, "Leaky", "y", Map.of(), "x"))));
  }

  @Test
  void functionsApplyFunctionsAndEachOtherTwice() {
    FunctionProto twice =
        function(
            "Twice",
            List.of("a"),
            "y",
            node(OWN, "Double", "x", Map.of(), "a"),
            node(OWN, "Double", "y", Map.of(), "x"));
    FunctionProto once = function("Double", List.of("a"), "y", node("Add", "y", "a", "a"));
    assertArrayEquals(
        new float[] {-32, 48},
        run(
            model(
                List.of(once, twice),
                node(OWN, "Twice", "z", Map.of(), "x"),
                node(OWN, "Twice", "y", Map.of(), "z"))));
  }

  @Test
  void graphsWithinFunctionsReadItsValuesAndAttributes() {
    GraphProto leaky =
        GraphProto.of(
            "leaky",
            List.of(
                node(
                    "",
                    "LeakyRelu",
                    "r",
                    Map.of("alpha", new AttributeProto.Reference("slope")),
                    "x")));
    GraphProto branch = withOutput(leaky, "r");
    GraphProto same = withOutput(GraphProto.of("same", List.of(node("Identity", "r", "x"))), "r");
    FunctionProto guarded =
        function(
            "Guarded",
            List.of("a"),
            "y",
            node("Neg", "x", "a"),
            node("", "ReduceSum", "s", Map.of("keepdims", Models.integer(0)), "x"),
            node("", "Cast", "c", Map.of("to", Models.integer(9)), "s"),
            node(
                "",
                "If",
                "y",
                Map.of(
                    "then_branch", new AttributeProto.GraphValue(branch),
                    "else_branch", new AttributeProto.GraphValue(same)),
                "c"));
    assertArrayEquals(
        new float[] {2, -6},
        run(
            model(
                List.of(guarded),
                node(OWN, "Guarded", "y", Map.of("slope", Models.real(2)), "x"))));
  }

  private static GraphProto withOutput(GraphProto graph, String output) {
    return new GraphProto(
        graph.name(),
        graph.nodes(),
        List.of(),
        List.of(),
        List.of(),
        List.of(new ValueProto(output, new TypeProto.OtherType("no type"))),
        List.of());
  }

  @Test
  void anInputMayBeAnOutput() {
    FunctionProto same = function("Same", List.of("a"), "a");
    assertArrayEquals(
        new float[] {-2, 3}, run(model(List.of(same), node(OWN, "Same", "y", Map.of(), "x"))));
  }

  @Test
  void aFunctionHasAnOperatorSetOfItsOwn() {
    // before 13, Squeeze has its axes as an attribute
    FunctionProto old =
        new FunctionProto(
            "Old",
            OWN,
            "",
            List.of("a"),
            List.of("y"),
            List.of(),
            Map.of(),
            List.of(
                node("", "Unsqueeze", "b", Map.of("axes", Models.ints(0L)), "a"),
                node("", "Squeeze", "y", Map.of("axes", Models.ints(0L)), "b")),
            Map.of("", 11L));
    assertArrayEquals(
        new float[] {-2, 3}, run(model(List.of(old), node(OWN, "Old", "y", Map.of(), "x"))));
  }

  @Test
  void whatCannotBeAppliedIsNamed() {
    FunctionProto itself =
        function("Itself", List.of("a"), "y", node(OWN, "Itself", "y", Map.of(), "a"));
    assertTrue(
        refused(model(List.of(itself), node(OWN, "Itself", "y", Map.of(), "x")))
            .contains("'Itself' applies itself"));
    FunctionProto once = function("Double", List.of("a"), "y", node("Add", "y", "a", "a"));
    assertTrue(
        refused(model(List.of(once), node(OWN, "Double", "y", Map.of(), "x", "x")))
            .contains("has 2 inputs"));
    assertTrue(
        refused(model(List.of(once), node(OWN, "Double", "y", Map.of("odd", Models.real(1)), "x")))
            .contains("no attribute 'odd'"));
  }

  @Test
  void functionsThatGrowWithoutBoundAreRefused() {
    List<FunctionProto> functions = new ArrayList<>();
    functions.add(function("F0", List.of("a"), "y", node("Add", "y", "a", "a")));
    for (int i = 1; i < 40; i++) {
      String before = "F" + (i - 1);
      functions.add(
          function(
              "F" + i,
              List.of("a"),
              "y",
              node(OWN, before, "b", Map.of(), "a"),
              node(OWN, before, "y", Map.of(), "b")));
    }
    assertTrue(
        refused(model(functions, node(OWN, "F39", "y", Map.of(), "x"))).contains("1000000 nodes"));
  }

  @Test
  void overloadsAreToldApart() {
    List<FunctionProto> functions =
        List.of(
            function("twice", "F", List.of("a"), "y", node("Add", "y", "a", "a")),
            function("square", "F", List.of("a"), "y", node("Mul", "y", "a", "a")));
    NodeProto square = new NodeProto("", "F", OWN, "square", List.of("x"), List.of("z"), Map.of());
    NodeProto twice = new NodeProto("", "F", OWN, "twice", List.of("z"), List.of("y"), Map.of());
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = OnnxWriter.message(model(functions, square, twice)).toByteArray();
      assertArrayEquals(new float[] {8, 18}, run(Models.read(bytes, arena)));
    }
    FunctionProto outer =
        function(
            "Outer",
            List.of("x"),
            "y",
            new NodeProto("", "F", OWN, "square", List.of("x"), List.of("y"), Map.of()));
    List<FunctionProto> nested = List.of(outer, functions.getLast());
    assertArrayEquals(
        new float[] {4, 9}, run(model(nested, node(OWN, "Outer", "y", Map.of(), "x"))));
    List<FunctionProto> same = List.of(functions.getFirst(), functions.getFirst());
    assertTrue(refused(model(same, twice)).contains("two functions are named 'F' of domain 'own'"));
  }

  @Test
  void whatIsWrittenIsRead() {
    FunctionProto leaky = leaky();
    byte[] bytes =
        OnnxWriter.message(model(List.of(leaky), node(OWN, "Leaky", "y", Map.of(), "x")))
            .toByteArray();
    try (Arena arena = Arena.ofConfined()) {
      OnnxModel read = Models.read(bytes, arena);
      FunctionProto again = read.functions().getFirst();
      assertEquals(leaky.name(), again.name());
      assertEquals(OWN, again.domain());
      assertEquals(leaky.inputs(), again.inputs());
      assertEquals(leaky.outputs(), again.outputs());
      assertEquals(leaky.attributes(), again.attributes());
      assertEquals(leaky.defaults(), again.defaults());
      assertEquals(leaky.opsets(), again.opsets());
      assertEquals(leaky.nodes().size(), again.nodes().size());
      assertEquals(
          new AttributeProto.Reference("slope"),
          again.nodes().getFirst().attributes().get("alpha"));
      assertArrayEquals(new float[] {9.98f, 13}, run(read));
    }
  }
}
