package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Cases of branches.
final class BranchRuleCases {
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);

  /// The input without its first dimension, or as it is.
  private static final Op SQUEEZE = new Op.If(body(new Op.Squeeze(), "x", "zero"), body(RELU, "x"));

  private static final Op TALLER = new Op.If(body(new Op.Concat(0), "x", "x"), body(RELU, "x"));

  private static final Op SHAPE = new Op.If(body(new Op.ShapeOf(0, null), "x"), body(RELU, "x"));

  static final List<RuleCase> CASES =
      List.of(
          good(SQUEEZE, "bool[1]=[1]; f32[1×5]", "f32[5]"),
          good(SQUEEZE, "bool[]=[0]; f32[3×5]", "f32[3×5]"),
          good(SQUEEZE, "bool[]; f32[1×5]", "f32[…]"),
          good(SQUEEZE, "bool[1×1]; f32[3×5]", "f32[3×5]"),
          good(SQUEEZE, "bool[]; f32[3×5]", "f32[3×5]"),
          good(TALLER, "bool[]; f32[n×5]", "f32[either×5]"),
          bad(
              SQUEEZE,
              "bool[]=[1]; f32[3×5]",
              "node 'make_y' (Squeeze): axis 0: expected extent 1, got [3×5]"),
          bad(
              SHAPE,
              "bool[]; f32[3×5]",
              "output 0: expected one type of both branches, got" + " i64[2]=[3, 5] and f32[3×5]"),
          bad(SQUEEZE, "f32[]; f32[3×5]", "input 0: expected bool, got f32[]"),
          bad(SQUEEZE, "bool[2]; f32[3×5]", "input 0: expected one element, got bool[2]"),
          bad(SQUEEZE, "bool[]", "expected 2 inputs, got 1"));

  private BranchRuleCases() {}

  private static Graph body(Op op, String... in) {
    GraphBuilder body = new GraphBuilder("test").input("x", DType.F32, "a", "b");
    if (in.length > 1) {
      body.constant("zero", Tensor.of(new long[] {0}, 1));
    }
    return body.node(op, "y", in).build();
  }
}
