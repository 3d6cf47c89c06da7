package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models that are several plans with other nodes between them.
class StagesTest {
  private static final int WIDTH = 24;
  private static final Fact ROWS = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(WIDTH)));
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Op MUL = new Op.Binary(BinaryFunction.MUL);
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);

  @TempDir private Path folder;

  private static Node node(Op op, String output, String... in) {
    return new Node("make_" + output, op, List.of(in), List.of(output));
  }

  private static Graph graph(
      Map<String, Fact> inputs,
      Map<String, Tensor> constants,
      List<String> outputs,
      List<Node> nodes) {
    return Inference.infer(
        new Graph("g", List.copyOf(inputs.keySet()), outputs, nodes, constants, inputs));
  }

  private static Tensor random(long seed, long... dims) {
    Random random = new Random(seed);
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, random.nextGaussian() / 4);
    }
    return tensor;
  }

  private Model load(Graph graph) throws IOException {
    Path file = folder.resolve("stages.onnx");
    OnnxWriter.write(graph, 17, file);
    return Model.load(file);
  }

  /// A product; the rows whose sum is positive; another product of these.
  private static Graph detector() {
    Map<String, Tensor> constants = new LinkedHashMap<>();
    constants.put("w", random(1, WIDTH, WIDTH));
    constants.put("v", random(2, WIDTH, WIDTH));
    constants.put("zero", Tensor.of(new float[] {0}));
    constants.put("one", Tensor.of(new long[] {1}, 1));
    constants.put("minus", Tensor.of(new long[] {-1}, 1));
    return graph(
        Map.of("x", ROWS),
        constants,
        List.of("y", "where", "p"),
        List.of(
            node(new Op.MatMul(), "h", "x", "w"),
            node(RELU, "p", "h"),
            node(new Op.Reduce(ReduceFunction.SUM, false, false), "s", "h", "one"),
            node(new Op.Binary(BinaryFunction.GREATER), "good", "s", "zero"),
            node(new Op.NonZero(), "found", "good"),
            node(new Op.Reshape(false), "where", "found", "minus"),
            node(new Op.Gather(0), "picked", "p", "where"),
            node(new Op.MatMul(), "q", "picked", "v"),
            node(new Op.Softmax(-1, false), "y", "q")));
  }

  @Test
  void whatPassesFromPlanToPlanCountsAsMemory() throws IOException {
    try (Model model = load(detector())) {
      Tensor zeros = Tensor.allocate(DType.F32, Shape.of(40, WIDTH));
      Stage first = model.stage(model.program(), new Value[] {zeros});
      long planned = Objects.requireNonNull(first.plan).bytes();
      Session session = model.newSession();
      assertEquals(0, session.memoryBytes());
      session.run(Map.of("x", zeros)); // no row is found, so that the second plan needs less
      assertTrue(session.memoryBytes() >= planned + 40, () -> planned + " planned");
      session.close();
      assertEquals(0, session.memoryBytes());
    }
  }

  @Test
  void whatSurroundsANodeWithoutAPlanRunsAsPlans() throws IOException {
    Graph graph = detector();
    try (Model model = load(graph);
        Session session = model.newSession()) {
      Tensor x = random(3, 40, WIDTH);
      Stage first = model.stage(model.program(), new Value[] {x});
      assertFalse(first.isWhole());
      assertNotNull(first.plan);
      assertEquals(1, first.nodes.size());
      assertTrue(first.nodes.getFirst().node.op() instanceof Op.NonZero);
      Program rest = Objects.requireNonNull(first.rest);
      assertEquals(List.of("y", "where"), rest.graph().outputs());
      for (int rows : new int[] {40, 7, 1, 40, 0}) {
        x = random(rows, rows, WIDTH);
        assertSame(Interpreter.run(graph, Map.of("x", x)), session.run(Map.of("x", x)));
      }
      long packed = model.packedBytes();
      x = random(77, 33, WIDTH);
      assertSame(Interpreter.run(graph, Map.of("x", x)), session.run(Map.of("x", x)));
      assertEquals(packed, model.packedBytes());
    }
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, tensor) -> {
      Tensor other = Objects.requireNonNull(actual.get(name));
      assertEquals(tensor.shape(), other.shape(), name);
      assertArrayEquals(tensor.toFloats(), other.toFloats(), 1e-4f, name);
    });
  }

  /// Memory between stages is used again, that of answers is not: neither of one that the first
  /// plan makes (`p`) nor of those of the rest.
  @Test
  void answersOutliveLaterRuns() throws IOException {
    Graph graph = detector();
    try (Model model = load(graph);
        Session session = model.newSession()) {
      List<Map<String, Tensor>> expected = new ArrayList<>();
      List<Map<String, Tensor>> answers = new ArrayList<>();
      for (int run = 0; run < 8; run++) {
        Map<String, Tensor> inputs = Map.of("x", random(run, run % 2 == 0 ? 30 : 50, WIDTH));
        expected.add(Interpreter.run(graph, inputs));
        answers.add(session.runReusing(inputs));
      }
      for (int run = 0; run < 8; run++) {
        assertSame(expected.get(run), answers.get(run));
      }
    }
  }

  @Test
  void bodiesArePlansThatSharePackedWeights() throws IOException {
    Tensor w = random(5, WIDTH, WIDTH);
    Graph body =
        graph(
            facts(
                "i",
                Fact.of(DType.I64),
                "c",
                Fact.of(DType.BOOL),
                "s",
                ROWS,
                "weights",
                Fact.of(DType.F32, WIDTH, WIDTH)),
            Map.of(),
            List.of("c", "t", "t_copy"),
            List.of(
                node(new Op.MatMul(), "h", "s", "weights"),
                node(new Op.Unary(UnaryFunction.TANH), "t", "h"),
                node(new Op.Identity(), "t_copy", "t")));
    Graph graph =
        graph(
            facts("m", Fact.of(DType.I64), "x", ROWS),
            Map.of("w", w),
            List.of("y", "all"),
            List.of(
                node(new Op.MatMul(), "x0", "x", "w"),
                new Node(
                    "loop",
                    new LoopOp.Loop(body, 1),
                    List.of("m", "", "x0", "w"),
                    List.of("last", "all")),
                node(new Op.MatMul(), "y", "last", "w")));
    try (Model model = load(graph);
        Session session = model.newSession()) {
      long packed = model.packedBytes();
      assertTrue(packed > 0 && packed < 2 * 4L * WIDTH * WIDTH, () -> "packed " + packed);
      for (int rows : new int[] {1, 5, 1}) {
        for (int trips : new int[] {0, 1, 2, 9}) {
          Map<String, Tensor> inputs =
              Map.of("m", Tensor.of(new long[] {trips}), "x", random(trips, rows, WIDTH));
          assertSame(Interpreter.run(graph, inputs), session.run(inputs));
        }
      }
      assertEquals(packed, model.packedBytes());
      LoopOp.Loop loop =
          model.graph().nodes().stream()
              .map(Node::op)
              .filter(LoopOp.Loop.class::isInstance)
              .map(LoopOp.Loop.class::cast)
              .findFirst()
              .orElseThrow();
      Value[] arguments = {
        Tensor.of(new long[] {0}), Tensor.of(new boolean[] {true}), random(1, 5, WIDTH)
      };
      assertTrue(model.stage(model.program(loop.body()), arguments).isWhole());
    }
  }

  private static Map<String, Fact> facts(Object... namesAndFacts) {
    Map<String, Fact> facts = new LinkedHashMap<>();
    for (int i = 0; i < namesAndFacts.length; i += 2) {
      facts.put((String) namesAndFacts[i], (Fact) namesAndFacts[i + 1]);
    }
    return facts;
  }

  /// What steers an operator may be computed: bounds, shapes, numbers of repeats.
  @Test
  void elementsMaySteer() throws IOException {
    Map<String, Tensor> constants = new LinkedHashMap<>();
    constants.put("w", random(1, WIDTH, WIDTH));
    constants.put("zeros", Tensor.of(new long[] {0}, 1));
    constants.put("hundred", Tensor.of(new float[] {5}, 1));
    Graph graph =
        graph(
            Map.of("x", ROWS),
            constants,
            List.of("y", "count", "filled"),
            List.of(
                node(new Op.MatMul(), "h", "x", "w"),
                node(new Op.Reduce(ReduceFunction.MAX, false, false), "top", "h"),
                node(MUL, "scaled", "top", "hundred"),
                node(new Op.Unary(UnaryFunction.ABS), "positive", "scaled"),
                node(new Op.Cast(DType.I64, false), "count", "positive"),
                node(new Op.Slice(), "cut", "h", "zeros", "count"),
                node(RELU, "y", "cut"),
                node(new Op.ConstantOfShape(Tensor.of(new float[] {2}, 1)), "filled", "count")));
    try (Model model = load(graph);
        Session session = model.newSession()) {
      for (int seed = 0; seed < 6; seed++) {
        Tensor x = random(seed, 12, WIDTH);
        assertSame(Interpreter.run(graph, Map.of("x", x)), session.run(Map.of("x", x)));
      }
    }
  }

  /// What a caller gets is the caller's: no input, no constant, and nothing that another run
  /// writes.
  @Test
  void answersHaveMemoryOfTheirOwn() throws IOException {
    Fact sequence = Fact.unranked(DType.F32).as(Value.Kind.SEQUENCE);
    Graph graph =
        graph(
            facts("x", ROWS, "s", sequence),
            Map.of(
                "k",
                random(1, 2, WIDTH),
                "zero",
                Tensor.of(new long[] {0}),
                "end",
                Tensor.of(new long[] {-1})),
            List.of("pair", "first", "last"),
            List.of(
                node(new SequenceOp.SequenceInsert(), "longer", "s", "x"),
                node(new SequenceOp.SequenceInsert(), "pair", "longer", "k"),
                node(new SequenceOp.SequenceAt(), "first", "pair", "zero"),
                node(new SequenceOp.SequenceAt(), "last", "pair", "end")));
    try (Model model = load(graph);
        Session session = model.newSession()) {
      Tensor x = random(4, 3, WIDTH);
      Map<String, Value> inputs = Map.of("x", x, "s", new TensorSequence(DType.F32, List.of()));
      Map<String, Value> one = session.runValues(inputs);
      Map<String, Value> two = session.runValues(inputs);
      List<Tensor> all = new ArrayList<>();
      for (Map<String, Value> answers : List.of(one, two)) {
        for (Value value : answers.values()) {
          if (value instanceof TensorSequence tensors) {
            all.addAll(tensors.tensors());
          } else if (value instanceof Tensor tensor) {
            all.add(tensor);
          }
        }
      }
      assertEquals(8, all.size());
      all.add(x);
      for (int i = 0; i < all.size(); i++) {
        for (int k = 0; k < i; k++) {
          assertFalse(all.get(i).segment().address() == all.get(k).segment().address());
        }
      }
      assertArrayEquals(x.toFloats(), all.getFirst().toFloats());
    }
  }

  /// Chains of random operators, some of which no plan has, agree with the interpreter.
  @Test
  void randomGraphsAgreeWithTheInterpreter() throws IOException {
    for (int seed = 0; seed < 40; seed++) {
      Graph graph = random(new Random(seed));
      try (Model model = load(graph);
          Session session = model.newSession()) {
        for (int rows : new int[] {9, 1, 9, 4}) {
          Tensor x = random(seed * 31 + rows, rows, WIDTH);
          assertSame(Interpreter.run(graph, Map.of("x", x)), session.run(Map.of("x", x)));
        }
      }
    }
  }

  private static Graph random(Random random) {
    Map<String, Tensor> constants = new LinkedHashMap<>();
    constants.put("w", random(1, WIDTH, WIDTH));
    constants.put("minus", Tensor.of(new long[] {-1}, 1));
    constants.put("one", Tensor.of(new long[] {1}, 1));
    constants.put("zero", Tensor.of(new float[] {0}));
    List<Node> nodes = new ArrayList<>();
    List<String> rows = new ArrayList<>(List.of("x"));
    int steps = 4 + random.nextInt(8);
    for (int i = 0; i < steps; i++) {
      String in = rows.get(random.nextInt(rows.size()));
      String out = "v" + i;
      switch (random.nextInt(6)) {
        case 0 -> nodes.add(node(new Op.MatMul(), out, in, "w"));
        case 1 -> nodes.add(node(RELU, out, in));
        case 2 -> nodes.add(node(ADD, out, in, in));
        case 3 -> {
          nodes.add(node(new Op.Reduce(ReduceFunction.SUM, false, false), out + "s", in, "one"));
          nodes.add(node(new Op.Binary(BinaryFunction.GREATER), out + "g", out + "s", "zero"));
          nodes.add(node(new Op.Compress(0L), out, in, out + "g"));
        }
        case 4 -> {
          nodes.add(node(new Op.Reduce(ReduceFunction.SUM, false, false), out + "s", in, "one"));
          nodes.add(node(new Op.NonZero(), out + "n", out + "s"));
          nodes.add(node(new Op.Reshape(false), out + "i", out + "n", "minus"));
          nodes.add(node(new Op.Gather(0), out, in, out + "i"));
        }
        default -> {
          nodes.add(node(new SequenceOp.SequenceConstruct(), out + "q", in, in));
          nodes.add(node(new SequenceOp.ConcatFromSequence(0, false), out, out + "q"));
        }
      }
      rows.add(out);
    }
    List<String> outputs = new ArrayList<>();
    outputs.add(rows.getLast());
    outputs.add(rows.get(1 + random.nextInt(rows.size() - 1)));
    return graph(Map.of("x", ROWS), constants, outputs.stream().distinct().toList(), nodes);
  }
}
