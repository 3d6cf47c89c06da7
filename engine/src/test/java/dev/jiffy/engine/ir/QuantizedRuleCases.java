package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.ir.Op.AutoPad;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp.Rounding;
import dev.jiffy.tensor.DType;
import java.util.List;

/// Cases of operators on quantized numbers.
final class QuantizedRuleCases {
  private static final Op TO_BYTES = new QuantizedOp.Quantize(1, 0, DType.U8);
  private static final Op BLOCKS = new QuantizedOp.Dequantize(0, 4);
  private static final Op TABLE = new QuantizedOp.ByteTable();
  private static final Op PRODUCT = new QuantizedOp.ByteMatMul(3, null, null);
  private static final Op ROUNDED = new QuantizedOp.ByteMatMul(3, null, new Rounding(1, 0));
  private static final Op BLOCK_PRODUCT = new QuantizedOp.BlockMatMul(100, 7, 32, 4, false, null);
  private static final Op.Conv WINDOWS =
      new Op.Conv(
          new Op.Window(
              List.of(), List.of(), List.of(1L, 1L, 1L, 1L), List.of(), AutoPad.NOTSET, false),
          1,
          Layout.CHANNELS_LAST,
          null);
  private static final Op CONV = new QuantizedOp.ByteConv(WINDOWS, 0, null);
  private static final Op SUMS = new QuantizedOp.ByteSums(null, 7);
  private static final Op CONV_SUMS = new QuantizedOp.ByteSums(WINDOWS, 7);
  private static final Op DYNAMIC_CONV = new QuantizedOp.DynamicConv(WINDOWS);

  static final List<RuleCase> CASES =
      List.of(
          good(TO_BYTES, "f32[n×3×4]; f32[]; u8[]", "u8[n×3×4]"),
          good(TO_BYTES, "f32[n×3×4]; f32[3]; u8[3]", "u8[n×3×4]"),
          good(TO_BYTES, "f32[n×3×4]; f32[3]; u8[1]", "u8[n×3×4]"),
          bad(TO_BYTES, "f32[n×3×4]; f32[4]", "scale: expected shape [3], got [4]"),
          bad(TO_BYTES, "f32[]; f32[0]", "scale: expected shape [1], got [0]"),
          bad(TO_BYTES, "f32[n×3×4]; f32[]; i8[]", "input 2: expected u8, got i8[]"),
          bad(TO_BYTES, "f32[n×3]; f32[3×1]", "scale: expected a scalar or a vector, got f32[3×1]"),
          bad(TO_BYTES, "f32[n×3]; f32[]; u8[3]", "zero point: expected shape [1], got [3]"),
          bad(TO_BYTES, "f32[n×3]; f32[1]; u8[0]", "zero point: expected shape [1], got [0]"),
          good(BLOCKS, "i4[10×n]; f16[3×n]", "f16[10×n]"),
          bad(
              BLOCKS,
              "i4[10×5]; f32[2×5]",
              "scale: expected one for each block of 4 along axis 0 of [10×5], got f32[2×5]"),
          bad(BLOCKS, "f32[10×5]; f32[3×5]", "input 0: expected an integer type, got f32[10×5]"),
          good(TABLE, "i8[n×3]; u8[256]", "u8[n×3]"),
          bad(TABLE, "u8[n×3]; u8[255]", "table: expected 256 bytes, got u8[255]"),
          bad(TABLE, "u16[n×3]; u8[256]", "input 0: expected u8 or i8, got u16[n×3]"),
          good(PRODUCT, "u8[n×s×3]; i8[3×4]; f32[4]", "f32[n×s×4]"),
          good(PRODUCT, "u8[n×s×3]; i16[3×4]; f32[4]", "f32[n×s×4]"),
          good(ROUNDED, "u8[n×3]; i8[3×4]; f32[4]; f32[4]", "u8[n×4]"),
          bad(PRODUCT, "i8[n×3]; i8[3×4]; f32[4]", "input 0: expected u8, got i8[n×3]"),
          bad(PRODUCT, "u8[n×3]; i8[3×4]; f32[3]", "input 2: expected shape [4], got [3]"),
          bad(
              new QuantizedOp.ByteMatMul(256, null, null),
              "u8[n×3]; i8[3×4]; f32[4]",
              "zero point: expected 0 to 255, got 256"),
          good(CONV, "u8[n×5×6×3]; i8[8×3×3×3]; f32[8]", "f32[n×5×6×8]"),
          bad(
              CONV,
              "u8[n×5×6×4]; i8[8×3×3×3]; f32[8]",
              "weights: expected 4 input channels in 1 groups, got i8[8×3×3×3]"),
          good(SUMS, "u8[n×s×3]; i8[3×4]", "i32[n×s×4]"),
          bad(SUMS, "i8[n×3]; i8[3×4]", "input 0: expected u8, got i8[n×3]"),
          bad(SUMS, "u8[n×3]; i32[3×4]", "input 1: expected i8 or i16, got i32[3×4]"),
          bad(
              new QuantizedOp.ByteSums(null, -1),
              "u8[n×3]; i8[3×4]",
              "zero point: expected 0 to 255, got -1"),
          good(CONV_SUMS, "u8[n×5×6×3]; i16[8×3×3×3]", "i32[n×5×6×8]"),
          bad(
              CONV_SUMS,
              "u8[n×5×6×4]; i8[8×3×3×3]",
              "weights: expected 4 input channels in 1 groups, got i8[8×3×3×3]"),
          good(DYNAMIC_CONV, "f32[n×5×6×3]; i8[8×3×3×3]; f32[8]; f32[8]", "f32[n×5×6×8]"),
          bad(
              DYNAMIC_CONV,
              "u8[n×5×6×3]; i8[8×3×3×3]; f32[8]",
              "input 0: expected f32, got u8[n×5×6×3]"),
          bad(
              DYNAMIC_CONV,
              "f32[n×5×6×3]; i8[8×3×3×3]; f32[7]",
              "input 2: expected shape [8], got [7]"),
          good(BLOCK_PRODUCT, "f32[n×100]; u8[7×4×16]; f32[28]; u8[14]; f32[7]", "f32[n×7]"),
          good(
              BLOCK_PRODUCT,
              "f32[n×100]; u8[7×4×16]; f32[28]; u8[14]; f32[7]; f32[n×7]",
              "f32[n×7]"),
          bad(
              new QuantizedOp.BlockMatMul(32, 8, 1L << 62, 4, false, null),
              "f32[n×32]; u8[8×1×0]; f32[8]",
              "expected rows, columns and blocks of a power of two from 16 to 1048576, got 32, 8 and"
                  + " 4611686018427387904"),
          bad(
              BLOCK_PRODUCT,
              "f32[n×100]; u8[7×4×16]; f32[27]",
              "scales: expected 28 elements, got f32[27]"),
          bad(
              BLOCK_PRODUCT,
              "f32[n×99]; u8[7×4×16]; f32[28]",
              "matrices do not fit: expected as many rows as [n×99] has columns, got [100×7]"));

  private QuantizedRuleCases() {}
}
