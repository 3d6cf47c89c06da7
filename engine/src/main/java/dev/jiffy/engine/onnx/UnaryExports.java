package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;

/// For each elementwise function of one number the ONNX nodes that compute it.
final class UnaryExports {
  private static final float SIXTH = (float) (1.0 / 6);

  private UnaryExports() {}

  /// Writes a function.
  ///
  /// @param node the node that applies it, alone or after something else
  /// @param op the function
  /// @param x the value it is applied to
  /// @param y the value it makes
  static void export(ExportScope node, Unary op, String x, String y) {
    String operator = plain(op.function());
    if (!operator.isEmpty()) {
      node.to(y, operator, set(), x);
      return;
    }
    switch (op.function()) {
      case LEAKY_RELU -> node.to(y, "LeakyRelu", alpha(op), x);
      case ELU -> node.to(y, "Elu", alpha(op), x);
      case CELU -> node.to(y, "Celu", alpha(op), x);
      case THRESHOLDED_RELU -> node.to(y, "ThresholdedRelu", alpha(op), x);
      case SELU -> node.to(y, "Selu", alpha(op).real("gamma", op.beta()), x);
      case HARD_SIGMOID -> node.to(y, "HardSigmoid", alpha(op).real("beta", op.beta()), x);
      case SHRINK ->
          node.to(y, "Shrink", set().real("lambd", op.alpha()).real("bias", op.beta()), x);
      case IS_INF ->
          node.to(
              y,
              "IsInf",
              set()
                  .flag("detect_negative", op.alpha() != 0)
                  .flag("detect_positive", op.beta() != 0),
              x);
      case BITWISE_NOT -> {
        node.needs(18, "BitwiseNot");
        node.to(y, "BitwiseNot", set(), x);
      }
      case CLIP -> clip(node, op, x, y);
      case HARD_SWISH -> hardSwish(node, op, x, y);
      case SILU -> silu(node, op, x, y);
      case MISH -> mish(node, x, y);
      case GELU, GELU_TANH -> gelu(node, op.function(), x, y);
      default -> throw new IllegalStateException("no ONNX form of " + op.function());
    }
  }

  /// The operator of a function without parameters that every operator set has, or "".
  private static String plain(UnaryFunction function) {
    return switch (function) {
      case ABS -> "Abs";
      case NEG -> "Neg";
      case SIGN -> "Sign";
      case CEIL -> "Ceil";
      case FLOOR -> "Floor";
      case ROUND -> "Round";
      case SQRT -> "Sqrt";
      case RECIPROCAL -> "Reciprocal";
      case EXP -> "Exp";
      case LOG -> "Log";
      case SIN -> "Sin";
      case COS -> "Cos";
      case TAN -> "Tan";
      case ASIN -> "Asin";
      case ACOS -> "Acos";
      case ATAN -> "Atan";
      case SINH -> "Sinh";
      case COSH -> "Cosh";
      case TANH -> "Tanh";
      case ASINH -> "Asinh";
      case ACOSH -> "Acosh";
      case ATANH -> "Atanh";
      case ERF -> "Erf";
      case RELU -> "Relu";
      case SIGMOID -> "Sigmoid";
      case SOFTPLUS -> "Softplus";
      case SOFTSIGN -> "Softsign";
      case IS_NAN -> "IsNaN";
      case NOT -> "Not";
      case CLIP, LEAKY_RELU, ELU, SELU, CELU, HARD_SIGMOID, HARD_SWISH, THRESHOLDED_RELU -> "";
      case SHRINK, GELU, GELU_TANH, SILU, MISH, IS_INF, BITWISE_NOT -> "";
    };
  }

  private static AttributeSet set() {
    return new AttributeSet();
  }

  private static AttributeSet alpha(Unary op) {
    return set().real("alpha", op.alpha());
  }

  /// The element type of a function's argument, which is that of the node's result.
  private static DType dtype(ExportScope node) {
    return node.dtype(node.output());
  }

  private static void clip(ExportScope node, Unary op, String x, String y) {
    DType dtype = dtype(node);
    boolean low = op.alpha() != Float.NEGATIVE_INFINITY;
    boolean high = op.beta() != Float.POSITIVE_INFINITY;
    node.to(
        y,
        "Clip",
        set(),
        x,
        low ? node.scalar(op.alpha(), dtype) : "",
        high ? node.scalar(op.beta(), dtype) : "");
  }

  private static void hardSwish(ExportScope node, Unary op, String x, String y) {
    if (op.alpha() == SIXTH && op.beta() == 0.5f) {
      node.to(y, "HardSwish", set(), x);
    } else {
      String gate = node.make("HardSigmoid", alpha(op).real("beta", op.beta()), x);
      node.to(y, "Mul", set(), x, gate);
    }
  }

  private static void silu(ExportScope node, Unary op, String x, String y) {
    String scaled = op.alpha() == 1 ? x : node.make("Mul", x, node.scalar(op.alpha(), dtype(node)));
    node.to(y, "Mul", set(), x, node.make("Sigmoid", scaled));
  }

  private static void mish(ExportScope node, String x, String y) {
    if (node.opset() >= 18) {
      node.to(y, "Mish", set(), x);
    } else {
      node.to(y, "Mul", set(), x, node.make("Tanh", node.make("Softplus", x)));
    }
  }

  private static void gelu(ExportScope node, UnaryFunction function, String x, String y) {
    boolean tanh = function == UnaryFunction.GELU_TANH;
    if (node.opset() >= 20) {
      node.to(y, "Gelu", tanh ? set().text("approximate", "tanh") : set(), x);
      return;
    }
    DType dtype = dtype(node);
    String inner;
    if (tanh) {
      String cube = node.make("Mul", node.make("Mul", x, x), x);
      String small = node.make("Mul", cube, node.scalar(0.044715, dtype));
      String sum = node.make("Add", x, small);
      inner = node.make("Tanh", node.make("Mul", sum, node.scalar(Math.sqrt(2 / Math.PI), dtype)));
    } else {
      inner = node.make("Erf", node.make("Mul", x, node.scalar(Math.sqrt(0.5), dtype)));
    }
    String gate = node.make("Add", inner, node.scalar(1, dtype));
    String half = node.make("Mul", x, node.scalar(0.5, dtype));
    node.to(y, "Mul", set(), half, gate);
  }
}
