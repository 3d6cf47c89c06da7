package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.Border;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Cases of the operators on images, signals and matrices, of those that pick by elements, and of
/// random ones.
final class FamilyRuleCases {
  private static final Op GRID =
      new ImageOp.SampleGrid(ImageOp.Interpolation.LINEAR, Border.ZEROS, false);
  private static final Op ALIGN = new ImageOp.AlignRegions(false, 7, 5, 2, 1, true);
  private static final Op POOL = new ImageOp.PoolRegions(7, 5, 1);
  private static final Op.Window THREE =
      new Op.Window(List.of(), List.of(), List.of(), List.of(), Op.AutoPad.NOTSET, false);
  private static final Op DEFORM = new ImageOp.DeformConv(THREE, 1, 2);
  private static final Op FOLD = new ImageOp.Fold(THREE);
  private static final Op FOURIER = new SignalOp.Fourier(false, false);
  private static final Op HALF = new SignalOp.Fourier(false, true);
  private static final Op FRAMES = new SignalOp.ShortTimeFourier(true);
  private static final Op MEL = new SignalOp.MelWeights(DType.F32);
  private static final Op SUPPRESS = new SelectionOp.SuppressOverlaps(false);
  private static final Op UNIQUE = new SelectionOp.Unique(null, true);
  private static final Op UNIFORM = new RandomOp.Uniform(DType.F32, 0, 1, null);
  private static final Op NORMAL = new RandomOp.Normal(DType.F64, 0, 1, 2f);
  private static final Op DETERMINANT = new MatrixOp.Determinant();

  static final List<RuleCase> CASES =
      List.of(
          good(GRID, "f32[n×c×8×9]; f32[n×4×5×2]", "f32[n×c×4×5]"),
          good(GRID, "f32[2×3×8×9×7]; f32[2×4×5×6×3]", "f32[2×3×4×5×6]"),
          bad(GRID, "f32[2×3×8×9]; f32[2×4×5×3]", "grid: expected 2 coordinates, got f32[2×4×5×3]"),
          bad(GRID, "f32[2×3×8×9]; f32[3×4×5×2]", "grid: expected batch 2, got f32[3×4×5×2]"),
          bad(GRID, "f32[2×3]; f32[2×3]", "input 0: expected rank 3 to 5, got f32[2×3]"),
          good(ALIGN, "f32[1×c×8×9]; f32[n×4]; i64[n]", "f32[n×c×7×5]"),
          bad(ALIGN, "f32[1×c×8×9]; f32[3×4]; i64[2]", "images: expected 3 indices, got i64[2]"),
          good(POOL, "f32[1×c×8×9]; f32[n×5]", "f32[n×c×7×5]"),
          bad(POOL, "f32[1×c×8×9]; f32[n×4]", "regions: expected 5 numbers, got f32[n×4]"),
          good(
              DEFORM,
              "f32[n×4×8×9]; f32[6×4×3×3]; f32[n×36×6×7]; _; f32[n×18×6×7]",
              "f32[n×6×6×7]"),
          bad(
              DEFORM,
              "f32[n×4×8×9]; f32[6×4×3×3]; f32[n×18×6×7]",
              "offsets: expected shape [n×36×6×7], got [n×18×6×7]"),
          good(FOLD, "f32[n×12×20]; i64[2]=[5, 6]; i64[2]=[2, 2]", "f32[n×3×5×6]"),
          bad(
              FOLD,
              "f32[n×12×21]; i64[2]=[5, 6]; i64[2]=[2, 2]",
              "input 0: expected [4×5] blocks in an image of [5×6], got f32[n×12×21]"),
          good(FOURIER, "f32[n×16×1]", "f32[n×16×2]"),
          good(FOURIER, "f32[n×16×2]; i64[]=[20]; i64[]=[0]", "f32[20×16×2]"),
          good(HALF, "f32[n×16×1]", "f32[n×9×2]"),
          bad(HALF, "f32[n×16×2]", "the transform of complex numbers cannot be one-sided"),
          bad(
              FOURIER,
              "f32[n×16×1]; _; i64[]=[2]",
              "axis 2: it holds the parts of complex numbers"),
          good(FRAMES, "f32[n×1000×1]; i64[]=[100]; f32[400]", "f32[n×7×201×2]"),
          good(FRAMES, "f32[n×1000]; i64[]=[100]; _; i64[]=[400]", "f32[n×7×201×2]"),
          bad(FRAMES, "f32[n×1000]; i64[]=[100]", "either a window or a length is needed"),
          bad(
              FRAMES,
              "f32[n×300]; i64[]=[100]; f32[400]",
              "input 0: expected at least the 400 samples of a frame, got f32[n×300]"),
          good(MEL, "i64[]=[8]; i64[]=[16]; i64[]=[8192]; f32[]; f32[]", "f32[9×8]"),
          bad(
              MEL,
              "i64[]=[0]; i64[]=[16]; i64[]=[8192]; f32[]; f32[]",
              "bands, length and rate: expected at least 1, got 0"),
          bad(
              MEL,
              "i64[]=[8]; i64[]=[16]; i64[]=[8192]; f32[20×0]; f32[]",
              "input 3: expected one element, got f32[20×0]"),
          good(SUPPRESS, "f32[n×b×4]; f32[n×c×b]; i64[]; f32[]", "i64[selected×3]"),
          bad(
              SUPPRESS,
              "f32[1×6×4]; f32[1×2×5]",
              "scores: expected those of 6 boxes in 1 images, got f32[1×2×5]"),
          good(UNIQUE, "f32[2×3]", "f32[unique]; i64[unique]; i64[6]; i64[unique]"),
          good(new SelectionOp.Unique(1L, false), "u8[2×n]", "u8[2×unique]"),
          bad(new SelectionOp.Unique(2L, false), "u8[2×n]", "axis 2: expected -2 to 1 for rank 2"),
          good(UNIFORM, "i64[2]=[n, 3]", "f32[n×3]"),
          bad(UNIFORM, "f32[2]", "input 0: expected i64 or i32, got f32[2]"),
          good(NORMAL, "i64[0]=[]", "f64[]"),
          bad(
              new RandomOp.Normal(DType.I32, 0, 1, null),
              "i64[1]=[3]",
              "type: expected a floating-point type, got i32"),
          good(DETERMINANT, "f32[n×3×3]", "f32[n]"),
          bad(DETERMINANT, "f32[n×3×2]", "input 0: expected square matrices, got f32[n×3×2]"));

  private FamilyRuleCases() {}
}
