package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Operators that work element by element.
final class ElementwiseImports {
  private ElementwiseImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    functions(table);
    activations(table);
    pairs(table);
    table.add("Where", 9, 3, 3, n -> n.same(new Op.Where()));
    table.add("Identity", 1, 1, 1, n -> n.same(new Op.Identity()));
    table.add("Cast", 6, 1, 1, ElementwiseImports::cast);
    table.add("CastLike", 15, 2, 2, ElementwiseImports::castLike);
    table.add("Dropout", 7, 1, 3, 2, ElementwiseImports::dropout);
    table.add("Clip", 1, 1, 3, ElementwiseImports::clip);
    table.add("Sum", 1, 1, Operators.MANY, n -> chain(n, BinaryFunction.ADD));
    table.add("Max", 1, 1, Operators.MANY, n -> chain(n, BinaryFunction.MAX));
    table.add("Min", 1, 1, Operators.MANY, n -> chain(n, BinaryFunction.MIN));
    table.add("Mean", 1, 1, Operators.MANY, ElementwiseImports::mean);
  }

  private static void functions(Operators table) {
    unary(table, "Abs", 1, UnaryFunction.ABS);
    unary(table, "Neg", 1, UnaryFunction.NEG);
    unary(table, "Sign", 9, UnaryFunction.SIGN);
    unary(table, "Ceil", 1, UnaryFunction.CEIL);
    unary(table, "Floor", 1, UnaryFunction.FLOOR);
    unary(table, "Round", 11, UnaryFunction.ROUND);
    unary(table, "Sqrt", 1, UnaryFunction.SQRT);
    unary(table, "Reciprocal", 1, UnaryFunction.RECIPROCAL);
    unary(table, "Exp", 1, UnaryFunction.EXP);
    unary(table, "Log", 1, UnaryFunction.LOG);
    unary(table, "Sin", 7, UnaryFunction.SIN);
    unary(table, "Cos", 7, UnaryFunction.COS);
    unary(table, "Tan", 7, UnaryFunction.TAN);
    unary(table, "Asin", 7, UnaryFunction.ASIN);
    unary(table, "Acos", 7, UnaryFunction.ACOS);
    unary(table, "Atan", 7, UnaryFunction.ATAN);
    unary(table, "Sinh", 9, UnaryFunction.SINH);
    unary(table, "Cosh", 9, UnaryFunction.COSH);
    unary(table, "Tanh", 1, UnaryFunction.TANH);
    unary(table, "Asinh", 9, UnaryFunction.ASINH);
    unary(table, "Acosh", 9, UnaryFunction.ACOSH);
    unary(table, "Atanh", 9, UnaryFunction.ATANH);
    unary(table, "Erf", 9, UnaryFunction.ERF);
    unary(table, "IsNaN", 9, UnaryFunction.IS_NAN);
    unary(table, "Not", 1, UnaryFunction.NOT);
    unary(table, "BitwiseNot", 18, UnaryFunction.BITWISE_NOT);
    table.add(
        "IsInf",
        10,
        1,
        1,
        n ->
            n.same(
                new Unary(
                    UnaryFunction.IS_INF,
                    n.flag("detect_negative", true) ? 1 : 0,
                    n.flag("detect_positive", true) ? 1 : 0)));
  }

  private static void activations(Operators table) {
    unary(table, "Relu", 1, UnaryFunction.RELU);
    unary(table, "Sigmoid", 1, UnaryFunction.SIGMOID);
    unary(table, "Softplus", 1, UnaryFunction.SOFTPLUS);
    unary(table, "Softsign", 1, UnaryFunction.SOFTSIGN);
    unary(table, "Mish", 18, UnaryFunction.MISH);
    table.add("LeakyRelu", 1, 1, 1, n -> alpha(n, UnaryFunction.LEAKY_RELU, 0.01f));
    table.add("Elu", 1, 1, 1, n -> alpha(n, UnaryFunction.ELU, 1));
    table.add("Celu", 12, 1, 1, n -> alpha(n, UnaryFunction.CELU, 1));
    table.add("ThresholdedRelu", 10, 1, 1, n -> alpha(n, UnaryFunction.THRESHOLDED_RELU, 1));
    table.add("Selu", 1, 1, 1, ElementwiseImports::selu);
    table.add("HardSigmoid", 1, 1, 1, ElementwiseImports::hardSigmoid);
    table.add(
        "HardSwish",
        14,
        1,
        1,
        n -> n.same(new Unary(UnaryFunction.HARD_SWISH, (float) (1.0 / 6), 0.5f)));
    table.add("Shrink", 9, 1, 1, ElementwiseImports::shrink);
    table.add("Gelu", 20, 1, 1, ElementwiseImports::gelu);
  }

  private static void pairs(Operators table) {
    binary(table, "Add", 7, BinaryFunction.ADD);
    binary(table, "Sub", 7, BinaryFunction.SUB);
    binary(table, "Mul", 7, BinaryFunction.MUL);
    binary(table, "Div", 7, BinaryFunction.DIV);
    binary(table, "Pow", 7, BinaryFunction.POW);
    binary(table, "PRelu", 7, BinaryFunction.PRELU);
    binary(table, "And", 7, BinaryFunction.AND);
    binary(table, "Or", 7, BinaryFunction.OR);
    binary(table, "Xor", 7, BinaryFunction.XOR);
    binary(table, "BitwiseAnd", 18, BinaryFunction.BITWISE_AND);
    binary(table, "BitwiseOr", 18, BinaryFunction.BITWISE_OR);
    binary(table, "BitwiseXor", 18, BinaryFunction.BITWISE_XOR);
    binary(table, "Equal", 7, BinaryFunction.EQUAL);
    binary(table, "Less", 7, BinaryFunction.LESS);
    binary(table, "LessOrEqual", 12, BinaryFunction.LESS_OR_EQUAL);
    binary(table, "Greater", 7, BinaryFunction.GREATER);
    binary(table, "GreaterOrEqual", 12, BinaryFunction.GREATER_OR_EQUAL);
    table.add(
        "Mod",
        10,
        2,
        2,
        n -> n.same(new Binary(n.flag("fmod", false) ? BinaryFunction.FMOD : BinaryFunction.MOD)));
    table.add("BitShift", 11, 2, 2, ElementwiseImports::bitShift);
  }

  private static void unary(Operators table, String name, int since, UnaryFunction function) {
    table.add(name, since, 1, 1, n -> n.same(new Unary(function)));
  }

  private static void binary(Operators table, String name, int since, BinaryFunction function) {
    table.add(name, since, 2, 2, n -> n.same(new Binary(function)));
  }

  private static void alpha(NodeScope node, UnaryFunction function, float otherwise) {
    node.same(new Unary(function, node.real("alpha", otherwise), 0));
  }

  private static void selu(NodeScope node) {
    boolean isRounded = node.opset() < 6;
    float alpha = node.real("alpha", isRounded ? 1.6732f : 1.6732632f);
    float gamma = node.real("gamma", isRounded ? 1.0507f : 1.050701f);
    node.same(new Unary(UnaryFunction.SELU, alpha, gamma));
  }

  private static void hardSigmoid(NodeScope node) {
    float alpha = node.real("alpha", 0.2f);
    float beta = node.real("beta", 0.5f);
    node.same(new Unary(UnaryFunction.HARD_SIGMOID, alpha, beta));
  }

  private static void shrink(NodeScope node) {
    float lambda = node.real("lambd", 0.5f);
    float bias = node.real("bias", 0);
    node.same(new Unary(UnaryFunction.SHRINK, lambda, bias));
  }

  private static void gelu(NodeScope node) {
    String approximate = node.text("approximate", "none");
    switch (approximate) {
      case "none" -> node.same(new Unary(UnaryFunction.GELU));
      case "tanh" -> node.same(new Unary(UnaryFunction.GELU_TANH));
      default -> throw node.invalid("attribute 'approximate' is '" + approximate + "'");
    }
  }

  private static void bitShift(NodeScope node) {
    String direction = node.text("direction", "");
    switch (direction) {
      case "LEFT" -> node.same(new Binary(BinaryFunction.SHIFT_LEFT));
      case "RIGHT" -> node.same(new Binary(BinaryFunction.SHIFT_RIGHT));
      default -> throw node.invalid("attribute 'direction' is '" + direction + "'");
    }
  }

  private static void cast(NodeScope node) {
    boolean saturate = node.flag("saturate", true);
    if (!node.hasAttribute("to")) {
      throw node.invalid("attribute 'to' is missing");
    }
    DType to = node.elementType("to");
    if (to != null) {
      node.same(new Op.Cast(to, saturate));
    }
  }

  private static void castLike(NodeScope node) {
    boolean saturate = node.flag("saturate", true);
    DType to = node.dtype(node.input(1));
    if (to == null) {
      node.unsupported("the type of '" + node.input(1) + "' is not known");
    } else {
      node.result(new Op.Cast(to, saturate), node.input(0));
    }
  }

  private static void dropout(NodeScope node) {
    Boolean training = node.has(2) ? node.truth(node.input(2)) : (Boolean) false;
    Tensor ratio = node.known(node.input(1));
    if ((training != null && !training) || (ratio != null && isZero(ratio))) {
      node.ignore("ratio", "seed");
      keepEverything(node);
    } else {
      RandomImports.dropout(node, training == null);
    }
  }

  private static boolean isZero(Tensor tensor) {
    return tensor.dtype() != DType.STRING
        && tensor.shape().elements() == 1
        && tensor.getDouble(0) == 0;
  }

  /// Makes the outputs of a dropout that drops nothing.
  ///
  /// @param node the node
  static void keepEverything(NodeScope node) {
    node.result(new Op.Identity(), node.input(0));
    if (node.wants(1)) {
      String shape = node.make(new Op.ShapeOf(0, null), node.input(0));
      node.result(1, new Op.ConstantOfShape(Tensor.of(new boolean[] {true}, 1)), shape);
    }
  }

  /// Limits are attributes before operator set 11 and inputs since; known limits of a
  /// floating-point tensor become the function's parameters.
  private static void clip(NodeScope node) {
    if (node.opset() < 11) {
      float low = node.real("min", -Float.MAX_VALUE);
      float high = node.real("max", Float.MAX_VALUE);
      node.result(new Unary(UnaryFunction.CLIP, low, high), node.input(0));
      return;
    }
    Tensor low = node.known(node.input(1));
    Tensor high = node.known(node.input(2));
    boolean parameters =
        (low != null || high != null)
            && (low != null || !node.has(1))
            && (high != null || !node.has(2))
            && isParameter(low)
            && isParameter(high);
    if (parameters) {
      node.result(
          new Unary(
              UnaryFunction.CLIP,
              low == null ? Float.NEGATIVE_INFINITY : (float) low.getDouble(0),
              high == null ? Float.POSITIVE_INFINITY : (float) high.getDouble(0)),
          node.input(0));
    } else if (node.has(1) && node.has(2)) {
      String raised = node.make(new Binary(BinaryFunction.MAX), node.input(0), node.input(1));
      node.result(new Binary(BinaryFunction.MIN), raised, node.input(2));
    } else if (node.has(1)) {
      node.result(new Binary(BinaryFunction.MAX), node.input(0), node.input(1));
    } else if (node.has(2)) {
      node.result(new Binary(BinaryFunction.MIN), node.input(0), node.input(2));
    } else {
      node.result(new Op.Identity(), node.input(0));
    }
  }

  private static boolean isParameter(@Nullable Tensor limit) {
    return limit == null
        || (limit.shape().elements() == 1
            && switch (limit.dtype()) {
              case F32, F16, BF16 -> true;
              case F64, I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL, STRING -> false;
            });
  }

  private static void chain(NodeScope node, BinaryFunction function) {
    int last = node.inputs() - 1;
    for (int i = 0; i <= last; i++) {
      if (!node.has(i)) {
        throw node.invalid("input " + i + " is missing");
      }
    }
    if (last == 0) {
      node.result(new Op.Identity(), node.input(0));
    } else {
      node.result(new Binary(function), partial(node, function, last), node.input(last));
    }
  }

  private static String partial(NodeScope node, BinaryFunction function, int count) {
    String value = node.input(0);
    for (int i = 1; i < count; i++) {
      value = node.make(new Binary(function), value, node.input(i));
    }
    return value;
  }

  private static void mean(NodeScope node) {
    int count = node.inputs();
    for (int i = 0; i < count; i++) {
      if (!node.has(i)) {
        throw node.invalid("input " + i + " is missing");
      }
    }
    String sum = partial(node, BinaryFunction.ADD, count);
    node.result(new Binary(BinaryFunction.DIV), sum, node.scalar(count, node.input(0)));
  }
}
