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
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models with branches, from the file to the answer.
class BranchesTest {
  private static final Op EQUAL = new Op.Binary(BinaryFunction.EQUAL);
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);
  private static final Fact MATRIX = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(2)));

  private static final Graph SAME =
      new GraphBuilder("g").input("m", MATRIX).node(new Op.Identity(), "y", "m").build();
  private static final Graph SQUEEZED =
      new GraphBuilder("g")
          .input("m", MATRIX)
          .constant("zero", Tensor.of(new long[] {0}, 1))
          .node(new Op.Squeeze(), "y", "m", "zero")
          .build();

  @TempDir private Path folder;

  private static Tensor number(long value) {
    return Tensor.of(new long[] {value});
  }

  /// For a rate of 16: twice the input. For others: one matrix without its first dimension, or more
  /// matrices as they are, without negative numbers.
  private static Graph rates() {
    Graph twice =
        new GraphBuilder("g")
            .input("m", MATRIX)
            .node(new Op.Binary(BinaryFunction.ADD), "sum", "m", "m")
            .build();
    Graph other =
        new GraphBuilder("g")
            .input("m", MATRIX)
            .constant("one", Tensor.of(new long[] {1}, 1))
            .node(RELU, "positive", "m")
            .node(new Op.ShapeOf(0, 1L), "count", "m")
            .node(EQUAL, "single", "count", "one")
            .node(new Op.If(SQUEEZED, SAME), "z", "single", "positive")
            .build();
    return new GraphBuilder("g")
        .input("x", MATRIX)
        .input("rate", DType.I64)
        .constant("sixteen", number(16))
        .node(EQUAL, "fast", "rate", "sixteen")
        .node(new Op.If(twice, other), "y", "fast", "x")
        .build();
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
        new GraphBuilder("g")
            .input("m", MATRIX)
            .node(new Op.Unary(UnaryFunction.NEG), "y", "m")
            .build();
    Graph graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .constant("zero", Tensor.of(new float[] {0}))
            .node(new Op.Reduce(ReduceFunction.SUM, false, false), "sum", "x")
            .node(new Op.Binary(BinaryFunction.LESS), "less", "sum", "zero")
            .node(new Op.If(negative, SAME), "y", "less", "x")
            .build();
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      Tensor down = Tensor.of(new float[] {-3, 2}, 1, 2);
      assertNull(plan(model, down));
      assertArrayEquals(new float[] {3, -2}, run(session, Map.of("x", down)).toFloats());
      Tensor up = Tensor.of(new float[] {-3, 4}, 1, 2);
      assertArrayEquals(new float[] {-3, 4}, run(session, Map.of("x", up)).toFloats());
    }
  }

  /// Each of seven truth values adds a power of two or does not. A function of a product with twice
  /// a matrix.
  private static Graph ofProduct(Op function) {
    return new GraphBuilder("g")
        .input("m", MATRIX)
        .input("w", Fact.of(DType.F32, 2, 80))
        .constant("two", Tensor.of(new float[] {2}))
        .node(new Op.Binary(BinaryFunction.MUL), "twice", "w", "two")
        .node(new Op.MatMul(), "product", "m", "twice")
        .node(function, "y", "product")
        .build();
  }

  @Test
  void weightsThatBranchesMakeAlikeArePackedOnce() throws IOException {
    float[] weights = new float[160];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i - 80;
    }
    Graph graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .input("rate", DType.I64)
            .constant("sixteen", number(16))
            .constant("weights", Tensor.of(weights, 2, 80))
            .node(EQUAL, "fast", "rate", "sixteen")
            .node(
                new Op.If(ofProduct(RELU), ofProduct(new Op.Unary(UnaryFunction.NEG))),
                "y",
                "fast",
                "x",
                "weights")
            .build();
    try (Model model = Model.load(written(graph));
        Session session = model.newSession()) {
      Tensor x = Tensor.of(new float[] {1, 0}, 1, 2);
      assertEquals(0, run(session, Map.of("x", x, "rate", number(16))).toFloats()[0]);
      long packed = model.packedBytes();
      assertTrue(packed >= 4L * weights.length);
      assertEquals(160, run(session, Map.of("x", x, "rate", number(8))).toFloats()[0]);
      assertEquals(packed, model.packedBytes());
    }
  }

  @Test
  void manyWaysOfDecidingAreRight() throws IOException {
    GraphBuilder graph = new GraphBuilder("g").input("x", MATRIX).input("bits", DType.BOOL, 7);
    String last = "x";
    for (int bit = 0; bit < 7; bit++) {
      graph.constant("p" + bit, Tensor.of(new float[] {1 << bit}));
      graph.constant("i" + bit, number(bit));
      Graph add = added(1 << bit);
      graph.node(new Op.Gather(0), "b" + bit, "bits", "i" + bit);
      graph.node(new Op.If(add, SAME), "s" + bit, "b" + bit, last);
      last = "s" + bit;
    }
    graph.node(RELU, "y", last);
    try (Model model = Model.load(written(graph.build()));
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
    Graph otherwise =
        new GraphBuilder("g")
            .input("m", MATRIX)
            .input("within", DType.BOOL)
            .node(new Op.Identity(), "y", "m")
            .build();
    Graph nested =
        new GraphBuilder("g")
            .input("m", MATRIX)
            .input("within", DType.BOOL)
            .node(new Op.If(added(10), SAME), "y", "within", "m")
            .build();
    Graph graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .input("a", DType.BOOL)
            .input("within", DType.BOOL)
            .input("b", DType.BOOL)
            .node(new Op.If(nested, otherwise), "z", "a", "x", "within")
            .node(new Op.If(added(20), SAME), "y", "b", "z")
            .build();
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);
    Map<String, Tensor> yes = Map.of("a", truth(true), "within", truth(true), "b", truth(true));
    Shape one = Shape.of();
    Map<String, Shape> shapes = Map.of("x", x.shape(), "a", one, "within", one, "b", one);
    Graph decided = graph;
    int decisions = 0;
    while (Branches.areIn(decided)) {
      Map<Integer, Boolean> each =
          Branches.decided(decided, Branches.conditions(decided), shapes, yes);
      decisions += each.size();
      decided = Branches.taken(decided, each);
    }
    assertEquals(3, decisions);
    Map<String, Tensor> arguments = new LinkedHashMap<>(yes);
    arguments.put("x", x);
    Map<String, Tensor> answers = Interpreter.run(decided, arguments);
    assertArrayEquals(new float[] {31, 32}, Objects.requireNonNull(answers.get("y")).toFloats());
  }

  /// What else a graph computes is not looked at where branches are decided.
  @Test
  void conditionsAreComputedApart() {
    Graph graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .input("n", DType.I64)
            .constant("one", number(1))
            .constant("half", Tensor.of(new float[] {0.5f}))
            .node(new Op.Binary(BinaryFunction.ADD), "z", "x", "half")
            .node(EQUAL, "is_one", "n", "one")
            .node(new Op.If(added(10), SAME), "w", "is_one", "z")
            .node(RELU, "y", "w")
            .build();
    Graph conditions = Branches.conditions(graph);
    assertEquals(List.of("is_one"), conditions.outputs());
    assertEquals(Set.of("one"), conditions.constants().keySet());
    assertEquals(List.of("is_one"), conditions.nodes().stream().map(Node::output).toList());
    Map<String, Shape> shapes = Map.of("x", Shape.of(1, 2), "n", Shape.of());
    assertEquals(Map.of(), Branches.decided(graph, conditions, shapes, Map.of()));
    Map<String, Tensor> two = Map.of("n", number(2));
    assertEquals(Map.of(2, false), Branches.decided(graph, conditions, shapes, two));
  }

  private static Tensor truth(boolean value) {
    return Tensor.of(new boolean[] {value});
  }

  private static Graph added(float power) {
    return new GraphBuilder("g")
        .input("m", MATRIX)
        .constant("power", Tensor.of(new float[] {power}))
        .node(new Op.Binary(BinaryFunction.ADD), "y", "m", "power")
        .build();
  }

  /// Of two branches that depend on the first element of an input of their own, the one whose input
  /// is long is decided late.
  @Test
  void sameDecisionsOfOtherBranchesAreOthers() throws IOException {
    GraphBuilder graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .constant("zero", number(0))
            .constant("one", number(1));
    String last = "x";
    for (String name : List.of("a", "b")) {
      graph.input(name, DType.I64, "n_" + name);
      Graph add = added(name.equals("a") ? 10 : 20);
      graph.node(new Op.Gather(0), "first_" + name, name, "zero");
      graph.node(EQUAL, "is_" + name, "first_" + name, "one");
      graph.node(new Op.If(add, SAME), "after_" + name, "is_" + name, last);
      last = "after_" + name;
    }
    graph.node(RELU, "y", last);
    Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);
    try (Model model = Model.load(written(graph.build()));
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
    Graph graph =
        new GraphBuilder("g")
            .input("x", MATRIX)
            .input("c", DType.BOOL)
            .node(new Op.If(SQUEEZED, SQUEEZED), "y", "c", "x")
            .build();
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
