package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Products of dynamically quantized inputs and quantized weights become one operator.
final class Quantizations {
  static final List<Rule> RULES =
      List.of(
          Rule.on(Quantizations::product, BinaryFunction.MUL),
          Rule.on(Quantizations::bias, BinaryFunction.ADD));

  private Quantizations() {}

  /// `f32((i32(q) - i32(z)) · w) · (s · t)` with `q, s, z` made of `x` and constant `w` and `t`.
  private static boolean product(Draft draft, Node node) {
    if (!isBinary(node, BinaryFunction.MUL)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node cast = onlyRead(draft, node.input(side), Op.Cast.class);
      Node product = cast == null ? null : onlyRead(draft, cast.input(0), Op.MatMul.class);
      Node scales = draft.producer(node.input(1 - side), Op.Binary.class);
      if (product == null || scales == null || !product.op().equals(new Op.MatMul())) {
        continue;
      }
      Node quantize = quantizer(draft, product.input(0));
      Tensor weights = weights(draft, product.input(1));
      Tensor scale =
          quantize == null ? null : otherFactor(draft, scales, quantize.outputs().get(1));
      if (quantize == null || weights == null || scale == null) {
        continue;
      }
      Tensor perColumn = perColumn(scale, weights.shape().dim(1));
      if (perColumn != null) {
        return draft.replace(
            node,
            new Op.QuantizedMatMul(null),
            quantize.input(0),
            draft.constant(product.input(1) + "/bytes", weights),
            draft.constant(product.input(1) + "/scale", perColumn));
      }
    }
    return false;
  }

  /// A constant for each column, added.
  private static boolean bias(Draft draft, Node node) {
    if (!isBinary(node, BinaryFunction.ADD)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node product = onlyRead(draft, node.input(side), Op.QuantizedMatMul.class);
      Tensor constant = draft.constant(node.input(1 - side));
      if (product == null
          || constant == null
          || product.inputs().size() > 3
          || !product.op().equals(new Op.QuantizedMatMul(null))
          || !MatrixProducts.isVector(constant, draft.fact(product.output()).shape())) {
        continue;
      }
      return draft.replace(
          node,
          product.op(),
          product.input(0),
          product.input(1),
          product.input(2),
          node.input(1 - side));
    }
    return false;
  }

  private static boolean isBinary(Node node, BinaryFunction function) {
    return node.op().equals(new Op.Binary(function));
  }

  private static @Nullable Node onlyRead(Draft draft, String value, Class<? extends Op> type) {
    return draft.readOnce(value) ? draft.producer(value, type) : null;
  }

  /// {@return what made the bytes of `i32(q) - i32(z)`, or null}
  private static @Nullable Node quantizer(Draft draft, String value) {
    Node difference = draft.producer(value, Op.Binary.class);
    if (difference == null || !isBinary(difference, BinaryFunction.SUB)) {
      return null;
    }
    Node bytes = draft.producer(difference.input(0), Op.Cast.class);
    Node zero = draft.producer(difference.input(1), Op.Cast.class);
    if (bytes == null || zero == null) {
      return null;
    }
    Node quantize = draft.producer(bytes.input(0), Op.DynamicQuantize.class);
    return quantize != null
            && quantize.outputs().size() == 3
            && quantize.outputs().get(0).equals(bytes.input(0))
            && quantize.outputs().get(2).equals(zero.input(0))
        ? quantize
        : null;
  }

  private static @Nullable Tensor otherFactor(Draft draft, Node product, String factor) {
    if (!isBinary(product, BinaryFunction.MUL)) {
      return null;
    }
    int side = product.input(0).equals(factor) ? 1 : 0;
    return product.input(1 - side).equals(factor) ? draft.constant(product.input(side)) : null;
  }

  /// {@return a matrix of integers less their zero point as i8, or null where they do not fit}
  private static @Nullable Tensor weights(Draft draft, String value) {
    Tensor whole = draft.constant(value);
    Tensor zero = null;
    Node node = draft.producer(value);
    if (node != null && isBinary(node, BinaryFunction.SUB)) {
      zero = draft.constant(node.input(1));
      if (zero == null) {
        return null;
      }
      node = draft.producer(node.input(0));
    }
    if (node != null && node.op() instanceof Op.Cast) {
      whole = draft.constant(node.input(0));
    }
    if (whole == null || whole.shape().rank() != 2 || whole.dtype().isFloat()) {
      return null;
    }
    int columns = Math.toIntExact(whole.shape().dim(1));
    long[] shifts = zero == null ? new long[] {0} : zero.toLongs();
    if (shifts.length != 1 && !(zero != null && zero.shape().equals(Shape.of(columns)))) {
      return null;
    }
    if (whole.dtype() == DType.I8 && Arrays.stream(shifts).allMatch(shift -> shift == 0)) {
      return whole;
    }
    long[] elements = whole.toLongs();
    for (int i = 0; i < elements.length; i++) {
      elements[i] -= shifts[shifts.length == 1 ? 0 : i % columns];
      if (elements[i] != (byte) elements[i]) {
        return null;
      }
    }
    return Constants.ofIntegers(DType.I8, whole.shape(), elements);
  }

  private static @Nullable Tensor perColumn(Tensor scale, long columns) {
    if (scale.dtype() != DType.F32) {
      return null;
    }
    if (scale.shape().elements() == 1) {
      double[] same = new double[Math.toIntExact(columns)];
      Arrays.fill(same, scale.getDouble(0));
      return Constants.of(DType.F32, Shape.of(columns), same);
    }
    return scale.shape().equals(Shape.of(columns)) ? scale : null;
  }
}
