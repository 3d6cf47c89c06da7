package dev.jiffy.engine.function;

/// An elementwise function of one number, with up to two parameters `alpha` and `beta`.
///
/// [#apply] is the definition in `double`; kernels for other types must agree with it after
/// rounding.
public enum UnaryFunction {
  /// `|x|`
  ABS,
  /// `-x`
  NEG,
  /// -1, 0 or 1
  SIGN,
  /// Rounds up.
  CEIL,
  /// Rounds down.
  FLOOR,
  /// Rounds to the nearest integer, ties to even.
  ROUND,
  /// `√x`
  SQRT,
  /// `1 / x`
  RECIPROCAL,
  /// `e^x`
  EXP,
  /// The natural logarithm.
  LOG,
  /// The sine.
  SIN,
  /// The cosine.
  COS,
  /// The tangent.
  TAN,
  /// The inverse sine.
  ASIN,
  /// The inverse cosine.
  ACOS,
  /// The inverse tangent.
  ATAN,
  /// The hyperbolic sine.
  SINH,
  /// The hyperbolic cosine.
  COSH,
  /// The hyperbolic tangent.
  TANH,
  /// The inverse hyperbolic sine.
  ASINH,
  /// The inverse hyperbolic cosine.
  ACOSH,
  /// The inverse hyperbolic tangent.
  ATANH,
  /// The error function.
  ERF,
  /// `max(x, 0)`
  RELU,
  /// `1 / (1 + e^-x)`
  SIGMOID,
  /// `ln(1 + e^x)`
  SOFTPLUS,
  /// `x / (1 + |x|)`
  SOFTSIGN,
  /// `x` limited to `[alpha, beta]`
  CLIP,
  /// `x < 0 ? alpha · x : x`
  LEAKY_RELU,
  /// `x < 0 ? alpha · (e^x - 1) : x`
  ELU,
  /// `beta · (x > 0 ? x : alpha · (e^x - 1))`
  SELU,
  /// `max(0, x) + min(0, alpha · (e^(x / alpha) - 1))`
  CELU,
  /// `max(0, min(1, alpha · x + beta))`
  HARD_SIGMOID,
  /// `x · max(0, min(1, alpha · x + beta))`; HardSwish has alpha 1/6 and beta 1/2
  HARD_SWISH,
  /// `x > alpha ? x : 0`
  THRESHOLDED_RELU,
  /// `x < -alpha ? x + beta : x > alpha ? x - beta : 0`
  SHRINK,
  /// `x / 2 · (1 + erf(x / √2))`
  GELU,
  /// `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`
  GELU_TANH,
  /// `x · sigmoid(alpha · x)`; SiLU has alpha 1
  SILU,
  /// `x · tanh(softplus(x))`
  MISH,
  /// Whether `x` is not a number.
  IS_NAN,
  /// Whether `x` is infinite: +∞ counts where beta ≠ 0, -∞ where alpha ≠ 0.
  IS_INF,
  /// Logical negation.
  NOT,
  /// The complement of every bit.
  BITWISE_NOT;

  /// Beyond, adding one to a square changes nothing, and soon the square is infinite.
  private static final double HUGE = 1e150;

  private static final double LN_2 = Math.log(2);

  /// {@return whether the result is a truth value}
  public boolean isPredicate() {
    return this == IS_NAN || this == IS_INF || this == NOT;
  }

  /// {@return the function's value}
  ///
  /// @param x the argument
  /// @param alpha the first parameter, ignored where the definition names none
  /// @param beta the second parameter, ignored where the definition names none
  public double apply(double x, double alpha, double beta) {
    return switch (this) {
      case ABS -> Math.abs(x);
      case NEG -> -x;
      case SIGN -> Math.signum(x);
      case CEIL -> Math.ceil(x);
      case FLOOR -> Math.floor(x);
      case ROUND -> Math.rint(x);
      case SQRT -> Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case TAN -> Math.tan(x);
      case ASIN -> Math.asin(x);
      case ACOS -> Math.acos(x);
      case ATAN -> Math.atan(x);
      case SINH -> Math.sinh(x);
      case COSH -> Math.cosh(x);
      case TANH -> Math.tanh(x);
      case ASINH -> Math.copySign(asinh(Math.abs(x)), x);
      case ACOSH -> x < 1 ? Double.NaN : acosh(x);
      case ATANH -> Math.copySign(0.5 * Math.log1p(2 * Math.abs(x) / (1 - Math.abs(x))), x);
      case ERF -> ErrorFunction.erf(x);
      case RELU -> x < 0 ? 0 : x;
      case SIGMOID -> sigmoid(x);
      case SOFTPLUS -> softplus(x);
      case SOFTSIGN -> x / (1 + Math.abs(x));
      case CLIP -> Double.isNaN(x) ? x : Math.min(Math.max(x, alpha), beta);
      case LEAKY_RELU -> x < 0 ? alpha * x : x;
      case ELU -> x < 0 ? alpha * Math.expm1(x) : x;
      case SELU -> beta * (x > 0 ? x : alpha * Math.expm1(x));
      case CELU -> Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
      case HARD_SIGMOID -> Math.max(0, Math.min(1, alpha * x + beta));
      case HARD_SWISH -> x * Math.max(0, Math.min(1, alpha * x + beta));
      case THRESHOLDED_RELU -> x > alpha ? x : 0;
      case SHRINK -> x < -alpha ? x + beta : x > alpha ? x - beta : 0;
      case GELU -> 0.5 * x * (1 + ErrorFunction.erf(x * Math.sqrt(0.5)));
      case GELU_TANH ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case SILU -> x * sigmoid(alpha * x);
      case MISH -> x * Math.tanh(softplus(x));
      case IS_NAN -> Double.isNaN(x) ? 1 : 0;
      case IS_INF ->
          (x == Double.POSITIVE_INFINITY && beta != 0)
                  || (x == Double.NEGATIVE_INFINITY && alpha != 0)
              ? 1
              : 0;
      case NOT -> x == 0 ? 1 : 0;
      case BITWISE_NOT -> ~(long) x;
    };
  }

  private static double asinh(double x) {
    return x > HUGE ? Math.log(x) + LN_2 : Math.log1p(x + x * x / (1 + Math.sqrt(x * x + 1)));
  }

  private static double acosh(double x) {
    return x > HUGE ? Math.log(x) + LN_2 : Math.log1p(x - 1 + Math.sqrt((x - 1) * (x + 1)));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double softplus(double x) {
    return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
  }
}
