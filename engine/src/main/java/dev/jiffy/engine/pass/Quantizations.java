package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.pass.CentredBytes.Shifted;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Products and convolutions of dynamically quantized inputs and quantized weights become one
/// operator.
final class Quantizations {
  private static final Layout FIRST = Layout.CHANNELS_FIRST;

  private Quantizations() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return isBinary(node, BinaryFunction.MUL)
        ? product(draft, node) || integerBias(draft, node)
        : bias(draft, node);
  }

  /// `f32((i32(q) - i32(z)) · w) · (s · t)` with `q, s, z` made of `x` and constant `w` and `t`;
  /// the product may be a convolution.
  private static boolean product(Draft draft, Node node) {
    if (!isBinary(node, BinaryFunction.MUL)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node cast = onlyRead(draft, node.input(side), Op.Cast.class);
      Node product = cast == null ? null : onlyRead(draft, cast.input(0), Op.class);
      Node scales = draft.producer(node.input(1 - side), Op.Binary.class);
      Op op = product == null ? null : quantized(product.op());
      if (product == null || op == null || scales == null || product.hasInput(2)) {
        continue;
      }
      int axis = op instanceof Op.QuantizedMatMul ? 1 : 0;
      Node quantize = quantizer(draft, product.input(0));
      Tensor scale =
          quantize == null ? null : otherFactor(draft, scales, quantize.outputs().get(1));
      if (quantize == null || scale == null || scale.dtype() != DType.F32) {
        continue;
      }
      Integers weights = integers(draft, product.input(1), axis);
      Tensor vector =
          weights == null
              ? null
              : vector(scale, channelAxis(op, weights.q), weights.q.shape().dim(axis));
      if (weights != null
          && vector != null
          && scale.shape().rank() <= draft.fact(product.output()).rank()
          && quantized(draft, node, op, quantize.input(0), weights, vector)) {
        return true;
      }
    }
    return false;
  }

  /// Weights of one zero point stay the bytes that they are.
  private static boolean quantized(
      Draft draft, Node node, Op op, String x, Integers weights, Tensor scale) {
    String name = weights.name;
    long[] zeros = weights.zeros();
    boolean areShifted = op instanceof Op.QuantizedMatMul && CentredBytes.suits(weights.q, zeros);
    Shifted shifted = areShifted ? CentredBytes.shifted(weights.q, (int) zeros[0]) : null;
    Tensor bytes = shifted == null ? weights.centred() : shifted.bytes();
    return bytes != null
        && draft.replace(
            node,
            shifted == null ? op : new Op.QuantizedMatMul(shifted.shift(), null),
            x,
            draft.constant(name + "/bytes", bytes),
            draft.constant(name + "/scale", scale));
  }

  /// {@return the operator on numbers that a plain product of quantized ones becomes, or null}
  private static @Nullable Op quantized(Op op) {
    return switch (op) {
      case Op.MatMul matMul when matMul.equals(new Op.MatMul()) -> new Op.QuantizedMatMul(null);
      case Op.Conv conv when conv.activation() == null && conv.layout() == FIRST ->
          new QuantizedOp.DynamicConv(conv);
      default -> null;
    };
  }

  /// {@return the dimension, from the end of a result, that scale and bias go with}
  private static int channelAxis(Op op, Tensor weights) {
    return op instanceof Op.QuantizedMatMul ? 1 : weights.shape().rank() - 1;
  }

  /// `f32(product + bias) · scale` with a bias that was made an integer by the scale becomes
  /// `f32(product) · scale + f32(bias) · scale`, whose product is seen.
  private static boolean integerBias(Draft draft, Node node) {
    if (!isBinary(node, BinaryFunction.MUL)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node cast = onlyRead(draft, node.input(side), Op.Cast.class);
      Node sum = cast == null ? null : onlyRead(draft, cast.input(0), Op.Binary.class);
      if (cast == null || sum == null || !isBinary(sum, BinaryFunction.ADD)) {
        continue;
      }
      for (int left = 0; left < 2; left++) {
        Node product = onlyRead(draft, sum.input(left), Op.class);
        if (product != null
            && quantized(product.op()) != null
            && quantizer(draft, product.input(0)) != null) {
          String scale = node.input(1 - side);
          String real = draft.add(cast, cast.op(), product.output());
          String bias = draft.add(cast, cast.op(), sum.input(1 - left));
          return draft.replace(
              node,
              new Op.Binary(BinaryFunction.ADD),
              draft.add(node, node.op(), real, scale),
              draft.add(node, node.op(), bias, scale));
        }
      }
    }
    return false;
  }

  /// A constant for each column or channel, added.
  private static boolean bias(Draft draft, Node node) {
    if (!isBinary(node, BinaryFunction.ADD)) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node product = onlyRead(draft, node.input(side), Op.class);
      Tensor constant = draft.constant(node.input(1 - side));
      if (product == null || constant == null || !takesBias(product)) {
        continue;
      }
      Tensor weights = draft.constant(product.input(1));
      if (weights == null) {
        continue;
      }
      int fromEnd = channelAxis(product.op(), weights);
      int axis = product.op() instanceof Op.QuantizedMatMul ? 1 : 0;
      Tensor vector = vector(constant, fromEnd, weights.shape().dim(axis));
      if (vector != null && constant.shape().rank() <= draft.fact(product.output()).rank()) {
        return draft.replace(
            node,
            product.op(),
            product.input(0),
            product.input(1),
            product.input(2),
            draft.constant(product.output() + "/bias", vector));
      }
    }
    return false;
  }

  private static boolean takesBias(Node product) {
    return product.inputs().size() == 3
        && switch (product.op()) {
          case Op.QuantizedMatMul matMul -> matMul.activation() == null;
          case QuantizedOp.DynamicConv(Op.Conv conv) ->
              conv.activation() == null && conv.layout() == FIRST;
          default -> false;
        };
  }

  /// {@return a number for each of so many indices of a dimension, counted from the end, out of a
  /// constant that broadcasts over the others, or null}
  private static @Nullable Tensor vector(Tensor constant, int fromEnd, long extent) {
    int rank = constant.shape().rank();
    boolean isOne = constant.shape().elements() == 1;
    boolean isVector =
        rank >= fromEnd
            && constant.shape().elements() == extent
            && constant.shape().dim(rank - fromEnd) == extent;
    if (!isOne && !isVector) {
      return null;
    }
    double[] given = constant.toDoubles();
    double[] elements = isVector ? given : new double[Math.toIntExact(extent)];
    if (!isVector) {
      Arrays.fill(elements, given[0]);
    }
    return Constants.of(constant.dtype(), Shape.of(extent), elements);
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

  /// Constant integers, and their zero points.
  ///
  /// @param name the value that is the integers less those
  /// @param zero one for each index of the axis, or null
  /// @param axis the dimension that zero points go with
  private record Integers(String name, Tensor q, @Nullable Tensor zero, int axis) {
    long[] zeros() {
      return zero == null ? new long[] {0} : zero.toLongs();
    }

    @Nullable Tensor centred() {
      return ByteProducts.centred(q, zero, axis);
    }
  }

  /// {@return constant integers less their zero point, as [ByteProducts#centred] gives them}
  ///
  /// @param axis the dimension that zero points go with
  static @Nullable Tensor weights(Draft draft, String value, int axis) {
    Integers integers = integers(draft, value, axis);
    return integers == null ? null : integers.centred();
  }

  private static @Nullable Integers integers(Draft draft, String value, int axis) {
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
    int rank = whole == null ? 0 : whole.shape().rank();
    if (whole == null || (axis == 1 ? rank != 2 : rank < 3) || whole.dtype().isFloat()) {
      return null;
    }
    Tensor shifts = zero == null ? null : vector(zero, rank - axis, whole.shape().dim(axis));
    return zero != null && shifts == null ? null : new Integers(value, whole, shifts, axis);
  }
}
