package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import java.util.List;

/// Cases of the operators that move, cut, pick and place elements.
final class MovementRuleCases {
  private static final Op SLICE = new Op.Slice();
  private static final Op PAD = new Op.Pad(Op.PadMode.CONSTANT);
  private static final Op GATHER = new Op.Gather(0);

  static final List<RuleCase> CASES =
      List.of(
          good(new Op.Transpose(List.of()), "f32[2×n×4]", "f32[4×n×2]"),
          good(new Op.Transpose(List.of(0L, 2L, 1L)), "f32[2×n×4]", "f32[2×4×n]"),
          bad(new Op.Transpose(List.of(0L, 0L)), "f32[2×3]", "perm [0, 0]: axis 0 appears twice"),
          bad(new Op.Transpose(List.of(-1L, 0L)), "f32[2×3]", "perm [-1, 0]: expected axes 0 to 1"),
          bad(new Op.Transpose(List.of(0L, 2L)), "f32[…]", "perm [0, 2]: expected axes 0 to 1"),
          bad(new Op.Transpose(List.of(0L)), "f32[2×3]", "perm [0]: expected 2 axes for f32[2×3]"),
          good(new Op.Concat(1), "f32[2×n]; f32[2×n]", "f32[2×2*n]"),
          good(new Op.Concat(-1), "f32[a×n]; f32[2×3]", "f32[2×n+3]"),
          good(new Op.Concat(0), "i64[1]=[n]; i64[2]=[4, 5]", "i64[3]=[n, 4, 5]"),
          good(new Op.Concat(0), "i64[1]=[n]; i64[2]", "i64[3]"),
          good(new Op.Concat(0), "f32[…]; f32[2×3]", "f32[concatenated×3]"),
          bad(
              new Op.Concat(0),
              "f32[2×3]; f32[2×4]",
              "input 1: expected extent 3 in dimension 1, got [2×4]"),
          bad(new Op.Concat(0), "f32[2]; f32[2×4]", "input 1: expected rank 1, got f32[2×4]"),
          bad(new Op.Concat(2), "f32[2×3]", "axis 2: expected -2 to 1 for rank 2"),
          good(new Op.Split(1, 0), "f32[2×6]", "f32[2×6]"),
          good(new Op.Split(1, 0), "f32[2×7]", "f32[2×3]; f32[2×3]; f32[2×1]"),
          good(new Op.Split(0, 2), "f32[4*n]", "f32[2*n]; f32[2*n]"),
          good(new Op.Split(0, 0), "f32[n]; i64[2]=[2, 3]", "f32[2]; f32[3]"),
          good(new Op.Split(0, 0), "i64[3]=[a, b, 3]; i64[2]=[1, 2]", "i64[1]=[a]; i64[2]=[b, 3]"),
          bad(new Op.Split(0, 2), "f32[4]", "expected 2 outputs, got 1"),
          bad(new Op.Split(0, 0), "f32[4]; i64[1×2]", "input 1: expected rank 1, got i64[1×2]"),
          bad(new Op.Split(0, 0), "f32[4]; i64[1]=[3]", "sizes [3]: expected the sum 4, got 3"),
          bad(
              new Op.Split(0, 0),
              "f32[4]; i64[2]=[2, 2]",
              "sizes [2, 2]: expected one for each of 1 outputs"),
          good(SLICE, "f32[9×4]; i64[1]=[2]; i64[1]=[8]; i64[1]=[0]; i64[1]=[3]", "f32[2×4]"),
          good(SLICE, "f32[9×4]; i64[2]=[-3, 1]; i64[2]=[99, -1]", "f32[3×2]"),
          good(SLICE, "f32[9]; i64[1]=[-1]; i64[1]=[-99]; _; i64[1]=[-2]", "f32[5]"),
          good(SLICE, "f32[0]; i64[1]=[-1]; i64[1]=[-99]; _; i64[1]=[-1]", "f32[0]"),
          good(SLICE, "f32[9]; i64[1]=[5]; i64[1]=[2]", "f32[0]"),
          good(SLICE, "f32[n]; i64[1]=[0]; i64[1]=[2147483647]", "f32[n]"),
          good(SLICE, "f32[n]; i64[1]=[1]; i64[1]=[9223372036854775807]", "f32[max(n-1,0)]"),
          good(SLICE, "f32[n]; i64[1]=[0]; i64[1]=[-1]", "f32[max(n-1,0)]"),
          good(SLICE, "f32[1×512]; i64[1]=[0]; i64[1]=[seq]; i64[1]=[1]", "f32[1×min(seq,512)]"),
          good(SLICE, "f32[m+n]; i64[1]=[m]; i64[1]=[m+n]", "f32[n]"),
          good(SLICE, "f32[n]; i64[1]=[9]; i64[1]=[5]", "f32[0]"),
          good(SLICE, "f32[m+n]; i64[1]=[0]; i64[1]=[n]", "f32[n]"),
          good(
              SLICE,
              "f32[n]; i64[1]=[0]; i64[1]=[2147483647]; _; i64[1]=[2]",
              "f32[floor((n+1)/(2))]"),
          good(
              SLICE,
              "f32[n]; i64[1]=[-1]; i64[1]=[-9223372036854775808]; _; i64[1]=[-1]",
              "f32[n]"),
          good(SLICE, "f32[n×3]; i64[1]; i64[1]; i64[1]=[1]", "f32[n×sliced]"),
          good(SLICE, "i64[4]=[a, b, c, 7]; i64[1]=[1]; i64[1]=[3]", "i64[2]=[b, c]"),
          good(
              SLICE,
              "i64[4]=[a, b, c, 7]; i64[1]=[-1]; i64[1]=[-99]; i64[1]=[0]; i64[1]=[-2]",
              "i64[2]=[7, b]"),
          bad(
              SLICE,
              "f32[9]; i64[1]=[0]; i64[1]=[1]; i64[1]=[0]; i64[1]=[0]",
              "steps: expected numbers other than 0, got [0]"),
          bad(
              SLICE,
              "f32[9]; i64[1]=[0]; i64[2]=[1, 2]",
              "input 2: expected 1 numbers as in input 1, got 2"),
          bad(
              SLICE,
              "f32[9]; i64[1]=[0]; i64[1]=[1]; i64[1]=[1]",
              "axis 1: expected -1 to 0 for rank 1"),
          good(GATHER, "f32[9×384]; i64[batch×seq]", "f32[batch×seq×384]"),
          good(new Op.Gather(1), "f32[9×384]; i32[]", "f32[9]"),
          good(GATHER, "i64[3]=[batch, seq, 4]; i64[]=[1]", "i64[]=[seq]"),
          good(GATHER, "i64[3]=[batch, seq, 4]; i64[2]=[-1, 0]", "i64[2]=[4, batch]"),
          bad(GATHER, "f32[3]; i64[]=[3]", "index 3 of axis 0 is out of range: the extent is 3"),
          bad(GATHER, "f32[3]; f32[]", "input 1: expected i64 or i32, got f32[]"),
          bad(GATHER, "f32[]; i64[]", "axis 0: expected 0 to -1 for rank 0"),
          good(new Op.GatherElements(1), "f32[3×4]; i64[2×n]", "f32[2×n]"),
          bad(
              new Op.GatherElements(1),
              "f32[3×4]; i64[5×4]",
              "indices: expected at most 3 in dimension 0, got i64[5×4]"),
          good(new Op.GatherNd(0), "f32[3×4×5]; i64[n×2]", "f32[n×5]"),
          good(new Op.GatherNd(1), "f32[n×4×5]; i64[n×6×1]", "f32[n×6×5]"),
          good(new Op.GatherNd(0), "f32[3×4]; i64[n×k]", "f32[…]"),
          bad(
              new Op.GatherNd(0),
              "f32[3×4]; i64[n×3]",
              "indices: expected tuples of 1 to 2, got i64[n×3]"),
          good(
              new Op.ScatterElements(0, Op.ScatterMode.ADD),
              "f32[3×4]; i64[2×4]; f32[2×4]",
              "f32[3×4]"),
          bad(
              new Op.ScatterElements(0, Op.ScatterMode.ADD),
              "f32[3×4]; i64[2×4]; f32[2×3]",
              "updates: expected shape [2×4], got [2×3]"),
          good(
              new Op.ScatterNd(Op.ScatterMode.REPLACE), "f32[3×4]; i64[n×1]; f32[n×4]", "f32[3×4]"),
          good(new Op.ScatterNd(Op.ScatterMode.MUL), "bool[3×4]; i64[n×1]; bool[n×4]", "bool[3×4]"),
          good(
              new Op.ScatterElements(0, Op.ScatterMode.ADD),
              "bool[3×4]; i64[2×4]; bool[2×4]",
              "bool[3×4]"),
          bad(
              new Op.ScatterNd(Op.ScatterMode.REPLACE),
              "f32[3×4]; i64[2×1]; f32[2×3]",
              "updates: expected shape [2×4], got [2×3]"),
          good(PAD, "f32[n×3]; i64[4]=[1, 0, 1, 2]", "f32[n+2×5]"),
          good(PAD, "f32[n×3]; i64[2]=[-1, 0]; _; i64[1]=[1]", "f32[n×2]"),
          good(PAD, "f32[n×3]; i64[4]", "f32[padded×padded_1]"),
          bad(PAD, "f32[2×3]; i64[2]=[1, 1]", "pads: expected 4 numbers, got 2"),
          bad(
              PAD,
              "f32[2]; i64[2]=[-2, -1]",
              "pads [-2, -1] crop more than dimension 0 of f32[2] has"),
          good(new Op.Tile(), "f32[n×3]; i64[2]=[2, m]", "f32[2*n×3*m]"),
          bad(new Op.Tile(), "f32[2×3]; i64[1]=[2]", "repeats: expected 2 numbers, got 1"),
          good(new Op.Trilu(true), "f32[n×3×3]; i64[]", "f32[n×3×3]"),
          bad(new Op.Trilu(true), "f32[3]", "input 0: expected a rank of at least 2, got f32[3]"),
          good(new Op.ReverseSequence(1, 0), "f32[t×n×4]; i64[n]", "f32[t×n×4]"),
          bad(
              new Op.ReverseSequence(1, 0),
              "f32[5×3]; i64[4]",
              "lengths: expected shape [3], got [4]"),
          good(new Op.DepthToSpace(2, true), "f32[n×12×h×4]", "f32[n×3×2*h×8]"),
          bad(
              new Op.DepthToSpace(2, true),
              "f32[1×6×2×2]",
              "dimension 1 of [1×6×2×2]: expected a multiple of 4"),
          good(new Op.SpaceToDepth(2), "f32[n×3×4×6]", "f32[n×12×2×3]"),
          bad(new Op.SpaceToDepth(0), "f32[1×6×2×2]", "block: expected at least 1, got 0"),
          good(new Op.OneHot(-1), "i64[n×2]; i64[]=[10]; f32[2]", "f32[n×2×10]"),
          good(new Op.OneHot(0), "i64[n]; f32[1]=[4]; i32[2]", "i32[4×n]"),
          good(new Op.OneHot(0), "i64[n]; i64[]; i32[2]", "i32[depth×n]"),
          bad(new Op.OneHot(-1), "i64[2]; i64[]=[0]; f32[2]", "depth: expected at least 1, got 0"),
          good(new Op.OneHotDot(9), "f32[n×9×1]; i64[n×4]", "f32[n×4]"),
          bad(
              new Op.OneHotDot(9),
              "f32[n×8×1]; i64[n×4]",
              "x: expected shape [n×9×1], got [n×8×1]"),
          good(new Op.TopK(-1, true, true), "f32[n×9]; i64[1]=[3]", "f32[n×3]; i64[n×3]"),
          good(new Op.TopK(-1, true, true), "f32[n×9]; i64[1]", "f32[n×k]; i64[n×k]"),
          bad(
              new Op.TopK(0, true, true),
              "f32[2]; i64[1]=[3]",
              "k: expected 0 to 2 for f32[2], got 3"),
          good(new Op.NonZero(), "f32[2×3]", "i64[2×nonzero]"),
          bad(new Op.NonZero(), "", "expected 1 inputs, got 0"),
          good(new Op.Compress(null), "f32[2×3]; bool[6]", "f32[compressed]"),
          good(new Op.Compress(1L), "f32[n×3]; bool[3]", "f32[n×compressed]"),
          bad(new Op.Compress(2L), "f32[n×3]; bool[3]", "axis 2: expected -2 to 1 for rank 2"));

  private MovementRuleCases() {}
}
