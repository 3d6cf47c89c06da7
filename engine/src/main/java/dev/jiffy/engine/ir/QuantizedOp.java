package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// Operators on quantized numbers: integers `q` that stand for `(q - zero) · scale`.
public sealed interface QuantizedOp extends Op.Special {
  /// Numbers quantized: `(x, scale, zero?)`; `round(x / scale) + zero`, limited to the type.
  ///
  /// Scale and zero point are one number for all, or one for each index of the axis; with blocks,
  /// one for each block of so many indices along the axis and each index of the other dimensions.
  ///
  /// @param axis the dimension that scales go with, negative from the end
  /// @param block the indices that share a scale; 0 where there are no blocks
  /// @param to the integer type
  record Quantize(long axis, long block, DType to) implements QuantizedOp {}

  /// What quantized numbers stand for, in the type of the scale: `(q, scale, zero?)`, both as with
  /// [Quantize].
  ///
  /// @param axis the dimension that scales go with, negative from the end
  /// @param block the indices that share a scale; 0 where there are no blocks
  record Dequantize(long axis, long block) implements QuantizedOp {}

  /// A function of bytes: `(x, table)`. Bytes, signed or not, become the elements of a table of 256
  /// bytes that have the numbers of their bits.
  record ByteTable() implements QuantizedOp {}

  /// How a result becomes unsigned bytes: `round(y · factor) + zero`, limited to 0 to 255.
  ///
  /// @param factor the inverse of the scale
  /// @param zero the zero point
  record Rounding(float factor, int zero) {}

  /// The product of bytes and weights, and what follows it: `(x, w, scale, bias?)`.
  ///
  /// Computes `activation((x - zero) · w · scale + bias)`, f32 or rounded. Bytes are u8, the
  /// weights an i8 matrix, or i16 where less their zero point they do not fit; scale and bias have
  /// one f32 per column.
  ///
  /// @param zero the zero point of `x`
  /// @param activation what is applied last, or null
  /// @param rounding how the result becomes bytes, or null where it is f32
  record ByteMatMul(int zero, Op.@Nullable Unary activation, @Nullable Rounding rounding)
      implements QuantizedOp {}

  /// The convolution of bytes, and what follows it: `(x, w, scale, bias?)`.
  ///
  /// Computes `activation((x - zero) ∗ w · scale + bias)`, f32 or rounded; padding counts as
  /// `zero`. Bytes are u8, the weights i8, or i16 where less their zero point they do not fit, in
  /// ONNX's order; scale and bias have one f32 per result channel.
  ///
  /// @param conv window, groups, layout and activation
  /// @param zero the zero point of `x`
  /// @param rounding how the result becomes bytes, or null where it is f32
  record ByteConv(Op.Conv conv, int zero, @Nullable Rounding rounding) implements QuantizedOp {}

  /// The product, or the convolution, of bytes and weights as it is, i32: `(x, w)`.
  ///
  /// Computes `(x - zero) · w`, or `(x - zero) ∗ w`, where padding counts as `zero`; sums that do
  /// not fit i32 wrap around. Bytes and weights are as with [ByteMatMul] and [ByteConv].
  ///
  /// @param conv window, groups and layout, without an activation; or null for a product
  /// @param zero the zero point of `x`
  record ByteSums(Op.@Nullable Conv conv, int zero) implements QuantizedOp {}

  /// The convolution of a dynamically quantized input and quantized weights, and what follows it:
  /// `(x, w, scale, bias?)`.
  ///
  /// Computes `activation(s · (q - z) ∗ w · scale + bias)` with bytes `q`, scale `s` and zero point
  /// `z` of `x` as [Op.DynamicQuantize] makes them; padding counts as `z`. The weights are i8, or
  /// i16 where less their zero point they do not fit, in ONNX's order; scale and bias have one f32
  /// per result channel.
  ///
  /// @param conv window, groups, layout and activation
  record DynamicConv(Op.Conv conv) implements QuantizedOp {}

  /// The product with weights of a few bits in blocks, and what follows it: `(x, w, scales, zeros?,
  /// bias?, residual?)`.
  ///
  /// Computes `activation(x · (w - zeros) · scales + bias + residual)`. Each column has its `k`
  /// weights in blocks, the first of a byte in its lowest bits: `[columns, blocks, block · bits /
  /// 8]` bytes. A block has a scale of the type of `x`, and a zero point of as many bits, packed
  /// alike for each column; half of the range where there are none. The bias has one element per
  /// column, the residual the shape of the result.
  ///
  /// @param k the rows of the weights
  /// @param columns the columns of the weights
  /// @param block the rows of a block: a power of two, at least 16
  /// @param bits the bits of a weight: 2, 4 or 8
  /// @param bytes whether each block of a row of `x` is first rounded to multiples of a 127th of
  ///   its greatest magnitude
  /// @param activation what is applied last, or null
  record BlockMatMul(
      long k, long columns, long block, int bits, boolean bytes, Op.@Nullable Unary activation)
      implements QuantizedOp {
    /// {@return the product with something else that is applied last}
    ///
    /// @param last what is applied last
    public BlockMatMul with(Op.@Nullable Unary last) {
      return new BlockMatMul(k, columns, block, bits, bytes, last);
    }

    /// {@return the product with other weights}
    ///
    /// @param count their columns
    public BlockMatMul with(long count) {
      return new BlockMatMul(k, count, block, bits, bytes, activation);
    }

    /// {@return the blocks of a column}
    public long blocks() {
      return (k + block - 1) / block;
    }

    /// {@return the bytes of the zero points of a column}
    public long zeroBytes() {
      return (blocks() * bits + 7) / 8;
    }
  }
}
