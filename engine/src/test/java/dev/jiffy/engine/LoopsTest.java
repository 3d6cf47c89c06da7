package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Models with loops, from the file to the answer.
class LoopsTest {
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Fact COUNT = Fact.of(DType.I64);
  private static final Fact TRUTH = Fact.of(DType.BOOL);
  private static final Fact ROW = Fact.of(DType.F32, List.of(Dim.of("n")));

  @TempDir private Path folder;

  static Stream<LoadOptions> options() {
    LoadOptions defaults = LoadOptions.defaults();
    return Stream.of(defaults, defaults.optimize(false).kernels(KernelPath.SCALAR));
  }

  private static Node node(Op op, String output, String... in) {
    return new Node("make_" + output, op, List.of(in), List.of(output));
  }

  private static Map<String, Fact> facts(Object... namesAndFacts) {
    Map<String, Fact> facts = new LinkedHashMap<>();
    for (int i = 0; i < namesAndFacts.length; i += 2) {
      facts.put((String) namesAndFacts[i], (Fact) namesAndFacts[i + 1]);
    }
    return facts;
  }

  private static Graph graph(
      Map<String, Fact> inputs,
      Map<String, Tensor> constants,
      List<String> outputs,
      Node... nodes) {
    return Inference.infer(
        new Graph("g", List.copyOf(inputs.keySet()), outputs, List.of(nodes), constants, inputs));
  }

  private Model load(Graph graph, LoadOptions options) throws IOException {
    Path file = folder.resolve("loop.onnx");
    OnnxWriter.write(graph, 17, file);
    return Model.load(file, options);
  }

  private static Tensor count(long value) {
    return Tensor.of(new long[] {value});
  }

  private static Tensor truth(boolean value) {
    return Tensor.of(new boolean[] {value});
  }

  private static Tensor tensor(Map<String, Tensor> answers, String name) {
    return Objects.requireNonNull(answers.get(name));
  }

  /// Adds `step` to a state while the sum of the state is below a limit; collects the states.
  private static Graph sums() {
    Graph body =
        graph(
            facts("i", COUNT, "c", TRUTH, "s", ROW, "step", ROW),
            Map.of("limit", Tensor.of(new float[] {100})),
            List.of("go", "next", "next_copy"),
            node(ADD, "next", "s", "step"),
            node(new Op.Identity(), "next_copy", "next"),
            node(new Op.Reduce(ReduceFunction.SUM, false, false), "sum", "next"),
            node(new Op.Binary(BinaryFunction.LESS), "below", "sum", "limit"),
            node(new Op.Binary(BinaryFunction.AND), "go", "below", "c"));
    Map<String, Fact> inputs = facts("m", COUNT, "go", TRUTH, "x", ROW, "step", ROW);
    return graph(
        inputs,
        Map.of(),
        List.of("last", "all"),
        new Node(
            "loop",
            new LoopOp.Loop(body, 1),
            List.of("m", "go", "x", "step"),
            List.of("last", "all")));
  }

  private static Map<String, Tensor> sums(Session session, long trips, boolean go, float step) {
    return session.run(
        Map.of(
            "m", count(trips),
            "go", truth(go),
            "x", Tensor.of(new float[] {1, 2}, 2),
            "step", Tensor.of(new float[] {step, 0}, 2)));
  }

  @ParameterizedTest
  @MethodSource("options")
  void tripsAndConditionEndALoop(LoadOptions options) throws IOException {
    try (Model model = load(sums(), options);
        Session session = model.newSession()) {
      for (int round = 0; round < 2; round++) {
        Map<String, Tensor> three = sums(session, 3, true, 10);
        assertArrayEquals(new float[] {31, 2}, tensor(three, "last").toFloats());
        assertEquals(Shape.of(3, 2), tensor(three, "all").shape());
        assertArrayEquals(new float[] {11, 2, 21, 2, 31, 2}, tensor(three, "all").toFloats());
        Map<String, Tensor> limited = sums(session, 1_000_000, true, 40);
        assertArrayEquals(new float[] {121, 2}, tensor(limited, "last").toFloats());
        assertEquals(Shape.of(3, 2), tensor(limited, "all").shape());
        for (Map<String, Tensor> none :
            List.of(sums(session, 0, true, 1), sums(session, 5, false, 1))) {
          assertArrayEquals(new float[] {1, 2}, tensor(none, "last").toFloats());
          assertEquals(Shape.of(0, 2), tensor(none, "all").shape());
        }
        assertArrayEquals(new float[] {31, 2}, tensor(three, "last").toFloats());
      }
    }
  }

  /// A state that grows by one element in each iteration.
  @ParameterizedTest
  @MethodSource("options")
  void shapesOfStatesMayChange(LoadOptions options) throws IOException {
    Graph body =
        graph(
            facts("i", COUNT, "c", TRUTH, "s", ROW, "one", Fact.of(DType.F32, 1)),
            Map.of(),
            List.of("c", "longer"),
            node(new Op.Concat(0), "longer", "s", "one"));
    Graph graph =
        graph(
            facts("m", COUNT, "x", ROW, "one", Fact.of(DType.F32, 1)),
            Map.of(),
            List.of("y"),
            node(new LoopOp.Loop(body, 1), "y", "m", "", "x", "one"));
    try (Model model = load(graph, options);
        Session session = model.newSession()) {
      for (int trips : new int[] {5, 2, 40}) {
        Tensor y =
            tensor(
                session.run(
                    Map.of(
                        "m", count(trips),
                        "x", Tensor.of(new float[] {7}, 1),
                        "one", Tensor.of(new float[] {1}, 1))),
                "y");
        assertEquals(Shape.of(1 + trips), y.shape());
        assertEquals(7, y.getDouble(0));
        assertEquals(1, y.getDouble(trips));
      }
    }
  }

  /// `Σ_i Σ_j (x + i·j)`, the inner loop within the outer one, both reading what lies around.
  @ParameterizedTest
  @MethodSource("options")
  void loopsNest(LoadOptions options) throws IOException {
    Graph inner =
        graph(
            facts("j", COUNT, "c", TRUTH, "t", ROW, "i2", COUNT, "x2", ROW),
            Map.of(),
            List.of("c", "t2"),
            node(new Op.Binary(BinaryFunction.MUL), "ij", "i2", "j"),
            node(new Op.Cast(DType.F32, false), "ijf", "ij"),
            node(ADD, "xij", "x2", "ijf"),
            node(ADD, "t2", "t", "xij"));
    Graph outer =
        graph(
            facts("i", COUNT, "c", TRUTH, "s", ROW, "n", COUNT, "x", ROW),
            Map.of(),
            List.of("c", "s2"),
            node(new LoopOp.Loop(inner, 1), "s2", "n", "", "s", "i", "x"));
    Graph graph =
        graph(
            facts("n", COUNT, "x", ROW),
            Map.of("zero", Tensor.of(new float[] {0}, 1)),
            List.of("y"),
            node(new Op.Binary(BinaryFunction.MUL), "s0", "x", "zero"),
            node(new LoopOp.Loop(outer, 1), "s1", "n", "", "s0", "n", "x"),
            node(ADD, "y", "s1", "x"));
    try (Model model = load(graph, options);
        Session session = model.newSession()) {
      for (int n : new int[] {3, 5}) {
        float[] expected = new float[2];
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < n; j++) {
            expected[0] += 1 + i * j;
            expected[1] += 2 + i * j;
          }
        }
        expected[0] += 1;
        expected[1] += 2;
        Tensor x = Tensor.of(new float[] {1, 2}, 2);
        Map<String, Tensor> answers = session.run(Map.of("n", count(n), "x", x));
        assertArrayEquals(expected, tensor(answers, "y").toFloats());
      }
    }
  }

  /// A sequence that grows in a loop, and comes out.
  @ParameterizedTest
  @MethodSource("options")
  void sequencesAreStates(LoadOptions options) throws IOException {
    Fact sequence = Fact.unranked(DType.F32).as(Value.Kind.SEQUENCE);
    Graph body =
        graph(
            facts("i", COUNT, "c", TRUTH, "s", sequence, "x", ROW),
            Map.of(),
            List.of("c", "longer"),
            node(new Op.Cast(DType.F32, false), "f", "i"),
            node(ADD, "more", "x", "f"),
            node(new SequenceOp.SequenceInsert(), "longer", "s", "more"));
    Graph graph =
        graph(
            facts("m", COUNT, "seq", sequence, "x", ROW),
            Map.of(),
            List.of("y", "joined"),
            node(new LoopOp.Loop(body, 1), "y", "m", "", "seq", "x"),
            node(new SequenceOp.ConcatFromSequence(0, false), "joined", "y"));
    try (Model model = load(graph, options);
        Session session = model.newSession()) {
      Tensor x = Tensor.of(new float[] {1, 2}, 2);
      TensorSequence given = new TensorSequence(DType.F32, List.of(x));
      Map<String, Value> answers = session.runValues(Map.of("m", count(2), "seq", given, "x", x));
      TensorSequence y = (TensorSequence) Objects.requireNonNull(answers.get("y"));
      assertEquals(3, y.size());
      assertArrayEquals(new float[] {2, 3}, y.tensors().get(2).toFloats());
      Tensor joined = (Tensor) Objects.requireNonNull(answers.get("joined"));
      assertArrayEquals(new float[] {1, 2, 1, 2, 2, 3}, joined.toFloats());

      assertTrue(failure(() -> session.run(Map.of("m", count(2), "x", x))).contains("runValues"));
      assertTrue(
          failure(() -> session.runValues(Map.of("m", count(2), "seq", x, "x", x)))
              .contains("input 'seq': expected SEQUENCE"));
      assertTrue(
          failure(() -> session.runValues(Map.of("m", count(2), "x", x)))
              .contains("input 'seq' is missing"));
    }
  }

  private static String failure(Executable run) {
    return String.valueOf(assertThrows(ModelException.class, run).getMessage());
  }

  @Test
  void aLoopThatNeverEndsIsStopped() throws IOException {
    try (Model model = load(sums(), LoadOptions.defaults().iterations(1000));
        Session session = model.newSession()) {
      assertTrue(failure(() -> sums(session, Long.MAX_VALUE, true, 0)).contains("1000 iterations"));
      assertArrayEquals(new float[] {31, 2}, tensor(sums(session, 3, true, 10), "last").toFloats());
      Thread.currentThread().interrupt();
      assertTrue(failure(() -> sums(session, 3, true, 10)).contains("interrupted"));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void whatIsCollectedIsLimited() throws IOException {
    LoadOptions options = LoadOptions.defaults().limits(Limits.DEFAULTS.tensorBytes(800));
    try (Model model = load(sums(), options);
        Session session = model.newSession()) {
      assertEquals(Shape.of(100, 2), tensor(sums(session, 100, true, -1), "all").shape());
      String message = failure(() -> sums(session, 101, true, -1));
      assertTrue(message.contains("iteration 100: what is collected has 808 bytes"), message);
    }
  }

  @Test
  void whatIsCollectedKeepsItsShape() throws IOException {
    Graph body =
        graph(
            facts("i", COUNT, "c", TRUTH, "s", ROW),
            Map.of(),
            List.of("c", "longer", "longer_copy"),
            node(new Op.Concat(0), "longer", "s", "s"),
            node(new Op.Identity(), "longer_copy", "longer"));
    Graph graph =
        graph(
            facts("m", COUNT, "x", ROW),
            Map.of(),
            List.of("y", "all"),
            new Node("loop", new LoopOp.Loop(body, 1), List.of("m", "", "x"), List.of("y", "all")));
    try (Model model = load(graph, LoadOptions.defaults());
        Session session = model.newSession()) {
      Tensor x = Tensor.of(new float[] {1}, 1);
      String message = failure(() -> session.run(Map.of("m", count(2), "x", x)));
      assertTrue(message.contains("what is collected must stay F32[2], got F32[4]"), message);
    }
  }
}
