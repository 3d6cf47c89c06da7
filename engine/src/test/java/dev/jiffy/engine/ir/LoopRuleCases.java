package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Cases of loops.
final class LoopRuleCases {
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);

  /// The state stays as it is; its slices, and what is captured, are collected.
  private static final Op STABLE =
      new LoopOp.Loop(
          new GraphBuilder("test")
              .input("i", DType.I64)
              .input("c", DType.BOOL)
              .input("s", DType.F32, "n", 3)
              .input("x", DType.F32, "m")
              .node(RELU, "t", "s")
              .node(RELU, "y", "x")
              .node(new Op.Identity(), "t_copy", "t")
              .outputs("c", "t", "t_copy", "y")
              .build(),
          1);

  /// The state becomes longer.
  private static final Op GROWING =
      new LoopOp.Loop(
          new GraphBuilder("test")
              .input("i", DType.I64)
              .input("c", DType.BOOL)
              .input("s", DType.F32, "some", 3)
              .node(new Op.Concat(0), "t", "s", "s")
              .node(new Op.Identity(), "go", "c")
              .node(new Op.Identity(), "t_copy", "t")
              .outputs("go", "t", "t_copy")
              .build(),
          1);

  static final List<RuleCase> CASES =
      List.of(
          good(STABLE, "i64[]=[7]; _; f32[a×3]; f32[5]", "f32[a×3]; f32[7×a×3]; f32[7×5]"),
          good(STABLE, "_; bool[]; f32[2×3]; f32[k]", "f32[2×3]; f32[trips×2×3]; f32[trips×k]"),
          good(GROWING, "i64[]=[7]; _; f32[2×3]", "f32[looped×3]; f32[trips×looped_1×3]"),
          bad(STABLE, "i64[]; _; f32[a×3]", "expected 4 inputs, got 3"),
          bad(STABLE, "i64[]; _; i64[a×3]; f32[5]", "input 2: expected f32[n×3], got i64[a×3]"),
          bad(
              STABLE,
              "i64[]; _; sequence(f32[a×3]); f32[5]",
              "input 2: expected f32[n×3], got sequence(f32[a×3])"),
          bad(STABLE, "i32[]; _; f32[a×3]; f32[5]", "input 0: expected i64, got i32[]"));

  private LoopRuleCases() {}
}
