package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.NodeMode;
import dev.jiffy.engine.function.OneComparison;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.TreeShape;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A tree of one comparison: whether a number is at most 3.
class ForestStepTest {
  private static final int ROWS = TreeShape.LANES + 1;

  private int rowsWalked;

  private static Forest forest() {
    return OneComparison.forest(1, 0, 3);
  }

  private static Graph graph() {
    Ensemble ensemble =
        new Ensemble(forest(), TreeAggregate.SUM, ScoreTransform.NONE, List.of(), null, false);
    TableOp op = new TableOp.TreeEnsemble(ensemble, null, DType.F32);
    return new GraphBuilder("tree").input("x", DType.F32, ROWS, 1).node(op, "y", "x").build();
  }

  /// Nodes that many paths share are not copied for each of them without end.
  @Test
  void aSmallForestDoesNotBecomeLarge() {
    Forest.Builder builder = new Forest.Builder(1);
    int[] levels = new int[40];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = builder.branch(NodeMode.LEQ, 0, i, false);
    }
    int leaf = builder.leaf();
    builder.weight(0, 1);
    for (int i = 0; i < levels.length; i++) {
      int next = i + 1 < levels.length ? levels[i + 1] : leaf;
      builder.children(levels[i], next, next);
    }
    builder.root(levels[0]);
    Ensemble ensemble =
        new Ensemble(
            builder.build(), TreeAggregate.SUM, ScoreTransform.NONE, List.of(), null, false);
    try (Arena arena = Arena.ofConfined()) {
      assertNull(PackedForest.of(ensemble, 1, arena));
    }
  }

  /// Every row stays in a leaf, those that fill the last block as well.
  private void check(Object[] arguments) {
    TreeShape shape = (TreeShape) arguments[0];
    long keys = (long) arguments[4];
    int zero = new KeyColumns(forest(), 1, false).zero();
    rowsWalked = TreeShape.LANES * (int) arguments[5];
    for (int row = 0; row < rowsWalked; row++) {
      long at = keys + (long) row * shape.keyBytes() + 4L * zero;
      assertEquals(0, Memory.ALL.get(Memory.INT, at), "row " + row);
    }
  }

  @Test
  void rowsThatFillABlockStayInTheirLeaves() {
    RowKernels rows =
        WrongKernels.changed(
            RowKernels.class,
            new ScalarRowKernels(),
            "walkRows",
            (result, arguments) -> {
              check(arguments);
              return result;
            });
    Target target = new Target(new ScalarMatrixKernels(), rows, 1, Format.F32);
    float[] x = new float[ROWS];
    float[] expected = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      x[i] = i;
      expected[i] = i <= 3 ? 1 : 2;
    }
    Tensor in = Tensor.of(x, ROWS, 1);
    Tensor out = Tensor.of(new float[ROWS], ROWS, 1);
    try (Arena arena = Arena.ofShared()) {
      Plan plan = Lowering.plan(graph(), target, new Weights(target, arena));
      assertNotNull(plan);
      try (MemoryBlock block = MemoryBlock.allocate(plan.bytes(), each -> each)) {
        Memory.ALL.asSlice(block.address(), block.bytes()).fill((byte) -1);
        Frame frame = plan.frame(block.address());
        frame.point(plan.inputs().getFirst().slot(), in.segment().address());
        frame.point(plan.outputs().getFirst().slot(), out.segment().address());
        Runner.run(plan, frame);
      }
    }
    assertArrayEquals(expected, out.toFloats());
    assertEquals(2 * TreeShape.LANES, rowsWalked);
  }
}
