package dev.jiffy.engine;

import static dev.jiffy.engine.StagesTest.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Step;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs that differ in a few extents, as those of a text that grows do.
class OpenPlansTest {
  private static final int WIDTH = 24;
  private static final int LAYERS = 4;
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);

  @TempDir private Path folder;

  private static Fact rows(String batch, String rows) {
    return Fact.of(DType.F32, List.of(Dim.of(batch), Dim.of(rows), Dim.of(WIDTH)));
  }

  /// Layers of attention to rows that earlier runs have left, to each of which the run adds those
  /// of its own; the first ones are also looked at by themselves.
  private static Graph decoder(int layers) {
    GraphBuilder builder =
        new GraphBuilder("decoder")
            .input("x", rows("batch", "new"))
            .constant("begin", Tensor.of(new long[] {0}, 1))
            .constant("end", Tensor.of(new long[] {3}, 1))
            .constant("axis", Tensor.of(new long[] {1}, 1));
    List<String> outputs = new ArrayList<>();
    String x = "x";
    for (int i = 0; i < layers; i++) {
      String l = "." + i;
      builder
          .input("past" + l, rows("batch", "past"))
          .constant("wq" + l, random(10L * i, WIDTH, WIDTH))
          .constant("wk" + l, random(10L * i + 1, WIDTH, WIDTH))
          .constant("wo" + l, random(10L * i + 2, WIDTH, WIDTH))
          .constant("wf" + l, random(10L * i + 3, WIDTH, WIDTH))
          .node(new Op.MatMul(), "q" + l, x, "wq" + l)
          .node(new Op.MatMul(), "k" + l, x, "wk" + l)
          .node(new Op.Concat(1), "present" + l, "past" + l, "k" + l)
          .node(new Op.Transpose(List.of(0L, 2L, 1L)), "t" + l, "present" + l)
          .node(new Op.MatMul(), "s" + l, "q" + l, "t" + l)
          .node(new Op.Softmax(-1, false), "p" + l, "s" + l)
          .node(new Op.MatMul(), "a" + l, "p" + l, "present" + l)
          .node(new Op.MatMul(), "o" + l, "a" + l, "wo" + l)
          .node(ADD, "r" + l, "o" + l, x)
          .node(new Op.MatMul(), "f" + l, "r" + l, "wf" + l)
          .node(RELU, "g" + l, "f" + l)
          .node(ADD, "h" + l, "g" + l, "r" + l);
      outputs.add("present" + l);
      x = "h" + l;
    }
    outputs.addAll(List.of("seen", x));
    return builder
        .node(new Op.Slice(), "first", "past.0", "begin", "end", "axis")
        .node(new Op.MatMul(), "seen", "first", "wq.0")
        .outputs(outputs.toArray(String[]::new))
        .build();
  }

  private Path file(Graph graph) throws IOException {
    Path file = folder.resolve("open.onnx");
    OnnxWriter.write(graph, 17, file);
    return file;
  }

  private static Map<String, Tensor> inputs(int layers, long batch, long rows, long past) {
    Map<String, Tensor> inputs = new HashMap<>();
    inputs.put("x", random(past, batch, rows, WIDTH));
    for (int i = 0; i < layers; i++) {
      inputs.put("past." + i, random(100 + past + i, batch, past, WIDTH));
    }
    return inputs;
  }

  private static Stage stage(Model model, Map<String, Tensor> inputs) {
    return model.stage(model.program(), arguments(model, inputs));
  }

  private static Value[] arguments(Model model, Map<String, Tensor> inputs) {
    return model.inputs().stream().map(spec -> inputs.get(spec.name())).toArray(Value[]::new);
  }

  private static long shared(Stage one, Stage other) {
    Set<Step> steps = Collections.newSetFromMap(new IdentityHashMap<>());
    steps.addAll(plan(one).steps());
    return plan(other).steps().stream().filter(steps::contains).count();
  }

  private static Plan plan(Stage stage) {
    return Objects.requireNonNull(stage.plan);
  }

  private static void assertSame(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, tensor) -> {
      Tensor other = Objects.requireNonNull(actual.get(name));
      assertEquals(tensor.shape(), other.shape(), name);
      assertArrayEquals(tensor.toFloats(), other.toFloats(), name);
    });
  }

  @Test
  void runsAnswerAsTheFirstOfAProcessDoes() throws IOException {
    Path file = file(decoder(LAYERS));
    try (Model model = Model.load(file);
        Session session = model.newSession()) {
      for (long[] run :
          new long[][] {
            {1, 5, 0}, {1, 1, 5}, {1, 1, 6}, {1, 1, 7}, {1, 1, 2}, {1, 1, 0}, {1, 1, 40},
            {2, 1, 5}, {2, 1, 6}, {2, 1, 1}, {1, 1, 9}, {1, 3, 9}, {1, 3, 12}, {1, 3, 0}
          }) {
        Map<String, Tensor> inputs = inputs(LAYERS, run[0], run[1], run[2]);
        try (Model alone = Model.load(file);
            Session other = alone.newSession()) {
          Map<String, Tensor> expected = other.run(inputs);
          assertSame(expected, session.run(inputs));
          assertSame(expected, session.runReusing(inputs));
        }
      }
    }
  }

  /// A sequence that an open node makes, and that is read by nothing that runs.
  private static Graph unread() {
    return new GraphBuilder("unread")
        .input("x", Fact.of(DType.F32, List.of(Dim.of("rows"), Dim.of(WIDTH))))
        .constant("at", Tensor.of(new long[] {0}))
        .constant("axes", Tensor.of(new long[] {0}, 1))
        .node(new SequenceOp.SplitToSequence(0, true), "parts", "x")
        .node(new SequenceOp.SequenceAt(), "part", "parts", "at")
        .node(RELU, "unread", "part")
        .node(new Op.Reduce(ReduceFunction.MIN, false, false), "least", "x", "axes")
        .node(RELU, "y", "least")
        .outputs("y")
        .build();
  }

  @Test
  void sequencesThatNothingReadsDoNotMatter() throws IOException {
    Path file = file(unread());
    LoadOptions options = LoadOptions.defaults().optimize(false);
    try (Model model = Model.load(file, options);
        Session session = model.newSession()) {
      for (long rows = 3; rows < 8; rows++) {
        Map<String, Tensor> inputs = Map.of("x", random(rows, rows, WIDTH));
        try (Model alone = Model.load(file, options);
            Session other = alone.newSession()) {
          assertSame(other.run(inputs), session.run(inputs));
        }
      }
    }
  }

  /// How many steps of a text's second token another run has, too.
  private long kept(long past) throws IOException {
    try (Model model = Model.load(file(decoder(LAYERS)))) {
      stage(model, inputs(LAYERS, 1, 5, 0));
      Stage first = stage(model, inputs(LAYERS, 1, 1, 5));
      Stage second = stage(model, inputs(LAYERS, 1, 1, 6));
      assertEquals(0, shared(first, second));
      return shared(second, stage(model, inputs(LAYERS, 1, 1, past)));
    }
  }

  @Test
  void stepsThatNoExtentTouchesAreKept() throws IOException {
    assertTrue(kept(30) >= 3L * LAYERS);
  }

  @Test
  void whatIsKeptIsNotWhereOpenNodesMakeSomethingElse() throws IOException {
    assertEquals(0, kept(2));
  }

  @Test
  void profilesKnowTheirSteps() throws IOException {
    try (Model model = Model.load(file(decoder(LAYERS)));
        Session session = model.newSession()) {
      for (long past = 5; past < 9; past++) {
        session.run(inputs(LAYERS, 1, 1, past));
      }
      Map<String, Tensor> inputs = inputs(LAYERS, 1, 1, 8);
      RunProfile profile = session.profile(inputs, 2);
      Stage alone = model.stageAlone(model.program(), arguments(model, inputs));
      List<String> steps = plan(alone).steps().stream().map(Step::name).toList();
      assertEquals(steps, profile.steps().stream().map(StepCost::name).toList());
      int last = steps.size() - 1;
      assertTrue(profile.startNanos(0, last) + profile.stepNanos(0, last) <= profile.runNanos(0));
    }
  }

  @Test
  void whatDoesNotFitIsRefusedAsEver() throws IOException {
    Path file = file(decoder(LAYERS));
    Map<String, Tensor> wrong = inputs(LAYERS, 1, 1, 7);
    wrong.put("past.2", random(3, 1, 8, WIDTH));
    try (Model model = Model.load(file);
        Session session = model.newSession();
        Model alone = Model.load(file);
        Session other = alone.newSession()) {
      session.run(inputs(LAYERS, 1, 1, 5));
      session.run(inputs(LAYERS, 1, 1, 6));
      ModelException failure = assertThrows(ModelException.class, () -> session.run(wrong));
      ModelException expected = assertThrows(ModelException.class, () -> other.run(wrong));
      assertEquals(expected.getMessage(), failure.getMessage());
    }
  }
}
