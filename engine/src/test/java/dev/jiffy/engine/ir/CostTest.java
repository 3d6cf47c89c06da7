package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CostTest {
  private static final Op.Unary RELU = new Op.Unary(UnaryFunction.RELU);

  private static @Nullable Long flops(GraphBuilder builder) {
    return Cost.of(builder.build()).flops();
  }

  @Test
  void symbolsMustBeBound() {
    Graph graph =
        new GraphBuilder("test")
            .input("x", DType.F32, "n", 4)
            .constant("w", Tensor.allocate(DType.F32, Shape.of(4, 5)))
            .node(new Op.MatMul(false, false, 1, RELU), "y", "x", "w")
            .build();
    Cost open = Cost.of(graph);
    assertNull(open.flops());
    assertNull(open.activationBytes());
    assertEquals(20, open.parameters());
    assertEquals(80, open.parameterBytes());
    Cost bound = Cost.of(Inference.bind(graph, Map.of("x", Shape.of(3, 4))));
    assertEquals(3 * 5 * (2 * 4 + 1), bound.flops());
    assertEquals(3 * 5 * 4, bound.activationBytes());
    assertEquals(80, bound.nodes().getFirst().parameterBytes());
  }

  @Test
  void convolutionsCountTheirWindows() {
    Op.Window window =
        new Op.Window(List.of(), List.of(), List.of(), List.of(), Op.AutoPad.SAME_UPPER, false);
    assertEquals(
        1 * 6 * 5 * 5 * (2 * 2 * 9 + 1),
        flops(
            new GraphBuilder("test")
                .input("x", DType.F32, 1, 4, 5, 5)
                .constant("w", Tensor.allocate(DType.F32, Shape.of(6, 2, 3, 3)))
                .constant("b", Tensor.allocate(DType.F32, Shape.of(6)))
                .node(new Op.Conv(window, 2, Op.Layout.CHANNELS_FIRST, null), "y", "x", "w", "b")));
  }

  @Test
  void einsumCountsEveryCombination() {
    assertEquals(
        2L * 2 * 3 * 4 * 5,
        flops(
            new GraphBuilder("test")
                .input("a", DType.F32, 2, 3, 4)
                .input("b", DType.F32, 2, 4, 5)
                .node(new Op.Einsum("...ij,...jk->...ik"), "y", "a", "b")));
  }

  @Test
  void attentionCountsBothProducts() {
    assertEquals(
        2L * (2 * 7 * 7 * (12 + 12)) + 5L * 2 * 3 * 7 * 7,
        flops(
            new GraphBuilder("test")
                .input("x", DType.F32, 2, 7, 12)
                .node(new AttentionOp.Attention(3, 0.5f), "y", "x", "x", "x")));
  }

  @Test
  void causalAttentionCountsAllKeys() {
    assertEquals(
        4L * 2 * 3 * 7 * 12 + 5L * 2 * 6 * 3 * 7,
        flops(
            new GraphBuilder("test")
                .input("q", DType.F32, 2, 3, 12)
                .input("k", DType.F32, 2, 3, 7, 2)
                .input("starts", DType.I64, 2)
                .node(
                    new AttentionOp.CausalAttention(6, 0, 0.5f, 0), "y", "q", "k", "k", "starts")));
  }

  @Test
  void recurrentLayersCountEveryStep() {
    Op.Unary tanh = new Op.Unary(UnaryFunction.TANH);
    Op layer =
        new RecurrentOp.Recurrent(
            RecurrentCell.GRU,
            RecurrentOp.Direction.BIDIRECTIONAL,
            5,
            List.of(tanh, tanh, tanh, tanh),
            1,
            false,
            false);
    assertEquals(
        2 * 7 * 2 * 15 * (2 * (4 + 5) + 4),
        flops(
            new GraphBuilder("test")
                .input("x", DType.F32, 7, 2, 4)
                .constant("w", Tensor.allocate(DType.F32, Shape.of(2, 15, 4)))
                .constant("r", Tensor.allocate(DType.F32, Shape.of(2, 15, 5)))
                .node(layer, "y", "x", "w", "r")));
  }

  @Test
  void movingIsFree() {
    assertEquals(
        0,
        flops(
            new GraphBuilder("test")
                .input("x", DType.F32, 2, 7, 12)
                .node(new Op.Transpose(List.of()), "t", "x")
                .node(new Op.Concat(0), "y", "t", "t")));
  }
}
