package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Products with weights of four bits as the library bitsandbytes has them: each stands for one of
/// 16 numbers between -1 and 1, times the largest magnitude of its block. The tables are those of
/// Dettmers et al., *QLoRA: Efficient Finetuning of Quantized LLMs*, 2023, and of the library's
/// floating-point numbers of four bits.
final class FourBitFloats {
  /// A sign, two bits of exponent and one of mantissa, over 12; the first exponent's other number
  /// is 0.0625.
  private static final float[] FLOATS = {
    0,
    0.0052083335f,
    0.6666667f,
    1,
    0.33333334f,
    0.5f,
    0.16666667f,
    0.25f,
    -0f,
    -0.0052083335f,
    -0.6666667f,
    -1,
    -0.33333334f,
    -0.5f,
    -0.16666667f,
    -0.25f
  };

  /// Quantiles of the normal distribution.
  private static final float[] QUANTILES = {
    -1,
    -0.6961928f,
    -0.52507305f,
    -0.3949175f,
    -0.28444138f,
    -0.18477343f,
    -0.091050036f,
    0,
    0.0795803f,
    0.1609302f,
    0.2461123f,
    0.33791524f,
    0.44070983f,
    0.562617f,
    0.72295684f,
    1
  };

  private FourBitFloats() {}

  /// Makes the nodes: `(x, weights, magnitudes)`; two weights are a byte, the first in its upper
  /// half, and blocks do not end where rows do.
  ///
  /// @param node the node
  static void product(NodeScope node) {
    long k = node.integer("K");
    long n = node.integer("N");
    long block = node.integer("block_size");
    long kind = node.integer("quant_type");
    node.integer("training_mode", 0);
    Tensor packed = node.known(node.input(1));
    Tensor magnitudes = node.known(node.input(2));
    if (packed == null
        || magnitudes == null
        || packed.dtype() != DType.U8
        || node.integer("transB", 1) == 0) {
      node.unsupported("weights that are not known, or lie by columns");
      return;
    }
    if (k < 1 || n < 1 || n > Long.MAX_VALUE / k || block < 1 || kind < 0 || kind > 1) {
      throw node.invalid("K %d, N %d, block_size %d, quant_type %d".formatted(k, n, block, kind));
    }
    long count = k * n;
    if (packed.shape().elements() != Math.ceilDiv(count, 2L)
        || magnitudes.shape().elements() != Math.ceilDiv(count, block)) {
      throw node.invalid(
          "%d×%d weights in blocks of %d: expected %d bytes and %d magnitudes, got %s and %s"
              .formatted(
                  n,
                  k,
                  block,
                  Math.ceilDiv(count, 2L),
                  Math.ceilDiv(count, block),
                  packed.shape(),
                  magnitudes.shape()));
    }
    float[] table = kind == 0 ? FLOATS : QUANTILES;
    Tensor weights = Tensor.allocate(DType.F32, Shape.of(n, k));
    for (long i = 0; i < count; i++) {
      long both = packed.getLong(i / 2);
      int code = (int) (i % 2 == 0 ? both >> 4 : both) & 15;
      weights.setDouble(i, table[code] * (float) magnitudes.getDouble(i / block));
    }
    String constant = node.constant(weights);
    DType type = node.dtype(node.input(0));
    String matrix =
        type == null || type == DType.F32 ? constant : node.make(new Op.Cast(type, true), constant);
    node.result(new Op.MatMul(false, true, 1, null), node.input(0), matrix);
  }
}
