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

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Where" -> Operator.of(9, 3, 3, n -> n.same(new Op.Where()));
      case "Identity" -> Operator.of(1, 1, 1, n -> n.same(new Op.Identity()));
      case "Cast" -> Operator.of(6, 1, 1, ElementwiseImports::cast);
      case "CastLike" -> Operator.of(15, 2, 2, ElementwiseImports::castLike);
      case "Dropout" -> Operator.of(7, 1, 3, 2, ElementwiseImports::dropout);
      case "Clip" -> Operator.of(1, 1, 3, ElementwiseImports::clip);
      case "Sum" -> Operator.of(1, 1, Operator.MANY, n -> chain(n, BinaryFunction.ADD));
      case "Max" -> Operator.of(1, 1, Operator.MANY, n -> chain(n, BinaryFunction.MAX));
      case "Min" -> Operator.of(1, 1, Operator.MANY, n -> chain(n, BinaryFunction.MIN));
      case "Mean" -> Operator.of(1, 1, Operator.MANY, ElementwiseImports::mean);
      default -> function(name);
    };
  }

  private static @Nullable Operator function(String name) {
    return switch (name) {
      case "Abs" -> unary(1, UnaryFunction.ABS);
      case "Neg" -> unary(1, UnaryFunction.NEG);
      case "Sign" -> unary(9, UnaryFunction.SIGN);
      case "Ceil" -> unary(1, UnaryFunction.CEIL);
      case "Floor" -> unary(1, UnaryFunction.FLOOR);
      case "Round" -> unary(11, UnaryFunction.ROUND);
      case "Sqrt" -> unary(1, UnaryFunction.SQRT);
      case "Reciprocal" -> unary(1, UnaryFunction.RECIPROCAL);
      case "Exp" -> unary(1, UnaryFunction.EXP);
      case "Log" -> unary(1, UnaryFunction.LOG);
      case "Sin" -> unary(7, UnaryFunction.SIN);
      case "Cos" -> unary(7, UnaryFunction.COS);
      case "Tan" -> unary(7, UnaryFunction.TAN);
      case "Asin" -> unary(7, UnaryFunction.ASIN);
      case "Acos" -> unary(7, UnaryFunction.ACOS);
      case "Atan" -> unary(7, UnaryFunction.ATAN);
      case "Sinh" -> unary(9, UnaryFunction.SINH);
      case "Cosh" -> unary(9, UnaryFunction.COSH);
      case "Tanh" -> unary(1, UnaryFunction.TANH);
      case "Asinh" -> unary(9, UnaryFunction.ASINH);
      case "Acosh" -> unary(9, UnaryFunction.ACOSH);
      case "Atanh" -> unary(9, UnaryFunction.ATANH);
      case "Erf" -> unary(9, UnaryFunction.ERF);
      case "IsNaN" -> unary(9, UnaryFunction.IS_NAN);
      case "Not" -> unary(1, UnaryFunction.NOT);
      case "BitwiseNot" -> unary(18, UnaryFunction.BITWISE_NOT);
      case "IsInf" ->
          Operator.of(
              10,
              1,
              1,
              n ->
                  n.same(
                      new Unary(
                          UnaryFunction.IS_INF,
                          n.flag("detect_negative", true) ? 1 : 0,
                          n.flag("detect_positive", true) ? 1 : 0)));
      default -> activation(name);
    };
  }

  private static @Nullable Operator activation(String name) {
    return switch (name) {
      case "Relu" -> unary(1, UnaryFunction.RELU);
      case "Sigmoid" -> unary(1, UnaryFunction.SIGMOID);
      case "Softplus" -> unary(1, UnaryFunction.SOFTPLUS);
      case "Softsign" -> unary(1, UnaryFunction.SOFTSIGN);
      case "Mish" -> unary(18, UnaryFunction.MISH);
      case "LeakyRelu" -> Operator.of(1, 1, 1, n -> alpha(n, UnaryFunction.LEAKY_RELU, 0.01f));
      case "Elu" -> Operator.of(1, 1, 1, n -> alpha(n, UnaryFunction.ELU, 1));
      case "Celu" -> Operator.of(12, 1, 1, n -> alpha(n, UnaryFunction.CELU, 1));
      case "ThresholdedRelu" ->
          Operator.of(10, 1, 1, n -> alpha(n, UnaryFunction.THRESHOLDED_RELU, 1));
      case "Selu" -> Operator.of(1, 1, 1, ElementwiseImports::selu);
      case "HardSigmoid" -> Operator.of(1, 1, 1, ElementwiseImports::hardSigmoid);
      case "HardSwish" ->
          Operator.of(
              14, 1, 1, n -> n.same(new Unary(UnaryFunction.HARD_SWISH, (float) (1.0 / 6), 0.5f)));
      case "Shrink" -> Operator.of(9, 1, 1, ElementwiseImports::shrink);
      case "Gelu" -> Operator.of(20, 1, 1, ElementwiseImports::gelu);
      default -> pair(name);
    };
  }

  private static @Nullable Operator pair(String name) {
    return switch (name) {
      case "Add" -> binary(7, BinaryFunction.ADD);
      case "Sub" -> binary(7, BinaryFunction.SUB);
      case "Mul" -> binary(7, BinaryFunction.MUL);
      case "Div" -> binary(7, BinaryFunction.DIV);
      case "Pow" -> binary(7, BinaryFunction.POW);
      case "PRelu" -> binary(7, BinaryFunction.PRELU);
      case "And" -> binary(7, BinaryFunction.AND);
      case "Or" -> binary(7, BinaryFunction.OR);
      case "Xor" -> binary(7, BinaryFunction.XOR);
      case "BitwiseAnd" -> binary(18, BinaryFunction.BITWISE_AND);
      case "BitwiseOr" -> binary(18, BinaryFunction.BITWISE_OR);
      case "BitwiseXor" -> binary(18, BinaryFunction.BITWISE_XOR);
      case "Equal" -> binary(7, BinaryFunction.EQUAL);
      case "Less" -> binary(7, BinaryFunction.LESS);
      case "LessOrEqual" -> binary(12, BinaryFunction.LESS_OR_EQUAL);
      case "Greater" -> binary(7, BinaryFunction.GREATER);
      case "GreaterOrEqual" -> binary(12, BinaryFunction.GREATER_OR_EQUAL);
      case "Mod" ->
          Operator.of(
              10,
              2,
              2,
              n ->
                  n.same(
                      new Binary(
                          n.flag("fmod", false) ? BinaryFunction.FMOD : BinaryFunction.MOD)));
      case "BitShift" -> Operator.of(11, 2, 2, ElementwiseImports::bitShift);
      default -> null;
    };
  }

  private static Operator unary(int since, UnaryFunction function) {
    return Operator.of(since, 1, 1, n -> n.same(new Unary(function)));
  }

  private static Operator binary(int since, BinaryFunction function) {
    return Operator.of(since, 2, 2, n -> n.same(new Binary(function)));
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
