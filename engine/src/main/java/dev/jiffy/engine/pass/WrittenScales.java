package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `(f32(q) - zero) · scale` of a constant matrix of bytes that is multiplied with is what
/// `DequantizeLinear` computes, so that the bytes can stay.
///
/// @param axis the dimension that scales go with
/// @param scales one, or one for each index of the axis, f32
/// @param zeros the zero points, as many, integers
record WrittenScales(int axis, Tensor scales, Tensor zeros) {
  private static final Op SUBTRACT = new Op.Binary(BinaryFunction.SUB);
  private static final Op MULTIPLY = new Op.Binary(BinaryFunction.MUL);

  /// {@return whether a node makes numbers of bytes that are yet to be scaled; they stay bytes
  /// until then}
  ///
  /// @param draft the graph
  /// @param node the node at hand
  static boolean keeps(Draft draft, Node node) {
    Tensor q = node.op() instanceof Op.Cast ? draft.constant(node.input(0)) : null;
    if (q == null
        || !BlockProducts.isWorthwhile(q)
        || draft.fact(node.output()).dtype() != DType.F32) {
      return false;
    }
    String value = node.output();
    Node reader = onlyReader(draft, value);
    String zero = "";
    if (reader != null && reader.op().equals(SUBTRACT) && reader.input(0).equals(value)) {
      zero = reader.input(1);
      value = reader.output();
      reader = onlyReader(draft, value);
    }
    if (reader == null || !reader.op().equals(MULTIPLY) || !isMatrix(draft, reader.output())) {
      return false;
    }
    String scale = reader.input(reader.input(0).equals(value) ? 1 : 0);
    boolean isKnown =
        draft.constant(scale) != null && (zero.isEmpty() || draft.constant(zero) != null);
    return !isKnown || of(draft, q, scale, zero) != null;
  }

  private static @Nullable Node onlyReader(Draft draft, String value) {
    return draft.readOnce(value) ? draft.readersAhead(value).getFirst() : null;
  }

  /// Whether a value made ahead is a right-hand side, or a transpose of it is.
  private static boolean isMatrix(Draft draft, String value) {
    return draft.readersAhead(value).stream()
        .anyMatch(reader ->
            switch (reader.op()) {
              case Op.MatMul _, Op.Gemm _ -> reader.input(1).equals(value);
              case Op.Transpose _ -> isMatrix(draft, reader.output());
              default -> false;
            });
  }

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    for (int side = 0; side < 2; side++) {
      Node number = draft.producer(node.input(side));
      String zero = "";
      if (number != null && number.op().equals(SUBTRACT)) {
        zero = number.input(1);
        number = draft.producer(number.input(0));
      }
      Tensor q =
          number != null && number.op() instanceof Op.Cast ? draft.constant(number.input(0)) : null;
      WrittenScales written =
          q == null || !BlockProducts.isWorthwhile(q)
              ? null
              : of(draft, q, node.input(1 - side), zero);
      if (written != null && draft.fact(node.output()).dtype() == DType.F32) {
        return draft.replace(
            node,
            new Dequantize(written.axis, 0),
            Objects.requireNonNull(number).input(0),
            draft.constant(node.output() + "/scales", written.scales),
            draft.constant(node.output() + "/zeros", written.zeros));
      }
    }
    return false;
  }

  /// {@return what constants scale a matrix by, or null where no `DequantizeLinear` does}
  private static @Nullable WrittenScales of(Draft draft, Tensor q, String scale, String zero) {
    Tensor factor = draft.constant(scale);
    Tensor point = zero.isEmpty() ? Tensor.allocate(DType.F32, Shape.of()) : draft.constant(zero);
    if (factor == null || point == null) {
      return null;
    }
    boolean isOne = factor.shape().elements() == 1 && point.shape().elements() == 1;
    for (int axis = 1; axis >= 0; axis--) {
      long extent = q.shape().dim(axis);
      Shape shape = isOne ? Shape.of() : Shape.of(extent);
      double[] factors = Constants.perAxis(factor, 2, axis, extent);
      double[] points = Constants.perAxis(point, 2, axis, extent);
      if (factors != null && points != null) {
        Tensor zeros = tensor(q.dtype(), shape, points);
        return areEqual(zeros, points)
            ? new WrittenScales(axis, tensor(DType.F32, shape, factors), zeros)
            : null;
      }
    }
    return null;
  }

  private static Tensor tensor(DType type, Shape shape, double[] elements) {
    return Constants.of(type, shape, Arrays.copyOf(elements, (int) shape.elements()));
  }

  private static boolean areEqual(Tensor integers, double[] numbers) {
    for (int i = 0; i < integers.shape().elements(); i++) {
      if (integers.getLong(i) != numbers[i]) {
        return false;
      }
    }
    return true;
  }
}
