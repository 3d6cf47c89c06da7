package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.Targets;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Batches computed in parts.
class MicroBatchesTest {
  private static final int WIDTH = 256;
  private static final int ROWS = 128;

  private static GraphBuilder layers() {
    return new GraphBuilder("g")
        .input("x", DType.F32, "batch", ROWS, WIDTH)
        .constant("w", Samples.between(1, -0.1, 0.1, WIDTH, WIDTH))
        .constant("v", Samples.between(2, -0.1, 0.1, WIDTH, WIDTH))
        .node(new Op.MatMul(), "h", "x", "w")
        .node(new Op.Unary(UnaryFunction.RELU), "r", "h")
        .node(new AttentionOp.Attention(4, 0.125f), "a", "r", "h", "x", "")
        .node(new Op.MatMul(), "y", "a", "v");
  }

  private static Graph bound(Graph graph, long batch) {
    return Inference.bind(graph, Map.of("x", Shape.of(batch, ROWS, WIDTH)));
  }

  private static Target target(int threads) {
    return Targets.all().getFirst().target().withThreads(threads);
  }

  private static @Nullable Plan plan(Graph graph, long batch, int threads) {
    try (Arena arena = Arena.ofShared()) {
      Target target = target(threads);
      return MicroBatches.plan(graph, bound(graph, batch), target, new Weights(target, arena));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void partsAnswerAsTheWhole(Targets.Named named) {
    Graph graph = layers().outputs("y", "r").build();
    Target target = named.target();
    for (long batch : new long[] {16, 9}) {
      Graph bound = bound(graph, batch);
      Tensor x = Samples.between(3, -1, 1, batch, ROWS, WIDTH);
      try (Arena arena = Arena.ofShared()) {
        Weights weights = new Weights(target, arena);
        Plan whole = Objects.requireNonNull(Lowering.plan(bound, target.withThreads(1), weights));
        Plan parts = MicroBatches.plan(graph, bound, target, weights);
        assertNotNull(parts);
        assertEquals(1, parts.steps().size());
        assertEquals(2, parts.steps().getFirst().parts());
        List<Tensor> expected = PlanOpsTest.run(whole, List.of(x));
        List<Tensor> actual = PlanOpsTest.run(parts, List.of(x));
        for (int i = 0; i < 2; i++) {
          // the order in which the Vector API adds up lanes changes when its loops are compiled
          float tolerance = named.kernels() == KernelPath.VECTOR ? 1e-6f : 0;
          assertArrayEquals(expected.get(i).toFloats(), actual.get(i).toFloats(), tolerance);
        }
      }
    }
  }

  @Test
  void threadsHaveAsMuchToDo() {
    Graph graph = layers().outputs("y").build();
    assertNotNull(plan(graph, 9, 1));
    assertNotNull(plan(graph, 9, 2), "one has five, one four");
    assertNull(plan(graph, 9, 4));
    assertNotNull(plan(graph, 10, 2));
  }

  @Test
  void whatStaysInTheCachesIsComputedAsAWhole() {
    assertNull(plan(layers().outputs("y").build(), 4, 1));
  }

  @Test
  void whatComputesLittleWithEachWeightIsComputedAsAWhole() {
    Graph graph =
        new GraphBuilder("g")
            .input("x", DType.F32, "batch", WIDTH)
            .constant("w", Samples.between(1, -0.1, 0.1, WIDTH, 4 * WIDTH))
            .node(new Op.MatMul(), "y", "x", "w")
            .outputs("y")
            .build();
    try (Arena arena = Arena.ofShared()) {
      Target target = target(1);
      Weights weights = new Weights(target, arena);
      Graph bound = Inference.bind(graph, Map.of("x", Shape.of(1031, WIDTH)));
      assertNull(MicroBatches.plan(graph, bound, target, weights));
    }
  }

  @Test
  void partsAreWorthTheirCalls() {
    Graph graph =
        new GraphBuilder("g")
            .input("x", DType.F32, "batch", WIDTH)
            .node(new Op.Softmax(-1, false), "y", "x")
            .outputs("y")
            .build();
    try (Arena arena = Arena.ofShared()) {
      Target target = target(1);
      Graph bound = Inference.bind(graph, Map.of("x", Shape.of(1 << 16, WIDTH)));
      Plan plan = MicroBatches.plan(graph, bound, target, new Weights(target, arena));
      assertNotNull(plan);
      assertEquals("512 micro-batches", plan.steps().getFirst().name());
    }
  }

  @Test
  void batchesThatNoNumberCountsAreComputedAsAWhole() {
    Graph graph =
        new GraphBuilder("g")
            .input("x", DType.F32, "batch", 1L << 20, 1L << 8)
            .input("w", DType.F32, "batch", 1L << 8, 1L << 20)
            .node(new Op.MatMul(), "y", "x", "w")
            .outputs("y")
            .build();
    Graph bound =
        Inference.bind(
            graph,
            Map.of(
                "x",
                Shape.of(1L << 20, 1L << 20, 1L << 8),
                "w",
                Shape.of(1L << 20, 1L << 8, 1L << 20)));
    try (Arena arena = Arena.ofShared()) {
      Target target = target(1);
      assertNull(MicroBatches.plan(graph, bound, target, new Weights(target, arena)));
    }
  }

  @Test
  void elementsThatAreMixedAreComputedAsAWhole() {
    Graph graph = layers().node(new Op.Softmax(0, false), "z", "y").outputs("z").build();
    assertNull(plan(graph, 16, 1));
  }

  @Test
  void randomNumbersAreMadeOnce() {
    GraphBuilder builder = layers();
    String noise =
        builder.add(
            new RandomOp.Uniform(DType.F32, 0, 1, 7f),
            builder.constant(Tensor.of(new long[] {ROWS, WIDTH}, 2)));
    Graph graph =
        builder.node(new Op.Binary(BinaryFunction.ADD), "z", "y", noise).outputs("z").build();
    assertNull(plan(graph, 16, 1));
  }

  @Test
  void modelsOfOneBatchAreComputedAsAWhole() {
    Graph graph =
        new GraphBuilder("g")
            .input("x", DType.F32, "batch", ROWS, WIDTH)
            .node(new Op.Reshape(false), "y", "x", "shape")
            .constant("shape", Tensor.of(new long[] {16, ROWS, WIDTH}, 3))
            .outputs("y")
            .build();
    assertNull(plan(graph, 16, 1));
  }
}
