package dev.jiffy.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What runs and iterations make lies in memory that later ones use again, and nothing that is
/// still read is lost.
class RunMemoryTest {
  private static final int WIDTH = 8;

  @TempDir private Path folder;

  private final List<Long> blocks = new ArrayList<>();
  private final RunMemory memory =
      new RunMemory(bytes -> {
        blocks.add(bytes);
        return Tensor.allocate(DType.U8, Shape.of(bytes)).segment();
      });

  @Test
  void theNextRunIsGivenTheSameTensors() {
    Shape shape = Shape.of(3000);
    List<Tensor> before = List.of();
    for (int run = 0; run < 4; run++) {
      memory.start();
      List<Tensor> made = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        made.add(memory.allocate(DType.F32, shape));
      }
      for (int i = 0; i < 20; i++) {
        if (run >= 2) {
          assertSame(before.get(i), made.get(i));
        }
        for (int k = 0; k < i; k++) {
          MemorySegment other = made.get(k).segment();
          assertTrue(made.get(i).segment().asOverlappingSlice(other).isEmpty());
        }
      }
      before = made;
    }
    assertTrue(blocks.size() < 12, blocks::toString);
    memory.start();
    Tensor other = memory.allocate(DType.I32, shape);
    assertNotSame(before.getFirst(), other);
    assertEquals(DType.I32, other.dtype());
    assertSame(before.get(1), memory.allocate(DType.F32, shape));
  }

  @Test
  void whatIsTooLargeIsLeftToTheCollector() {
    memory.start();
    memory.allocate(DType.F32, Shape.of((130 << 20) / 4));
    Tensor small = memory.allocate(DType.F32, Shape.of(5));
    memory.start();
    assertSame(small, memory.allocate(DType.F32, Shape.of(5)));
    assertTrue(memory.bytes() < 1 << 20);
  }

  @Test
  void iterationsTakeTurns() {
    memory.start();
    RunMemory.Turns turns = Objects.requireNonNull(memory.loop());
    Tensor made = turns.odd().allocate(DType.F32, Shape.of(7));
    RunMemory within = Objects.requireNonNull(turns.even().loop()).odd();
    Tensor inner = within.allocate(DType.F32, Shape.of(7));
    assertTrue(turns.odd().holdsAny(new Value[] {made}));
    assertFalse(turns.even().holdsAny(new Value[] {made}));
    assertTrue(turns.even().holdsAny(new Value[] {made, inner}));
    assertTrue(memory.bytes() > 0);
    for (int i = 1; i < 32; i++) {
      assertNotNull(memory.loop());
    }
    assertNull(memory.loop());
    memory.start();
    assertSame(turns, memory.loop());
    memory.close();
    assertEquals(0, memory.bytes());
  }

  /// States of which one grows, one is made anew, and others are what the one before them was an
  /// iteration ago; nodes without a plan are among what makes them.
  private static Graph shifting(int inner) {
    Fact rows = Fact.of(DType.F32, List.of(Dim.of("n"), Dim.of(WIDTH)));
    Fact row = Fact.of(DType.F32, List.of(Dim.of(1), Dim.of(WIDTH)));
    GraphBuilder body =
        new GraphBuilder("b")
            .input("i", DType.I64)
            .input("c", DType.BOOL)
            .input("grown", rows)
            .input("first", row)
            .input("second", row)
            .input("third", row)
            .constant("half", Tensor.of(new float[] {0.5f}))
            .constant("trips", Tensor.of(new long[] {inner}))
            .node(new Op.NonZero(), "places", "grown")
            .node(new Op.Cast(DType.F32, true), "real", "places")
            .node(new Op.Reduce(ReduceFunction.MEAN, false, false), "mean", "real")
            .node(new Op.Binary(BinaryFunction.MUL), "scaled", "third", "half")
            .node(new Op.Binary(BinaryFunction.ADD), "moved", "scaled", "mean");
    String made = "moved";
    if (inner > 0) {
      Graph within =
          new GraphBuilder("w")
              .input("k", DType.I64)
              .input("d", DType.BOOL)
              .input("s", row)
              .constant("one", Tensor.of(new float[] {1}))
              .node(new Op.Binary(BinaryFunction.ADD), "t", "s", "one")
              .outputs("d", "t")
              .build();
      made = "within";
      body.node(new LoopOp.Loop(within, 1), List.of("within"), "trips", "", "moved");
    }
    body.node(new Op.Concat(0), "longer", "grown", made);
    return new GraphBuilder("g")
        .input("m", DType.I64)
        .input("x", rows)
        .input("y", row)
        .node(
            new LoopOp.Loop(body.outputs("c", "longer", made, "first", "second").build(), 4),
            List.of("all", "a", "b", "d"),
            "m",
            "",
            "x",
            "y",
            "y",
            "y")
        .outputs("all", "a", "b", "d")
        .build();
  }

  @Test
  void nothingIsLostThatLaterIterationsRead() throws IOException {
    for (int inner : new int[] {0, 1, 3}) {
      Graph graph = shifting(inner);
      Path file = folder.resolve("shifting.onnx");
      OnnxWriter.write(graph, 17, file);
      try (Model model = Model.load(file);
          Session session = model.newSession()) {
        for (int trips : new int[] {9, 1, 40, 40, 12, 200, 3, 200}) {
          Map<String, Tensor> inputs =
              Map.of(
                  "m", Tensor.of(new long[] {trips}),
                  "x", StagesTest.random(trips, 2, WIDTH),
                  "y", StagesTest.random(1, 1, WIDTH));
          Map<String, Tensor> answers = session.runReusing(inputs);
          Interpreter.run(graph, inputs)
              .forEach((name, expected) -> {
                Tensor answer = Objects.requireNonNull(answers.get(name));
                assertEquals(expected.shape(), answer.shape(), name);
                assertArrayEquals(expected.toFloats(), answer.toFloats(), 1e-3f, name);
              });
        }
        long bytes = session.memoryBytes();
        assertTrue(bytes < 4 << 20, () -> "" + bytes);
      }
    }
  }
}
