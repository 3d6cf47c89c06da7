package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraphTextTest {
  @Test
  void eachValueHasItsLine() {
    Op.Unary clip = new Op.Unary(UnaryFunction.CLIP, 0, 6);
    Op.Window window =
        new Op.Window(
            List.of(), List.of(2L, 2L), List.of(), List.of(), Op.AutoPad.SAME_UPPER, false);
    Graph graph =
        new GraphBuilder("test")
            .input("x", DType.F32, "n", 3, 8, 8)
            .constant("w", Tensor.allocate(DType.F32, Shape.of(4, 3, 3, 3)))
            .constant("b", Tensor.of(new float[] {1, 2.5f, -3, 0}, 4))
            .constant("axes", Tensor.of(new long[] {2, 3}, 2))
            .node(new Op.Conv(window, 1, Op.Layout.CHANNELS_FIRST, clip), "c", "x", "w", "b")
            .node(new Op.Unary(UnaryFunction.RELU), "r", "c")
            .node(
                new Op.Reduce(dev.jiffy.engine.function.ReduceFunction.MEAN, true, false),
                "m",
                "r",
                "axes")
            .node(new Op.Pad(Op.PadMode.CONSTANT), "p", "m", "pads", "", "axes")
            .constant("pads", Tensor.of(new long[] {0, 0, 1, 1}, 4))
            .node(new Op.ConstantOfShape(Tensor.of(new float[] {2})), "k", "axes")
            .build();
    assertEquals(
        """
        graph test
        input x: f32[n×3×8×8]
        constant w: f32[4×3×3×3]
        constant b: f32[4]=[1.0, 2.5, -3.0, 0.0]
        constant axes: i64[2]=[2, 3]
        constant pads: i64[4]=[0, 0, 1, 1]
        c: f32[n×4×4×4] = Conv{window={strides=[2, 2], autoPad=SAME_UPPER}, groups=1, \
        layout=CHANNELS_FIRST, activation=(CLIP, 0.0, 6.0)}(x, w, b)
        r: f32[n×4×4×4] = Unary{RELU}(c)
        m: f32[n×4×1×1] = Reduce{function=MEAN, keepDims=true}(r, axes)
        p: f32[n×4×2×2] = Pad{mode=CONSTANT}(m, pads, _, axes)
        k: f32[2×3] = ConstantOfShape{value=f32[]=[2.0]}(axes)
        output k: f32[2×3]
        """,
        GraphText.of(graph));
  }
}
