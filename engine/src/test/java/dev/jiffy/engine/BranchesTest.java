package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Branches;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models with branches, from the file to the answer.
class BranchesTest {
  private static final Op EQUAL = new Op.Binary(BinaryFunction.EQUAL);
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);
  private static final Fact MATRIX = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(2)));

  @TempDir private Path folder;

  private static Node node(Op op, String output, String... in) {
    return new Node("make_" + output, op, List.of(in), List.of(output));
  }

  private static Graph graph(
      Map<String, Fact> inputs, Map<String, Tensor> constants, String output, Node... nodes) {
    return Inference.infer(
        new Graph(
            "g", List.copyOf(inputs.keySet()), List.of(output), List.of(nodes), constants, inputs));
  }

  private static Tensor number(long value) {
    return Tensor.of(new long[] {value});
  }

  /// For a rate of 16: twice the input. For others: one matrix without its first dimension, or more
  /// matrices as they are, without negative numbers.
  private static Graph rates() {
    Graph twice =
        graph(
            Map.of("m", MATRIX),
            Map.of(),
            "sum",
            node(new Op.Binary(BinaryFunction.ADD), "sum", "m", "m"));
    Graph squeezed =
        graph(
            Map.of("m", MATRIX),
            Map.of("zero", Tensor.of(new long[] {0}, 1)),
            "y",
            node(new Op.Squeeze(), "y", "m", "zero"));
    Graph same = graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Identity(), "y", "m"));
    Graph other =
        graph(
            Map.of("m", MATRIX),
            Map.of("one", Tensor.of(new long[] {1}, 1)),
            "z",
            node(RELU, "positive", "m"),
            node(new Op.ShapeOf(0, 1L), "count", "m"),
            node(EQUAL, "single", "count", "one"),
            node(new Op.If(squeezed, same), "z", "single", "positive"));
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", MATRIX);
    inputs.put("rate", Fact.of(DType.I64));
    return graph(
        inputs,
        Map.of("sixteen", number(16)),
        "y",
        node(EQUAL, "fast", "rate", "sixteen"),
        node(new Op.If(twice, other), "y", "fast", "x"));
  }

  private Path written(Graph graph) throws IOException {
    Path file = folder.resolve("branches.onnx");
    OnnxWriter.write(graph, 17, file);
    return file;
  }

  private static Tensor run(Session session, Map<String, Tensor> inputs) {
    return Objects.requireNonNull(session.runReusing(inputs).get("y"));
  }

  @Test
  void inputsAndShapesDecide() throws IOException {
    Path file = written(rates());
    Tensor one = Tensor.of(new float[] {-1, 2}, 1, 2);
    Tensor two = Tensor.of(new float[] {-1, 2, 3, -4}, 2, 2);
    for (boolean optimize : new boolean[] {true, false}) {
      try (Model model = Model.load(file, LoadOptions.defaults().optimize(optimize));
          Session session = model.newSession()) {
        for (int round = 0; round < 3; round++) {
          Tensor fast = run(session, Map.of("x", two, "rate", number(16)));
          assertArrayEquals(new float[] {-2, 4, 6, -8}, fast.toFloats());
          Tensor several = run(session, Map.of("x", two, "rate", number(8 + round)));
          assertEquals(Shape.of(2, 2), several.shape());
          assertArrayEquals(new float[] {0, 2, 3, 0}, several.toFloats());
          Tensor single = run(session, Map.of("x", one, "rate", number(8)));
          assertEquals(Shape.of(2), single.shape());
          assertArrayEquals(new float[] {0, 2}, single.toFloats());
        }
        assertNotNull(plan(model, one, number(16)));
        assertNotNull(plan(model, one, number(7)));
      }
    }
  }

  private static @Nullable Object plan(Model model, Tensor... arguments) {
    Stage stage = model.stage(model.program(), arguments);
    return stage.isWhole() ? stage.plan : null;
  }

  @Test
  void elementsOfTheNetworkDecideToo() throws IOException {
    Graph negative =
        graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Unary(UnaryFunction.NEG), "y", "m"));
    Graph same = graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Identity(), "y", "m"));
    Graph graph =
        graph(
            Map.of("x", MATRIX),
            Map.of("zero", Tensor.of(new float[] {0})),
            "y",
            node(new Op.Reduce(ReduceFunction.SUM, false, false), "sum", "x"),
            node(new Op.Binary(BinaryFunction.LESS), "less", "sum", "zero"),
            node(new Op.If(negative, same), "y", "less", "x"));
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      Tensor down = Tensor.of(new float[] {-3, 2}, 1, 2);
      assertNull(plan(model, down));
      assertArrayEquals(new float[] {3, -2}, run(session, Map.of("x", down)).toFloats());
      Tensor up = Tensor.of(new float[] {-3, 4}, 1, 2);
      assertArrayEquals(new float[] {-3, 4}, run(session, Map.of("x", up)).toFloats());
    }
  }

  /// Each of seven truth values adds a power of two or does not.
  @Test
  void manyWaysOfDecidingAreRight() throws IOException {
    List<Node> nodes = new ArrayList<>();
    Map<String, Tensor> constants = new LinkedHashMap<>();
    String last = "x";
    for (int bit = 0; bit < 7; bit++) {
      constants.put("p" + bit, Tensor.of(new float[] {1 << bit}));
      constants.put("i" + bit, number(bit));
      Graph add = added(1 << bit);
      Graph same = graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Identity(), "y", "m"));
      nodes.add(node(new Op.Gather(0), "b" + bit, "bits", "i" + bit));
      nodes.add(node(new Op.If(add, same), "s" + bit, "b" + bit, last));
      last = "s" + bit;
    }
    nodes.add(node(RELU, "y", last));
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", MATRIX);
    inputs.put("bits", Fact.of(DType.BOOL, 7));
    Graph graph = graph(inputs, constants, "y", nodes.toArray(Node[]::new));
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      Tensor x = Tensor.of(new float[] {0.5f, 1}, 1, 2);
      for (int sum = 0; sum < 128; sum++) {
        Tensor bits = Tensor.allocate(DType.BOOL, Shape.of(7));
        for (int bit = 0; bit < 7; bit++) {
          bits.setLong(bit, (sum >> bit) & 1);
        }
        float[] y = run(session, Map.of("x", x, "bits", bits)).toFloats();
        assertArrayEquals(new float[] {sum + 0.5f, sum + 1}, y);
      }
    }
  }

  /// A branch within one and a branch beside it have constants of one name.
  @Test
  void namesOfBranchesAreTheirOwn() {
    Map<String, Fact> inner = new LinkedHashMap<>();
    inner.put("m", MATRIX);
    Graph same = graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Identity(), "y", "m"));
    Graph ten = added(10);
    Graph twenty = added(20);
    inner.put("within", Fact.of(DType.BOOL));
    Graph nested = graph(inner, Map.of(), "y", node(new Op.If(ten, same), "y", "within", "m"));
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", MATRIX);
    inputs.put("a", Fact.of(DType.BOOL));
    inputs.put("within", Fact.of(DType.BOOL));
    inputs.put("b", Fact.of(DType.BOOL));
    Graph otherwise = graph(inner, Map.of(), "y", node(new Op.Identity(), "y", "m"));
    Graph graph =
        graph(
            inputs,
            Map.of(),
            "y",
            node(new Op.If(nested, otherwise), "z", "a", "x", "within"),
            node(new Op.If(twenty, same), "y", "b", "z"));
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);
    Map<String, Tensor> yes = Map.of("a", truth(true), "within", truth(true), "b", truth(true));
    Shape one = Shape.of();
    Map<String, Shape> shapes = Map.of("x", x.shape(), "a", one, "within", one, "b", one);
    Branches.Decided decided = Branches.decided(graph, shapes, yes);
    assertEquals(3, decided.decisions().size());
    Map<String, Tensor> arguments = new LinkedHashMap<>(yes);
    arguments.put("x", x);
    Map<String, Tensor> answers = Interpreter.run(decided.graph(), arguments);
    assertArrayEquals(new float[] {31, 32}, Objects.requireNonNull(answers.get("y")).toFloats());
  }

  private static Tensor truth(boolean value) {
    return Tensor.of(new boolean[] {value});
  }

  private static Graph added(float power) {
    return graph(
        Map.of("m", MATRIX),
        Map.of("power", Tensor.of(new float[] {power})),
        "y",
        node(new Op.Binary(BinaryFunction.ADD), "y", "m", "power"));
  }

  /// Of two branches that depend on the first element of an input of their own, the one whose input
  /// is long is decided late.
  @Test
  void sameDecisionsOfOtherBranchesAreOthers() throws IOException {
    List<Node> nodes = new ArrayList<>();
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", MATRIX);
    Map<String, Tensor> constants = Map.of("zero", number(0), "one", number(1));
    String last = "x";
    for (String name : List.of("a", "b")) {
      inputs.put(name, Fact.of(DType.I64, List.of(Dim.of("n_" + name))));
      Graph add = added(name.equals("a") ? 10 : 20);
      Graph same = graph(Map.of("m", MATRIX), Map.of(), "y", node(new Op.Identity(), "y", "m"));
      nodes.add(node(new Op.Gather(0), "first_" + name, name, "zero"));
      nodes.add(node(EQUAL, "is_" + name, "first_" + name, "one"));
      nodes.add(node(new Op.If(add, same), "after_" + name, "is_" + name, last));
      last = "after_" + name;
    }
    nodes.add(node(RELU, "y", last));
    Graph graph = graph(inputs, constants, "y", nodes.toArray(Node[]::new));
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      for (int[] lengths : new int[][] {{2, 100}, {100, 2}, {2, 2}, {100, 100}}) {
        for (int taken = 0; taken < 4; taken++) {
          long[] a = new long[lengths[0]];
          long[] b = new long[lengths[1]];
          a[0] = taken & 1;
          b[0] = taken >> 1;
          Map<String, Tensor> arguments =
              Map.of("x", x, "a", Tensor.of(a, a.length), "b", Tensor.of(b, b.length));
          float added = 10 * a[0] + 20 * b[0];
          assertArrayEquals(new float[] {1 + added, 2 + added}, run(session, arguments).toFloats());
        }
      }
    }
  }

  @Test
  void aBranchThatDoesNotFitIsNamed() throws IOException {
    Graph squeezed =
        graph(
            Map.of("m", MATRIX),
            Map.of("zero", Tensor.of(new long[] {0}, 1)),
            "y",
            node(new Op.Squeeze(), "y", "m", "zero"));
    Map<String, Fact> inputs = new LinkedHashMap<>();
    inputs.put("x", MATRIX);
    inputs.put("c", Fact.of(DType.BOOL));
    Graph graph = graph(inputs, Map.of(), "y", node(new Op.If(squeezed, squeezed), "y", "c", "x"));
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      Tensor two = Tensor.of(new float[] {-1, 2, 3, -4}, 2, 2);
      Tensor yes = Tensor.allocate(DType.BOOL, Shape.of());
      ModelException failure =
          assertThrows(ModelException.class, () -> session.run(Map.of("x", two, "c", yes)));
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains("(Squeeze)") && message.contains("expected extent 1"), message);
    }
  }
}
