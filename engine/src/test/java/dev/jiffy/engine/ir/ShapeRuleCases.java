package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Cases of the operators that read, change or take a shape.
final class ShapeRuleCases {
  private static final Op RESHAPE = new Op.Reshape(false);
  private static final Op SQUEEZE = new Op.Squeeze();
  private static final Op UNSQUEEZE = new Op.Unsqueeze();
  private static final Op EXPAND = new Op.Expand();
  private static final Op RANGE = new Op.Range();
  private static final Op ZEROS = new Op.ConstantOfShape(Tensor.of(new float[] {0}, 1));
  private static final Op ONES = new Op.ConstantOfShape(Tensor.of(new long[] {1}, 1));

  private static final Op GREATEST = new Op.ConstantOfShape(greatest());

  static final List<RuleCase> CASES =
      List.of(
          good(new Op.ShapeOf(0, null), "f32[batch×seq×4]", "i64[3]=[batch, seq, 4]"),
          good(new Op.ShapeOf(-2, -1L), "f32[batch×seq×4]", "i64[1]=[seq]"),
          good(new Op.ShapeOf(1, 9L), "f32[batch×seq×4]", "i64[2]=[seq, 4]"),
          good(new Op.ShapeOf(2, 1L), "f32[batch×seq×4]", "i64[0]=[]"),
          good(new Op.ShapeOf(0, null), "f32[…]", "i64[rank]"),
          bad(new Op.ShapeOf(0, null), "f32[2]; f32[2]", "expected 1 inputs, got 2"),
          good(new Op.Size(), "f32[2×n×n]", "i64[]=[2*n*n]"),
          good(new Op.Size(), "f32[0×n]", "i64[]=[0]"),
          bad(new Op.Size(), "", "expected 1 inputs, got 0"),
          good(RESHAPE, "f32[2×3×4]; i64[2]=[6, -1]", "f32[6×4]"),
          good(RESHAPE, "f32[2×3×4]; i64[3]=[0, -1, 2]", "f32[2×6×2]"),
          good(RESHAPE, "f32[batch×seq×384]; i64[4]=[0, 0, 12, 32]", "f32[batch×seq×12×32]"),
          good(RESHAPE, "f32[batch×seq×384]; i64[4]=[batch, -1, 12, 32]", "f32[batch×seq×12×32]"),
          good(RESHAPE, "f32[batch×seq×384]; i64[2]=[-1, 384]", "f32[batch*seq×384]"),
          good(RESHAPE, "f32[batch*seq×384]; i64[3]=[batch, seq, -1]", "f32[batch×seq×384]"),
          good(RESHAPE, "f32[2*n+2×3]; i64[2]=[n+1, -1]", "f32[n+1×6]"),
          good(RESHAPE, "f32[n×3]; i64[2]=[2, -1]", "f32[2×floor((3*n)/(2))]"),
          good(RESHAPE, "f32[n×4]; i64[3]", "f32[reshaped×reshaped_1×reshaped_2]"),
          good(RESHAPE, "f32[n×4]; i64[r]", "f32[…]"),
          good(RESHAPE, "f32[…]; i64[2]=[0, -1]", "f32[reshaped×reshaped_1]"),
          good(RESHAPE, "i64[1]=[n]; i64[0]=[]", "i64[]=[n]"),
          good(RESHAPE, "f32[0×n]; i64[2]=[-1, 4]", "f32[0×4]"),
          good(new Op.Reshape(true), "f32[0×3]; i64[2]=[3, 0]", "f32[3×0]"),
          good(RESHAPE, "f32[0×1×5]; i64[3]=[0, -1, 1]", "f32[0×5×1]"),
          bad(
              RESHAPE,
              "f32[0×3]; i64[3]=[-1, 0, 0]",
              "shape [-1×0×0]: 0 at index 2 copies an extent, but [0×3] has rank 2"),
          bad(
              RESHAPE,
              "f32[2×3]; i64[2]=[4, -1]",
              "shape [4×-1]: the 6 elements of [2×3] do not divide by 4"),
          bad(
              RESHAPE,
              "f32[2×3]; i64[1]=[5]",
              "shape [5]: expected the 6 elements of [2×3], got 5"),
          bad(
              RESHAPE,
              "f32[2×3]; i64[2]=[-1, -1]",
              "shape [-1×-1]: expected at most one -1, got more"),
          bad(
              RESHAPE,
              "f32[6]; i64[2]=[6, 0]",
              "shape [6×0]: 0 at index 1 copies an extent, but [6] has rank 1"),
          bad(RESHAPE, "f32[6]; i64[1]=[-2]", "shape [-2]: expected extents or -1, got -2"),
          bad(RESHAPE, "f32[6]; i64[2×3]", "input 1: expected rank 1, got i64[2×3]"),
          bad(RESHAPE, "f32[6]; f32[2]", "input 1: expected i64 or i32, got f32[2]"),
          good(new Op.Flatten(1), "f32[n×3×4]", "f32[n×12]"),
          good(new Op.Flatten(0), "f32[n×3]", "f32[1×3*n]"),
          good(new Op.Flatten(3), "f32[2×3×4]", "f32[24×1]"),
          good(new Op.Flatten(-1), "f32[2×3×4]", "f32[6×4]"),
          bad(new Op.Flatten(4), "f32[2×3×4]", "axis 4: expected -3 to 2 for rank 3"),
          good(SQUEEZE, "f32[1×n×1]; i64[2]=[0, -1]", "f32[n]"),
          good(SQUEEZE, "f32[1×3×1]", "f32[3]"),
          good(SQUEEZE, "f32[1×n×1]", "f32[…]"),
          good(SQUEEZE, "i64[1]=[n]; i64[1]=[0]", "i64[]=[n]"),
          bad(SQUEEZE, "f32[2×3]; i64[1]=[0]", "axis 0: expected extent 1, got [2×3]"),
          good(UNSQUEEZE, "f32[n×3]; i64[2]=[0, -1]", "f32[1×n×3×1]"),
          good(UNSQUEEZE, "i64[]=[n]; i64[1]=[0]", "i64[1]=[n]"),
          bad(UNSQUEEZE, "f32[3]; i64[2]=[0, 0]", "axes [0, 0]: axis 0 appears twice"),
          bad(UNSQUEEZE, "f32[3]; i64[1]=[3]", "axis 3: expected -2 to 1 for rank 2"),
          good(EXPAND, "f32[3×1]; i64[3]=[n, 1, 4]", "f32[n×3×4]"),
          good(EXPAND, "f32[3×1]; i64[2]", "f32[3×expanded]"),
          good(EXPAND, "i64[1]=[n]; i64[1]=[3]", "i64[3]=[n, n, n]"),
          bad(
              EXPAND,
              "f32[3]; i64[1]=[4]",
              "shapes do not broadcast: expected extents equal or 1, got [3] and [4]"),
          bad(EXPAND, "f32[3]; i64[1]=[-1]", "shape [-1]: expected extents of at least 0, got -1"),
          good(ZEROS, "i64[2]=[n, 3]", "f32[n×3]"),
          good(ZEROS, "i64[2]", "f32[filled×filled_1]"),
          good(ONES, "i64[1]=[3]", "i64[3]=[1, 1, 1]"),
          good(ONES, "i64[0]=[]", "i64[]=[1]"),
          bad(ZEROS, "i64[1]=[-3]", "shape [-3]: expected extents of at least 0, got -3"),
          bad(
              new Op.ConstantOfShape(Tensor.of(new float[2], 2)),
              "i64[1]=[3]",
              "value: expected one element, got [2]"),
          good(GREATEST, "i64[1]=[3]", "u64[3]"),
          bad(ZEROS, "i64[2000]", "expected at most 1024 dimensions, got 2000"),
          good(RANGE, "i64[]=[0]; i64[]=[n]; i64[]=[1]", "i64[n]"),
          good(RANGE, "i64[]=[2]; i64[]=[9]; i64[]=[3]", "i64[3]=[2, 5, 8]"),
          good(RANGE, "i64[]=[9]; i64[]=[2]; i64[]=[-3]", "i64[3]=[9, 6, 3]"),
          good(RANGE, "i64[]=[2]; i64[]=[1]; i64[]=[1]", "i64[0]=[]"),
          good(RANGE, "f32[]=[0]; f32[]=[1]; f32[]=[0.3]", "f32[4]"),
          good(RANGE, "f32[]; f32[]; f32[]", "f32[range]"),
          bad(
              RANGE,
              "i64[]=[0]; i64[]=[4]; i64[]=[0]",
              "delta: expected a number other than 0, got 0"),
          bad(RANGE, "f32[]=[0]; f32[]=[4]; f32[]=[0]", "range from 0.0 to 4.0 by 0.0 has no end"),
          good(new Op.EyeLike(null, 0), "f32[n×3]", "f32[n×3]"),
          good(new Op.EyeLike(DType.I64, 1), "f32[2×3]", "i64[2×3]"),
          bad(new Op.EyeLike(null, 0), "f32[2]", "input 0: expected rank 2, got f32[2]"));

  private ShapeRuleCases() {}

  /// An element that has no place in 64 bits with a sign.
  private static Tensor greatest() {
    Tensor tensor = Tensor.allocate(DType.U64, Shape.of(1));
    tensor.setLong(0, -1);
    return tensor;
  }
}
