package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PoolFunction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cases of matrix products, attention, convolutions, pools, normalisations and resampling.
final class NeuralRuleCases {
  private static final Op MATMUL = new Op.MatMul();
  private static final Op BYTES = new Op.QuantizedMatMul(null);
  private static final Op GEMM = new Op.Gemm(1, 1, false, false);
  private static final Op ATTENTION = new AttentionOp.Attention(12, 0.25f);
  private static final Op CAUSAL = new AttentionOp.CausalAttention(8, 0, 0.25f, 0);
  private static final Op SCALE = resize(List.of(), ImageOp.AspectPolicy.STRETCH);

  private static final Op CROP =
      new ImageOp.Resize(
          ImageOp.Interpolation.LINEAR,
          ImageOp.CoordinateMode.TF_CROP_AND_RESIZE,
          ImageOp.NearestMode.FLOOR,
          -0.75f,
          false,
          0,
          false,
          List.of(),
          ImageOp.AspectPolicy.STRETCH,
          Layout.CHANNELS_FIRST);

  static final List<RuleCase> CASES =
      List.of(
          good(MATMUL, "f32[b×h×s×32]; f32[b×h×32×s]", "f32[b×h×s×s]"),
          good(MATMUL, "f32[b×s×384]; f32[384×1536]", "f32[b×s×1536]"),
          good(MATMUL, "f32[3]; f32[3]", "f32[]"),
          good(MATMUL, "f32[3]; f32[n×3×4]", "f32[n×4]"),
          good(MATMUL, "f32[n×2×3]; f32[3]", "f32[n×2]"),
          good(MATMUL, "f32[…]; f32[3×4]", "f32[…]"),
          good(MATMUL, "f32[n×3]; f32[3×4]; f32[4]; f32[n×4]", "f32[n×4]"),
          good(new Op.MatMul(true, true, 1, null), "f32[3×n]; f32[4×3]", "f32[n×4]"),
          bad(
              MATMUL,
              "f32[2×3]; f32[4×5]",
              "matrices do not fit: expected as many rows as [2×3] has columns, got [4×5]"),
          bad(MATMUL, "f32[]; f32[4×5]", "expected ranks of at least 1, got f32[] and f32[4×5]"),
          bad(
              MATMUL,
              "f32[2×3]; f32[3×4]; f32[5]",
              "bias: expected one element per column of [2×4], got f32[5]"),
          bad(
              MATMUL,
              "f32[2×3]; f32[3×4]; _; f32[2×5]",
              "residual: expected shape [2×4], got [2×5]"),
          bad(
              new Op.MatMul(false, false, 1, new Op.Unary(UnaryFunction.IS_NAN)),
              "f32[2×3]; f32[3×4]",
              "activation IS_NAN: expected a function within a floating-point type, got f32"),
          good(new Op.DynamicQuantize(), "f32[n×3]", "u8[n×3]; f32[]; u8[]"),
          bad(new Op.DynamicQuantize(), "f64[n×3]", "input 0: expected f32, got f64[n×3]"),
          good(BYTES, "f32[n×s×3]; i8[3×4]; f32[4]", "f32[n×s×4]"),
          good(BYTES, "f32[n×3]; i8[3×4]; f32[4]; f32[4]; f32[n×4]", "f32[n×4]"),
          bad(BYTES, "f32[n×3]; f32[3×4]; f32[4]", "input 1: expected i8 or i16, got f32[3×4]"),
          good(new Op.QuantizedMatMul(128, null), "f32[n×3]; i8[3×4]; f32[4]", "f32[n×4]"),
          bad(
              new Op.QuantizedMatMul(-128, null),
              "f32[n×3]; i8[3×4]; f32[4]",
              "expected a shift of -127 to 128 of i8 weights, got -128 of I8"),
          bad(
              new Op.QuantizedMatMul(1, null),
              "f32[n×3]; i16[3×4]; f32[4]",
              "expected a shift of -127 to 128 of i8 weights, got 1 of I16"),
          bad(
              BYTES,
              "f32[n×3]; i8[3×4]; f32[5]",
              "input 2: expected one element per column of [n×4], got f32[5]"),
          good(GEMM, "f32[n×3]; f32[3×4]; f32[4]", "f32[n×4]"),
          good(new Op.Gemm(1, 1, true, true), "f32[3×n]; f32[4×3]; f32[]", "f32[n×4]"),
          bad(
              GEMM,
              "f32[2×3]; f32[4×5]",
              "matrices do not fit: expected 3 rows in b, got f32[4×5]"),
          bad(
              GEMM,
              "f32[2×3]; f32[3×4]; f32[3]",
              "c: expected a shape that broadcasts to [2×4], got [3]"),
          bad(GEMM, "f32[2×3×1]; f32[3×4]", "input 0: expected rank 2, got f32[2×3×1]"),
          good(new Op.Einsum("bij,bjk->bik"), "f32[b×i×j]; f32[b×j×5]", "f32[b×i×5]"),
          good(new Op.Einsum("...ij,...jk"), "f32[b×2×3]; f32[3×4]", "f32[b×2×4]"),
          good(new Op.Einsum("ii"), "f32[3×3]", "f32[]"),
          bad(
              new Op.Einsum("ij,jk"),
              "f32[2×3]; f32[4×5]",
              "equation ij,jk: expected extent 3 for j, got 4"),
          bad(
              new Op.Einsum("ij->ik"),
              "f32[2×3]",
              "equation ij->ik: expected each letter of the result once and in a term, got k"),
          good(ATTENTION, "f32[b×s×384]; f32[b×s×384]; f32[b×s×384]; f32[b×1×1×s]", "f32[b×s×384]"),
          good(ATTENTION, "f32[b×q×384]; f32[b×k×384]; f32[b×k×768]", "f32[b×q×768]"),
          bad(
              ATTENTION,
              "f32[2×3×380]; f32[2×3×380]; f32[2×3×380]",
              "expected a width that 12 heads divide, got f32[2×3×380]"),
          bad(
              ATTENTION,
              "f32[2×3×384]; f32[2×5×384]; f32[2×4×384]",
              "number of keys and of values: expected equal extents, got 5 and 4"),
          bad(
              ATTENTION,
              "f32[2×3×384]; f32[2×5×384]; f32[2×5×384]; f32[3×5×5]",
              "mask: expected a shape that broadcasts to [2×12×3×5], got [3×5×5]"),
          good(
              CAUSAL,
              "f32[b×s×64]; f32[b×2×t×8]; f32[b×2×t×8]; i64[b]; f32[1×1×s×t]",
              "f32[b×s×64]"),
          bad(
              CAUSAL,
              "f32[1×5×64]; f32[1×3×5×8]; f32[1×3×5×8]; i64[1]",
              "expected heads of keys that go into 8, got 3"),
          bad(
              CAUSAL,
              "f32[1×5×64]; f32[1×2×5×9]; f32[1×2×5×9]; i64[1]",
              "width of queries and of keys: expected equal extents, got 64 and 72"),
          bad(
              CAUSAL,
              "f32[2×5×64]; f32[2×2×5×8]; f32[2×2×5×8]; i64[3]",
              "batch and starts: expected equal extents, got 2 and 3"),
          bad(
              new AttentionOp.CausalAttention(8, -1, 0.5f, 0),
              "f32[2×5×64]; f32[2×2×5×8]; f32[2×2×5×8]; i64[2]",
              "window: expected at least 0, got -1"),
          good(
              new AttentionOp.AppendRows(false),
              "f32[b×2×s×8]; i64[b]; i64[1]=[t]; f32[b×2×p×8]",
              "f32[b×2×t×8]"),
          good(
              new AttentionOp.AppendRows(false),
              "f16[b×2×s×8]; i64[b]; i64[1]",
              "f16[b×2×appended×8]"),
          bad(
              new AttentionOp.AppendRows(false),
              "f32[b×2×s×8]; i64[b]; i64[1]=[9]; f32[b×3×p×8]",
              "heads: expected equal extents, got 2 and 3"),
          bad(
              new AttentionOp.AppendRows(false),
              "f32[b×2×s×8]; i64[b]; i64[2]=[9, 8]",
              "length: expected one number, got i64[2]=[9, 8]"),
          bad(
              new AttentionOp.AppendRows(false),
              "f32[b×2×s×8]; i64[b]; i64[1]=[-1]",
              "length [-1]: expected extents of at least 0, got -1"),
          good(conv(1, Layout.CHANNELS_FIRST), "f32[n×3×h×8]; f32[4×3×3×3]", "f32[n×4×h-2×6]"),
          good(
              conv(2, Layout.CHANNELS_LAST),
              "f32[n×9×8×4]; f32[6×2×3×3]; f32[6]; f32[n×7×6×6]",
              "f32[n×7×6×6]"),
          good(
              new Op.Conv(
                  window(List.of(), List.of(2L), List.of(1L, 1L), AutoPad.NOTSET, false),
                  1,
                  Layout.CHANNELS_FIRST,
                  null),
              "f32[1×1×t]; f32[1×1×3]",
              "f32[1×1×floor((t+1)/(2))]"),
          good(
              new Op.Conv(
                  window(List.of(), List.of(2L), List.of(), AutoPad.SAME_UPPER, false),
                  1,
                  Layout.CHANNELS_FIRST,
                  null),
              "f32[1×1×7]; f32[1×1×3]",
              "f32[1×1×4]"),
          bad(
              conv(1, Layout.CHANNELS_FIRST),
              "f32[1×3×2×8]; f32[4×3×3×3]",
              "spatial dimension 0 of f32[1×3×2×8]: expected at least 3 elements with padding, got"
                  + " 2"),
          bad(
              conv(2, Layout.CHANNELS_FIRST),
              "f32[1×3×8×8]; f32[4×3×3×3]",
              "weights: expected 3 input channels in 2 groups, got f32[4×3×3×3]"),
          bad(
              conv(2, Layout.CHANNELS_FIRST),
              "f32[1×4×8×8]; f32[3×2×3×3]",
              "weights: expected channels that 2 groups divide, got f32[3×2×3×3]"),
          bad(
              conv(0, Layout.CHANNELS_FIRST),
              "f32[1×3×8×8]; f32[4×3×3×3]",
              "groups: expected at least 1, got 0"),
          bad(
              conv(1, Layout.CHANNELS_FIRST),
              "f32[1×3×8×8]; f32[4×3×3×3]; f32[5]",
              "bias: expected shape [4], got [5]"),
          bad(
              new Op.Conv(
                  window(List.of(), List.of(0L), List.of(), AutoPad.NOTSET, false),
                  1,
                  Layout.CHANNELS_FIRST,
                  null),
              "f32[1×1×7]; f32[1×1×3]",
              "strides: expected 1 numbers of at least 1, got [0]"),
          bad(
              new Op.Conv(
                  window(List.of(), List.of(), List.of(-1L, 0L), AutoPad.NOTSET, false),
                  1,
                  Layout.CHANNELS_FIRST,
                  null),
              "f32[1×1×7]; f32[1×1×3]",
              "pads: expected 2 numbers of at least 0, got [-1, 0]"),
          bad(
              new Op.Conv(
                  window(List.of(5L), List.of(), List.of(), AutoPad.NOTSET, false),
                  1,
                  Layout.CHANNELS_FIRST,
                  null),
              "f32[1×1×7]; f32[1×1×3]",
              "kernel: expected shape [3], got [5]"),
          good(transposed(2, List.of(1L), List.of()), "f32[n×4×t]; f32[4×2×3]", "f32[n×4×2*t+2]"),
          good(transposed(1, List.of(), List.of(9L)), "f32[n×3×4]; f32[3×2×3]", "f32[n×2×9]"),
          bad(
              transposed(1, List.of(), List.of()),
              "f32[1×3×4]; f32[4×2×3]",
              "weights: expected 3 input channels, got f32[4×2×3]"),
          good(
              pool(PoolFunction.MAX, List.of(3L), List.of(2L), true),
              "f32[n×3×8]",
              "f32[n×3×4]; i64[n×3×4]"),
          good(
              pool(PoolFunction.AVERAGE, List.of(1L), List.of(2L), true),
              "f32[1×1×2]",
              "f32[1×1×1]"),
          good(
              pool(PoolFunction.AVERAGE, List.of(3L), List.of(2L), true),
              "f32[1×1×2]",
              "f32[1×1×1]"),
          bad(
              pool(PoolFunction.AVERAGE, List.of(3L), List.of(2L), true),
              "f32[1×1×1]",
              "spatial dimension 0 of f32[1×1×1]: expected at least 2 elements with padding, got 1"),
          bad(
              new Op.Pool(
                  PoolFunction.MAX,
                  window(List.of(1L, 3L), List.of(), List.of(), AutoPad.VALID, false),
                  false,
                  false,
                  0,
                  Layout.CHANNELS_FIRST),
              "f32[1×1×4×2]",
              "spatial dimension 1 of f32[1×1×4×2]: expected at least 3 elements with padding, got"
                  + " 2"),
          good(
              pool(PoolFunction.MAX, List.of(3L), List.of(2L), true),
              "f32[n×3×t]",
              "f32[n×3×floor((t)/(2))]"),
          good(
              pool(PoolFunction.MAX, List.of(1L), List.of(2L), true),
              "f32[n×3×t]",
              "f32[n×3×pooled]"),
          good(pool(PoolFunction.MAX, List.of(2L), List.of(), false), "u8[1×1×t]", "u8[1×1×t-1]"),
          bad(
              pool(PoolFunction.AVERAGE, List.of(2L), List.of(), false),
              "u8[1×1×4]",
              "input 0: expected a floating-point type, got u8[1×1×4]"),
          bad(
              pool(PoolFunction.MAX, List.of(2L, 2L), List.of(), false),
              "f32[1×1×4]",
              "kernel: expected 1 extents, got [2×2]"),
          bad(
              pool(PoolFunction.MAX, List.of(1L), List.of(1L << 32), false),
              "f32[1×1×4]",
              "strides: expected numbers of 32 bits, got [4294967296]"),
          bad(
              pool(PoolFunction.MAX, List.of(0L), List.of(), false),
              "f32[1×1×4]",
              "kernel: expected extents of at least 1, got [0]"),
          good(
              new Op.GlobalPool(PoolFunction.AVERAGE, 2, Layout.CHANNELS_LAST),
              "f32[n×h×w×8]",
              "f32[n×1×1×8]"),
          bad(
              new Op.GlobalPool(PoolFunction.LP, 0, Layout.CHANNELS_FIRST),
              "f32[1×1×4]",
              "p: expected at least 1, got 0"),
          good(
              new Op.BatchNorm(1e-5f, Layout.CHANNELS_LAST),
              "f32[n×h×w×8]; f32[8]; f32[8]; f32[8]; f32[8]",
              "f32[n×h×w×8]"),
          bad(
              new Op.BatchNorm(1e-5f, Layout.CHANNELS_FIRST),
              "f32[1×4×2×8]; f32[8]; f32[8]; f32[8]; f32[8]",
              "input 1: expected shape [4], got [8]"),
          bad(
              new Op.BatchNorm(1e-5f, Layout.CHANNELS_FIRST),
              "f32[1×c×8]; f32[8]; f32[5]; f32[8]; f32[8]",
              "input 2: expected shape [8], got [5]"),
          good(
              new Op.LayerNorm(-1, 1e-5f),
              "f16[b×s×384]; f16[384]; f16[384]; f16[b×s×384]",
              "f16[b×s×384]; f32[b×s×1]; f32[b×s×1]"),
          good(new Op.LayerNorm(1, 1e-5f), "f32[b×s×4]", "f32[b×s×4]"),
          bad(
              new Op.LayerNorm(-1, 1e-5f),
              "f32[2×4]; f32[5]",
              "input 1: expected a shape that broadcasts to [4], got [5]"),
          bad(
              new Op.LayerNorm(-1, 1e-5f),
              "f32[2×4]; f32[2×4]",
              "input 1: expected a shape that broadcasts to [4], got [2×4]"),
          good(new Op.InstanceNorm(1e-5f), "f32[n×4×t]; f32[4]; f32[4]", "f32[n×4×t]"),
          bad(
              new Op.InstanceNorm(1e-5f),
              "f32[1×4×2]; f32[3]; f32[4]",
              "scale: expected shape [4], got [3]"),
          bad(
              new Op.InstanceNorm(1e-5f),
              "f32[1×c×2]; f32[3]; f32[4]",
              "bias: expected shape [3], got [4]"),
          good(new Op.Lrn(1e-4f, 0.75f, 1, 5), "f32[n×4×h×w]", "f32[n×4×h×w]"),
          bad(new Op.Lrn(1, 1, 1, 0), "f32[1×4×2]", "size: expected at least 1, got 0"),
          good(SCALE, "f32[n×3×h×7]; _; f32[4]=[1, 1, 2, 0.6]", "f32[n×3×2*h×4]"),
          good(SCALE, "f32[1×h]; _; f32[2]=[1, 0.5]", "f32[1×floor((h)/(2))]"),
          good(SCALE, "f32[1×3]; _; f32[2]", "f32[resized×resized_1]"),
          good(SCALE, "f32[n×3]; _; f32[0]; i64[2]=[n, 9]", "f32[n×9]"),
          good(
              resize(List.of(2L, 3L), ImageOp.AspectPolicy.NOT_LARGER),
              "f32[1×1×4×8]; _; _; i64[2]=[6, 6]",
              "f32[1×1×3×6]"),
          good(
              resize(List.of(2L, 3L), ImageOp.AspectPolicy.NOT_SMALLER),
              "f32[1×1×4×8]; _; _; i64[2]=[6, 6]",
              "f32[1×1×6×12]"),
          bad(
              resize(List.of(0L), ImageOp.AspectPolicy.NOT_SMALLER),
              "f32[0]; _; _; i64[1]=[6]",
              "an empty dimension has no aspect ratio"),
          bad(CROP, "f32[4×5]; f32[3]; _; i64[2]=[6, 7]", "roi: expected 4 numbers, got 3"),
          bad(SCALE, "f32[2]; _; _; _", "expected either scales or sizes, got neither"),
          bad(SCALE, "f32[2]; _; f32[1]=[-2]; _", "scales: expected positive numbers, got -2.0"),
          bad(SCALE, "f32[2]; _; f32[2]=[1, 2]; _", "scales: expected 1 numbers, got 2"));

  private NeuralRuleCases() {}

  private static Op.Window window(
      List<Long> kernel, List<Long> strides, List<Long> pads, AutoPad autoPad, boolean ceil) {
    return new Op.Window(kernel, strides, pads, List.of(), autoPad, ceil);
  }

  private static Op conv(long groups, Layout layout) {
    Op.@Nullable Unary none = null;
    return new Op.Conv(
        window(List.of(), List.of(), List.of(), AutoPad.NOTSET, false), groups, layout, none);
  }

  private static Op transposed(long groups, List<Long> padding, List<Long> shape) {
    return new Op.ConvTranspose(
        window(List.of(), List.of(2L), List.of(), AutoPad.NOTSET, false),
        groups,
        padding,
        shape,
        Layout.CHANNELS_FIRST,
        null);
  }

  private static Op pool(
      PoolFunction function, List<Long> kernel, List<Long> strides, boolean ceil) {
    Op.Window window = window(kernel, strides, List.of(), AutoPad.NOTSET, ceil);
    return new Op.Pool(function, window, false, false, 2, Layout.CHANNELS_FIRST);
  }

  private static Op resize(List<Long> axes, ImageOp.AspectPolicy aspect) {
    return new ImageOp.Resize(
        ImageOp.Interpolation.LINEAR,
        ImageOp.CoordinateMode.HALF_PIXEL,
        ImageOp.NearestMode.FLOOR,
        -0.75f,
        false,
        0,
        false,
        axes,
        aspect,
        Layout.CHANNELS_FIRST);
  }
}
