package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.StepCost;
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
import java.util.Collections;
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

  static Tensor random(long seed, long... dims) {
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
    return new GraphBuilder("g")
        .input("x", ROWS)
        .constant("w", random(1, WIDTH, WIDTH))
        .constant("v", random(2, WIDTH, WIDTH))
        .constant("zero", Tensor.of(new float[] {0}))
        .constant("one", Tensor.of(new long[] {1}, 1))
        .constant("minus", Tensor.of(new long[] {-1}, 1))
        .node(new Op.MatMul(), "h", "x", "w")
        .node(RELU, "p", "h")
        .node(new Op.Reduce(ReduceFunction.SUM, false, false), "s", "h", "one")
        .node(new Op.Binary(BinaryFunction.GREATER), "good", "s", "zero")
        .node(new Op.NonZero(), "found", "good")
        .node(new Op.Reshape(false), "where", "found", "minus")
        .node(new Op.Gather(0), "picked", "p", "where")
        .node(new Op.MatMul(), "q", "picked", "v")
        .node(new Op.Softmax(-1, false), "y", "q")
        .outputs("y", "where", "p")
        .build();
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
      session.run(Map.of("x", zeros)); // the first run has told how much passes on
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

  @Test
  void aProfileHasTheStepsOfAllPlansAndTheNodesBetweenThem() throws IOException {
    try (Model model = load(detector());
        Session session = model.newSession()) {
      RunProfile profile = session.profile(Map.of("x", random(3, 40, WIDTH)), 3);
      List<StepCost> steps = profile.steps();
      List<String> operators = steps.stream().map(StepCost::operator).toList();
      assertEquals(2, Collections.frequency(operators, StageCosts.STAGE));
      assertEquals(2, Collections.frequency(operators, "MatMul"));
      assertEquals(1, Collections.frequency(operators, "NonZero"));
      assertTrue(operators.indexOf("NonZero") < operators.lastIndexOf(StageCosts.STAGE));
      StepCost node = steps.get(operators.indexOf("NonZero"));
      assertTrue(node.activationBytes() > 40, node::toString);
      for (int run = 0; run < profile.runs(); run++) {
        long covered = profile.otherNanos(run);
        for (int step = 0; step < steps.size(); step++) {
          covered += profile.stepNanos(run, step);
        }
        assertEquals(profile.runNanos(run), covered);
      }
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
  /// plan makes (`p`) nor of those of the rest. Where answers are in the session's memory, they are
  /// right until its next run.
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
        answers.add(session.run(inputs));
        Map<String, Tensor> reused = session.runReusing(inputs);
        assertSame(expected.getLast(), reused);
        assertThrows(UnsupportedOperationException.class, reused::clear);
      }
      for (int run = 0; run < 8; run++) {
        assertSame(expected.get(run), answers.get(run));
      }
    }
  }

  /// Branches, loops and sequences make all they make in memory that the next run uses again; an
  /// answer may be what the next run starts from.
  @Test
  void whatIsMadeWithinNodesIsMadeAnewInEachRun() throws IOException {
    Graph body =
        new GraphBuilder("g")
            .input("i", DType.I64)
            .input("c", DType.BOOL)
            .input("s", ROWS)
            .node(new Op.NonZero(), "places", "s")
            .node(new Op.Cast(DType.F32, true), "real", "places")
            .node(new Op.Reduce(ReduceFunction.MEAN, false, false), "mean", "real")
            .node(MUL, "scaled", "s", "half")
            .node(ADD, "next", "scaled", "mean")
            .node(new Op.Identity(), "next_copy", "next")
            .constant("half", Tensor.of(new float[] {0.5f}))
            .outputs("c", "next", "next_copy")
            .build();
    Graph graph =
        new GraphBuilder("g")
            .constant("m", Tensor.of(new long[] {5}))
            .input("x", ROWS)
            .node(new LoopOp.Loop(body, 1), List.of("y", "all"), "m", "", "x")
            .node(new SequenceOp.SplitToSequence(0, true), "parts", "all")
            .node(new SequenceOp.ConcatFromSequence(1, false), "joined", "parts")
            .outputs("y", "joined")
            .build();
    try (Model model = load(graph);
        Session session = model.newSession()) {
      Tensor x = random(1, 6, WIDTH);
      for (int run = 0; run < 12; run++) {
        Map<String, Tensor> expected = Interpreter.run(graph, Map.of("x", x));
        Map<String, Tensor> answers = session.runReusing(Map.of("x", x));
        assertSame(expected, answers);
        x = run % 4 == 3 ? random(run, 3 + run, WIDTH) : Objects.requireNonNull(answers.get("y"));
      }
      assertTrue(session.memoryBytes() < 1 << 20, "" + session.memoryBytes());
    }
  }

  @Test
  void bodiesArePlansThatSharePackedWeights() throws IOException {
    Tensor w = random(5, WIDTH, WIDTH);
    Graph body =
        new GraphBuilder("g")
            .input("i", DType.I64)
            .input("c", DType.BOOL)
            .input("s", ROWS)
            .input("weights", DType.F32, WIDTH, WIDTH)
            .node(new Op.MatMul(), "h", "s", "weights")
            .node(new Op.Unary(UnaryFunction.TANH), "t", "h")
            .node(new Op.Identity(), "t_copy", "t")
            .outputs("c", "t", "t_copy")
            .build();
    Graph graph =
        new GraphBuilder("g")
            .input("m", DType.I64)
            .input("x", ROWS)
            .constant("w", w)
            .node(new Op.MatMul(), "x0", "x", "w")
            .node(new LoopOp.Loop(body, 1), List.of("last", "all"), "m", "", "x0", "w")
            .node(new Op.MatMul(), "y", "last", "w")
            .outputs("y", "all")
            .build();
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

  /// What steers an operator may be computed: bounds, shapes, numbers of repeats.
  @Test
  void elementsMaySteer() throws IOException {
    Graph graph =
        new GraphBuilder("g")
            .input("x", ROWS)
            .constant("w", random(1, WIDTH, WIDTH))
            .constant("zeros", Tensor.of(new long[] {0}, 1))
            .constant("hundred", Tensor.of(new float[] {5}, 1))
            .node(new Op.MatMul(), "h", "x", "w")
            .node(new Op.Reduce(ReduceFunction.MAX, false, false), "top", "h")
            .node(MUL, "scaled", "top", "hundred")
            .node(new Op.Unary(UnaryFunction.ABS), "positive", "scaled")
            .node(new Op.Cast(DType.I64, false), "count", "positive")
            .node(new Op.Slice(), "cut", "h", "zeros", "count")
            .node(RELU, "y", "cut")
            .node(new Op.ConstantOfShape(Tensor.of(new float[] {2}, 1)), "filled", "count")
            .outputs("y", "count", "filled")
            .build();
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
        new GraphBuilder("g")
            .input("x", ROWS)
            .input("s", sequence)
            .constant("k", random(1, 2, WIDTH))
            .constant("zero", Tensor.of(new long[] {0}))
            .constant("end", Tensor.of(new long[] {-1}))
            .node(new SequenceOp.SequenceInsert(), "longer", "s", "x")
            .node(new SequenceOp.SequenceInsert(), "pair", "longer", "k")
            .node(new SequenceOp.SequenceAt(), "first", "pair", "zero")
            .node(new SequenceOp.SequenceAt(), "last", "pair", "end")
            .outputs("pair", "first", "last")
            .build();
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
    GraphBuilder graph =
        new GraphBuilder("g")
            .input("x", ROWS)
            .constant("w", random(1, WIDTH, WIDTH))
            .constant("minus", Tensor.of(new long[] {-1}, 1))
            .constant("one", Tensor.of(new long[] {1}, 1))
            .constant("zero", Tensor.of(new float[] {0}));
    List<String> rows = new ArrayList<>(List.of("x"));
    int steps = 4 + random.nextInt(8);
    for (int i = 0; i < steps; i++) {
      String in = rows.get(random.nextInt(rows.size()));
      String out = "v" + i;
      switch (random.nextInt(6)) {
        case 0 -> graph.node(new Op.MatMul(), out, in, "w");
        case 1 -> graph.node(RELU, out, in);
        case 2 -> graph.node(ADD, out, in, in);
        case 3 -> {
          graph.node(new Op.Reduce(ReduceFunction.SUM, false, false), out + "s", in, "one");
          graph.node(new Op.Binary(BinaryFunction.GREATER), out + "g", out + "s", "zero");
          graph.node(new Op.Compress(0L), out, in, out + "g");
        }
        case 4 -> {
          graph.node(new Op.Reduce(ReduceFunction.SUM, false, false), out + "s", in, "one");
          graph.node(new Op.NonZero(), out + "n", out + "s");
          graph.node(new Op.Reshape(false), out + "i", out + "n", "minus");
          graph.node(new Op.Gather(0), out, in, out + "i");
        }
        default -> {
          graph.node(new SequenceOp.SequenceConstruct(), out + "q", in, in);
          graph.node(new SequenceOp.ConcatFromSequence(0, false), out, out + "q");
        }
      }
      rows.add(out);
    }
    List<String> outputs = new ArrayList<>();
    outputs.add(rows.getLast());
    outputs.add(rows.get(1 + random.nextInt(rows.size() - 1)));
    return graph.outputs(outputs.stream().distinct().toArray(String[]::new)).build();
  }
}
