package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.BlockMatMul;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Products of f32 with constants that are quantized read these as they are, a quarter of the bytes
/// or an eighth: `x · dequantize(q)` becomes a product with weights of a few bits.
final class BlockProducts {
  /// What a matrix takes as f32 at least, so that anything is gained.
  private static final long LEAST_BYTES = 256 << 10;

  private BlockProducts() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    if (!(node.op() instanceof Op.MatMul product)
        || !product.equals(new Op.MatMul(false, product.transposeB(), 1, null))
        || node.hasInput(3)
        || draft.fact(node.input(0)).rank() < 2
        || draft.fact(node.input(0)).dtype() != DType.F32) {
      return false;
    }
    BlockMatrix matrix = matrix(draft, node.input(1), product.transposeB());
    if (matrix == null || !fits(draft, node.input(2), matrix)) {
      return false;
    }
    Tensor zero = matrix.zero();
    return draft.replace(
        node,
        new BlockMatMul(matrix.k(), matrix.columns(), matrix.block(), matrix.bits(), false, null),
        MatrixProducts.inputs(
            node.input(0),
            part(draft, node, matrix, "/blocks", matrix::weights),
            part(draft, node, matrix, "/scales", matrix::scales),
            zero == null ? "" : part(draft, node, matrix, "/zeros", () -> matrix.zeros(zero)),
            node.input(2)));
  }

  /// {@return whether anything is gained by a matrix of integers that stays as it is}
  static boolean isWorthwhile(Tensor q) {
    boolean isSmall =
        switch (q.dtype()) {
          case I4, U4, I8, U8 -> true;
          default -> false;
        };
    return isSmall && q.shape().rank() == 2 && Float.BYTES * q.shape().elements() >= LEAST_BYTES;
  }

  /// A constant that all products with one matrix share.
  private static String part(
      Draft draft, Node node, BlockMatrix matrix, String part, Supplier<Tensor> elements) {
    return draft.constant(List.of(matrix, part), node.input(1) + part, elements);
  }

  /// Whether a bias is absent, or has a number for each column.
  private static boolean fits(Draft draft, String bias, BlockMatrix matrix) {
    if (bias.isEmpty()) {
      return true;
    }
    Fact fact = draft.fact(bias);
    Shape shape = fact.concreteShape();
    return fact.dtype() == DType.F32 && shape != null && shape.equals(Shape.of(matrix.columns()));
  }

  private static @Nullable BlockMatrix matrix(Draft draft, String value, boolean isTransposed) {
    Node node = draft.producer(value, Dequantize.class);
    if (node == null || !(node.op() instanceof Dequantize op)) {
      return null;
    }
    Tensor q = draft.constant(node.input(0));
    Tensor scale = draft.constant(node.input(1));
    Tensor zero = draft.constant(node.input(2));
    return q == null
            || scale == null
            || (zero == null && node.hasInput(2))
            || scale.dtype() != DType.F32
            || !isWorthwhile(q)
        ? null
        : BlockMatrix.of(q, isTransposed, op, scale, zero);
  }
}
