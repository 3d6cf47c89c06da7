package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operators that make tensors out of little.
final class ConstantImports {
  private ConstantImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Constant" -> Operator.of(1, 0, 0, ConstantImports::constant);
      case "ConstantOfShape" -> Operator.of(9, 1, 1, ConstantImports::constantOfShape);
      case "EyeLike" -> Operator.of(9, 1, 1, ConstantImports::eyeLike);
      case "Range" -> Operator.of(11, 3, 3, n -> n.same(new Op.Range()));
      case "OneHot" -> Operator.of(9, 3, 3, n -> n.same(new Op.OneHot(n.integer("axis", -1))));
      default -> null;
    };
  }

  private static void constant(NodeScope node) {
    if (node.hasAttribute("sparse_value")) {
      node.unsupported("attribute 'sparse_value'");
      return;
    }
    Tensor value = value(node);
    if (value != null) {
      node.constantResult(value);
    }
  }

  private static @Nullable Tensor value(NodeScope node) {
    if (node.hasAttribute("value")) {
      return node.tensor("value");
    }
    if (node.hasAttribute("value_float")) {
      return Tensor.of(new float[] {node.real("value_float", 0)});
    }
    if (node.hasAttribute("value_floats")) {
      List<Float> reals = node.reals("value_floats");
      float[] values = new float[reals.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = reals.get(i);
      }
      return Tensor.of(values, values.length);
    }
    if (node.hasAttribute("value_int")) {
      return Tensor.of(new long[] {node.integer("value_int")});
    }
    if (node.hasAttribute("value_ints")) {
      long[] values = node.integers("value_ints").stream().mapToLong(Long::longValue).toArray();
      return Tensor.of(values, values.length);
    }
    if (node.hasAttribute("value_string")) {
      return Tensor.ofStrings(List.of(node.text("value_string", "")));
    }
    if (node.hasAttribute("value_strings")) {
      List<String> values = node.texts("value_strings");
      return Tensor.ofStrings(values, values.size());
    }
    throw node.invalid("there is no value");
  }

  private static void constantOfShape(NodeScope node) {
    boolean given = node.hasAttribute("value");
    Tensor value = given ? node.tensor("value") : Tensor.of(new float[] {0}, 1);
    if (value == null) {
      return;
    }
    if (value.shape().elements() != 1) {
      throw node.invalid("attribute 'value' needs one element, has shape " + value.shape());
    }
    node.same(new Op.ConstantOfShape(value.reshape(1)));
  }

  private static void eyeLike(NodeScope node) {
    DType dtype = node.elementType("dtype");
    node.same(new Op.EyeLike(dtype, node.integer("k", 0)));
  }
}
