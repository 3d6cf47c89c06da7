package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Cases of elementwise operators and of reductions.
final class ElementRuleCases {
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);
  private static final Op EXP = new Op.Unary(UnaryFunction.EXP);
  private static final Op NEG = new Op.Unary(UnaryFunction.NEG);
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Op SUB = new Op.Binary(BinaryFunction.SUB);
  private static final Op MUL = new Op.Binary(BinaryFunction.MUL);
  private static final Op DIV = new Op.Binary(BinaryFunction.DIV);
  private static final Op MOD = new Op.Binary(BinaryFunction.MOD);
  private static final Op EQUAL = new Op.Binary(BinaryFunction.EQUAL);
  private static final Op LESS = new Op.Binary(BinaryFunction.LESS);
  private static final Op WHERE = new Op.Where();
  private static final Op SUM = new Op.Reduce(ReduceFunction.SUM, true, false);
  private static final Op PROD = new Op.Reduce(ReduceFunction.PROD, false, false);

  static final List<RuleCase> CASES =
      List.of(
          good(RELU, "f32[2×n]", "f32[2×n]"),
          good(RELU, "f32[…]", "f32[…]"),
          good(new Op.Unary(UnaryFunction.IS_NAN), "f64[3]", "bool[3]"),
          good(new Op.Unary(UnaryFunction.NOT), "bool[2]=[0, 1]", "bool[2]=[1, 0]"),
          good(NEG, "i64[2]=[n, 4]", "i64[2]=[-n, -4]"),
          bad(EXP, "i32[3]", "input 0: expected a floating-point type, got i32[3]"),
          bad(EXP, "f32[3]; f32[3]", "expected 1 inputs, got 2"),
          bad(EXP, "_", "input 0 is required, got none"),
          bad(new Op.Unary(UnaryFunction.NOT), "f32[3]", "input 0: expected bool, got f32[3]"),
          good(ADD, "f32[2×1×n]; f32[m×1]", "f32[2×m×n]"),
          good(ADD, "f32[n]; f32[n]", "f32[n]"),
          good(ADD, "f32[n]; f32[3]", "f32[3]"),
          good(ADD, "f32[n]; f32[0]", "f32[0]"),
          good(ADD, "f32[b]; f32[a]", "f32[broadcast(a,b)]"),
          good(ADD, "f32[min(n,512)×4]; f32[n×4]", "f32[n×4]"),
          good(ADD, "f32[…]; f32[3]", "f32[…]"),
          good(ADD, "i64[2]=[n, 3]; i64[]=[1]", "i64[2]=[n+1, 4]"),
          good(SUB, "i64[]=[n]; i64[]=[n]", "i64[]=[0]"),
          good(MUL, "i64[2]=[n, m]; i64[2]=[m, n]", "i64[2]=[m*n, m*n]"),
          good(DIV, "i64[]=[384]; i64[]=[12]", "i64[]=[32]"),
          good(DIV, "i64[]=[12*n]; i64[]=[n]", "i64[]=[12]"),
          good(DIV, "i64[]=[n]; i64[]=[2]", "i64[]=[floor((n)/(2))]"),
          good(DIV, "i64[]=[-7]; i64[]=[2]", "i64[]=[-3]"),
          good(DIV, "i64[]=[7]; i64[]=[0]", "i64[]"),
          good(MOD, "i64[]=[4*n+3]; i64[]=[4]", "i64[]=[3]"),
          good(EQUAL, "i64[3]=[n, 4, -1]; i64[]=[-1]", "bool[3]=[0, 0, 1]"),
          good(EQUAL, "i64[1]=[n]; i64[]=[4]", "bool[1]"),
          good(EQUAL, "string[3]; string[3]", "bool[3]"),
          good(LESS, "i64[1]=[n]; i64[1]=[n+2]", "bool[1]=[1]"),
          good(new Op.Binary(BinaryFunction.POW), "f32[2]; i64[]", "f32[2]"),
          good(new Op.Binary(BinaryFunction.PRELU), "f32[2×3×4]; f32[3×1]", "f32[2×3×4]"),
          good(new Op.Binary(BinaryFunction.MIN), "i64[]=[n]; i64[]=[5]", "i64[]=[min(n,5)]"),
          good(new Op.Binary(BinaryFunction.MAX), "i64[]=[n]; i64[]=[0]", "i64[]=[n]"),
          bad(
              new Op.Binary(BinaryFunction.PRELU),
              "f32[2×3]; f32[5×2×3]",
              "slope: expected a shape that broadcasts to [2×3], got [5×2×3]"),
          bad(
              ADD,
              "f32[2×3]; f32[2×4]",
              "shapes do not broadcast: expected extents equal or 1, got [2×3] and [2×4]"),
          bad(ADD, "f32[2]; f64[2]", "input 1: expected f32 as input 0, got f64[2]"),
          bad(ADD, "bool[2]; bool[2]", "input 0: expected a numeric type, got bool[2]"),
          bad(
              new Op.Binary(BinaryFunction.AND),
              "i8[2]; i8[2]",
              "input 0: expected bool, got i8[2]"),
          bad(
              new Op.Binary(BinaryFunction.BITWISE_OR),
              "f32[2]; f32[2]",
              "input 0: expected an integer type, got f32[2]"),
          good(WHERE, "bool[n×1]; f32[1×4]; f32[]", "f32[n×4]"),
          good(WHERE, "bool[3]=[1, 0, 1]; i64[]=[1]; i64[3]=[a, b, c]", "i64[3]=[1, b, 1]"),
          bad(WHERE, "f32[2]; f32[2]; f32[2]", "input 0: expected bool, got f32[2]"),
          bad(WHERE, "bool[2]; f32[2]; i64[2]", "input 2: expected f32 as input 1, got i64[2]"),
          good(new Op.Cast(DType.I32, true), "i64[2]=[n, 7]", "i32[2]=[n, 7]"),
          good(new Op.Cast(DType.I32, true), "i64[1]=[4294967296]", "i32[1]"),
          good(new Op.Cast(DType.F16, true), "i64[2]=[n, 7]", "f16[2]"),
          good(new Op.Cast(DType.BOOL, true), "i64[2]=[n+1, 0]", "bool[2]=[1, 0]"),
          good(new Op.Cast(DType.BOOL, true), "i64[1]=[n]", "bool[1]"),
          bad(new Op.Cast(DType.F32, true), "", "expected 1 inputs, got 0"),
          good(new Op.Identity(), "i64[1]=[n]", "i64[1]=[n]"),
          bad(new Op.Identity(), "_", "input 0 is required, got none"),
          good(SUM, "f32[2×n×4]; i64[1]=[-1]", "f32[2×n×1]"),
          good(SUM, "f32[2×n×4]", "f32[1×1×1]"),
          good(SUM, "f32[2×n]; i64[1]", "f32[reduced×reduced_1]"),
          good(SUM, "f32[…]; i64[1]", "f32[…]"),
          good(PROD, "f32[2×n×4]; i64[2]=[0, 2]", "f32[n]"),
          good(PROD, "i64[3]=[n, 4, n]", "i64[]=[4*n*n]"),
          good(PROD, "i64[0]=[]", "i64[]=[1]"),
          good(PROD, "f32[3×4]; i64[n]", "f32[…]"),
          bad(PROD, "f32[3]; i64[2]", "axes: expected at most 1, got 2"),
          good(new Op.Reduce(ReduceFunction.MAX, true, true), "bool[3×4]; i64[0]=[]", "bool[3×4]"),
          bad(SUM, "f32[2×3]; i64[1]=[2]", "axis 2: expected -2 to 1 for rank 2"),
          bad(SUM, "f32[2×3]; i64[2]=[1, -1]", "axes [1, -1]: axis 1 appears twice"),
          bad(SUM, "bool[2]", "input 0: expected a numeric type, got bool[2]"),
          good(new Op.ArgReduce(true, 1, false, false), "f32[2×n×3]", "i64[2×3]"),
          good(new Op.ArgReduce(true, -1, true, false), "f32[2×n×3]", "i64[2×n×1]"),
          bad(
              new Op.ArgReduce(true, 0, true, false),
              "f32[0×3]",
              "dimension 0: expected at least one element, got f32[0×3]"),
          good(new Op.CumSum(false, false), "f32[2×n]; i32[]=[1]", "f32[2×n]"),
          bad(
              new Op.CumSum(false, false),
              "f32[2×n]; i32[]=[2]",
              "axis 2: expected -2 to 1 for rank 2"),
          bad(
              new Op.CumSum(false, false),
              "f32[2×n]; i32[3]",
              "input 1: expected one element, got i32[3]"),
          good(new Op.Softmax(-1, false), "f32[2×n]", "f32[2×n]"),
          good(new Op.Softmax(-1, true), "f32[]", "f32[]"),
          bad(new Op.Softmax(2, false), "f32[2×n]", "axis 2: expected -2 to 1 for rank 2"),
          bad(
              new Op.Softmax(0, false),
              "i64[2]",
              "input 0: expected a floating-point type, got i64[2]"),
          good(new Op.Hardmax(1), "f32[2×n]", "f32[2×n]"),
          bad(new Op.Hardmax(-3), "f32[2×n]", "axis -3: expected -2 to 1 for rank 2"),
          good(new Op.LpNormalization(1, 2), "f32[2×n]", "f32[2×n]"),
          bad(new Op.LpNormalization(1, 3), "f32[2×n]", "p: expected 1 or 2, got 3"));

  private ElementRuleCases() {}
}
