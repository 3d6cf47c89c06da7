package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Appends;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Loops with states that only grow at their end.
class AppendsTest {
  private static final int WIDTH = 5;
  private static final Fact ROWS = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(WIDTH)));
  private static final Fact OTHERS = Fact.of(DType.F32, List.of(Dim.of("k"), Dim.of("width")));
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);

  @TempDir private Path folder;

  /// A body with a state `all` to which what `part` names is appended, and a state `s` that
  /// doubles; `part` has as many rows as `s` has columns above a limit.
  private static GraphBuilder body() {
    return new GraphBuilder("b")
        .input("i", DType.I64)
        .input("c", DType.BOOL)
        .input("all", ROWS)
        .input("s", Fact.of(DType.F32, List.of(Dim.of(WIDTH))))
        .input("other", OTHERS)
        .constant("limit", Tensor.of(new float[] {4}))
        .constant("axis", Tensor.of(new long[] {0}, 1))
        .node(ADD, "doubled", "s", "s")
        .node(new Op.Binary(BinaryFunction.GREATER), "large", "s", "limit")
        .node(new Op.Compress(0L), "chosen", "s", "large")
        .node(new Op.Unsqueeze(), "row", "doubled", "axis")
        .node(new Op.Transpose(List.of(1L, 0L)), "column", "row")
        .node(new Op.Compress(0L), "chosen_rows", "column", "large")
        .node(ADD, "part", "chosen_rows", "row");
  }

  private static Graph looping(GraphBuilder body, String... outputs) {
    return new GraphBuilder("g")
        .input("m", DType.I64)
        .input("x", ROWS)
        .input("y", Fact.of(DType.F32, List.of(Dim.of(WIDTH))))
        .input("z", OTHERS)
        .node(
            new LoopOp.Loop(body.outputs(outputs).build(), 2),
            List.of("longer", "last"),
            "m",
            "",
            "x",
            "y",
            "z")
        .outputs("longer", "last")
        .build();
  }

  private Model load(Graph graph) throws IOException {
    Path file = folder.resolve("appends.onnx");
    OnnxWriter.write(graph, 17, file);
    return Model.load(file);
  }

  private static Appends appends(Model model) {
    return model.graph().nodes().stream()
        .map(Node::op)
        .filter(LoopOp.Loop.class::isInstance)
        .map(LoopOp.Loop.class::cast)
        .map(model::appends)
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, Tensor> inputs(int trips, Tensor x, Tensor z) {
    return Map.of(
        "m",
        Tensor.of(new long[] {trips}),
        "x",
        x,
        "y",
        Tensor.of(new float[] {0.5f, 1, -1, 3, 0.1f}, WIDTH),
        "z",
        z);
  }

  @Test
  void partsAreLaidBehindTheState() throws IOException {
    Graph graph =
        looping(body().node(new Op.Concat(0), "next", "all", "part"), "c", "next", "doubled");
    try (Model model = load(graph);
        Session session = model.newSession()) {
      assertEquals(List.of(true, false), appends(model).isAppended());
      Tensor z = Tensor.of(new float[0], 0, 1);
      for (int rows : new int[] {0, 3}) {
        Tensor x = StagesTest.random(rows, rows, WIDTH);
        for (int trips : new int[] {0, 1, 2, 9, 40, 9}) {
          Map<String, Tensor> inputs = inputs(trips, x, z);
          Map<String, Tensor> expected = Interpreter.run(graph, inputs);
          for (boolean reuses : new boolean[] {true, false}) {
            Map<String, Tensor> answers = reuses ? session.runReusing(inputs) : session.run(inputs);
            expected.forEach((name, tensor) -> {
              Tensor answer = Objects.requireNonNull(answers.get(name));
              assertEquals(tensor.shape(), answer.shape(), name);
              assertArrayEquals(tensor.toFloats(), answer.toFloats(), name);
            });
          }
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() throws IOException {
    Graph graph =
        looping(body().node(new Op.Concat(0), "next", "all", "other"), "c", "next", "doubled");
    try (Model model = load(graph);
        Session session = model.newSession()) {
      assertEquals(List.of(true, false), appends(model).isAppended());
      Tensor x = StagesTest.random(1, 2, WIDTH);
      Tensor fits = StagesTest.random(2, 3, WIDTH);
      Tensor longer = Objects.requireNonNull(session.run(inputs(4, x, fits)).get("longer"));
      assertEquals(2 + 4 * 3, longer.shape().dim(0));
      Map<String, Tensor> wrong = inputs(4, x, StagesTest.random(2, 3, WIDTH - 1));
      assertThrows(ModelException.class, () -> session.run(wrong));
      assertEquals(
          14, Objects.requireNonNull(session.run(inputs(4, x, fits)).get("longer")).shape().dim(0));
    }
  }

  @Test
  void whatIsReadIsNoSuchState() {
    List<Graph> bodies =
        List.of(
            body()
                .node(new Op.Concat(0), "next", "part", "all")
                .outputs("c", "next", "doubled")
                .build(),
            body()
                .node(new Op.Concat(0), "next", "all", "part", "row")
                .outputs("c", "next", "doubled")
                .build(),
            body()
                .node(new Op.Concat(0), "next", "all", "all")
                .outputs("c", "next", "doubled")
                .build(),
            body()
                .node(new Op.Concat(0), "next", "all", "part")
                .outputs("c", "next", "doubled", "next")
                .build(),
            body()
                .node(new Op.Concat(0), "next", "all", "part")
                .outputs("c", "next", "doubled", "all")
                .build(),
            body()
                .node(ADD, "more", "all", "row")
                .node(new Op.Concat(0), "next", "all", "part")
                .outputs("c", "next", "doubled", "more")
                .build());
    for (Graph body : bodies) {
      Appends none = Appends.of(new LoopOp.Loop(body, 2));
      assertSame(body, none.body());
      assertEquals(List.of(false, false), none.isAppended());
    }
    Graph plain =
        body()
            .node(new Op.Concat(0), "next", "all", "part")
            .outputs("c", "next", "doubled")
            .build();
    Appends one = Appends.of(new LoopOp.Loop(plain, 2));
    assertNotSame(plain, one.body());
    assertEquals(List.of("c", "part", "doubled"), one.body().outputs());
    assertTrue(one.body().nodes().size() < plain.nodes().size());
  }
}
