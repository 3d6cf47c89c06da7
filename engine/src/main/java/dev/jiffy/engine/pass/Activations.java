package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Pattern.add;
import static dev.jiffy.engine.pass.Pattern.any;
import static dev.jiffy.engine.pass.Pattern.binary;
import static dev.jiffy.engine.pass.Pattern.captured;
import static dev.jiffy.engine.pass.Pattern.inverse;
import static dev.jiffy.engine.pass.Pattern.number;
import static dev.jiffy.engine.pass.Pattern.op;
import static dev.jiffy.engine.pass.Pattern.product;
import static dev.jiffy.engine.pass.Pattern.reduce;
import static dev.jiffy.engine.pass.Pattern.sub;
import static dev.jiffy.engine.pass.Pattern.unary;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Activation functions written out as formulas become one function.
final class Activations {
  private static final Pattern X = any("x");

  /// `1 / (1 + e^-x)`
  private static final Fusion SIGMOID =
      function(
          UnaryFunction.SIGMOID,
          product(inverse(add(unary(UnaryFunction.EXP, unary(UnaryFunction.NEG, X)), number(1)))),
          product(inverse(add(unary(UnaryFunction.EXP, product(X, number(-1))), number(1)))));

  /// `ln(1 + e^x)`
  private static final Fusion SOFTPLUS =
      function(
          UnaryFunction.SOFTPLUS,
          unary(UnaryFunction.LOG, add(unary(UnaryFunction.EXP, X), number(1))));

  /// `x / 2 · (1 + erf(x / √2))`
  private static final Fusion GELU =
      function(
          UnaryFunction.GELU,
          product(
              X,
              add(unary(UnaryFunction.ERF, product(X, number(Math.sqrt(0.5)))), number(1)),
              number(0.5)),
          product(
              X,
              add(
                  product(
                      unary(UnaryFunction.ERF, product(X, number(Math.sqrt(0.5)))), number(0.5)),
                  number(0.5))));

  /// `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`
  private static final Fusion GELU_TANH =
      function(
          UnaryFunction.GELU_TANH,
          product(
              X,
              add(
                  unary(
                      UnaryFunction.TANH,
                      product(
                          number(Math.sqrt(2 / Math.PI)),
                          add(X, product(number(0.044715), X, X, X)))),
                  number(1)),
              number(0.5)),
          product(
              X,
              add(
                  unary(
                      UnaryFunction.TANH,
                      product(
                          number(Math.sqrt(2 / Math.PI)),
                          X,
                          add(number(1), product(number(0.044715), X, X)))),
                  number(1)),
              number(0.5)));

  /// `x · sigmoid(a · x)`
  private static final Fusion SILU =
      new Fusion(
          product(X, unary(UnaryFunction.SIGMOID, product(captured("a"), X))),
          (draft, match) -> withParameters(draft, match, UnaryFunction.SILU, match.number("a"), 0));

  /// `x · tanh(softplus(x))`
  private static final Fusion MISH =
      function(
          UnaryFunction.MISH,
          product(X, unary(UnaryFunction.TANH, unary(UnaryFunction.SOFTPLUS, X))));

  /// `x · clip(x + 3, 0, 6) / 6`
  private static final Fusion HARD_SWISH =
      function(
          UnaryFunction.HARD_SWISH,
          1 / 6.0,
          0.5,
          product(X, unary(UnaryFunction.CLIP, 0, 6, add(X, number(3))), inverseOf(6)));

  /// `clip(x + 3, 0, 6) / 6`
  private static final Fusion HARD_SIGMOID =
      function(
          UnaryFunction.HARD_SIGMOID,
          1 / 6.0,
          0.5,
          product(unary(UnaryFunction.CLIP, 0, 6, add(X, number(3))), inverseOf(6)));

  /// `x · hardSigmoid(x)`
  private static final Fusion HARD_SWISH_OF_SIGMOID =
      new Fusion(
          product(X, op("gate", UnaryFunction.HARD_SIGMOID, null, X)),
          (draft, match) ->
              match.node("gate").op() instanceof Op.Unary gate
                  ? draft.add(
                      match.root(),
                      new Op.Unary(UnaryFunction.HARD_SWISH, gate.alpha(), gate.beta()),
                      match.value("x"))
                  : null);

  /// `x < 0 ? a · x : x`
  private static final Fusion LEAKY_RELU =
      new Fusion(
          List.of(
              binary(BinaryFunction.PRELU, X, captured("a")),
              binary(BinaryFunction.MAX, X, product(X, captured("a")))),
          (draft, match) -> {
            boolean isMaximum =
                match.root().op() instanceof Op.Binary(BinaryFunction function)
                    && function == BinaryFunction.MAX;
            double slope = match.number("a");
            boolean isReal = draft.fact(match.root().output()).dtype().isFloat();
            return !isReal || (isMaximum && (slope < 0 || slope > 1))
                ? null
                : withParameters(draft, match, UnaryFunction.LEAKY_RELU, slope, 0);
          });

  /// `e^x / Σ e^x`, with or without the maximum subtracted first
  private static final Fusion SOFTMAX = softmax();

  static final List<Fusion> FORMULAS =
      List.of(
          SIGMOID,
          SOFTPLUS,
          GELU,
          GELU_TANH,
          SILU,
          MISH,
          HARD_SWISH,
          HARD_SIGMOID,
          HARD_SWISH_OF_SIGMOID,
          LEAKY_RELU,
          SOFTMAX);

  private Activations() {}

  private static Pattern inverseOf(double value) {
    return number(1 / value);
  }

  private static Fusion function(UnaryFunction function, Pattern... formulas) {
    return function(function, 0, 0, formulas);
  }

  private static Fusion function(
      UnaryFunction function, double alpha, double beta, Pattern... formulas) {
    return new Fusion(
        List.of(formulas), (draft, match) -> withParameters(draft, match, function, alpha, beta));
  }

  private static @Nullable String withParameters(
      Draft draft, Match match, UnaryFunction function, double alpha, double beta) {
    return Fusion.isParameter(draft, match.root().output(), alpha)
            && Fusion.isParameter(draft, match.root().output(), beta)
        ? draft.add(
            match.root(), new Op.Unary(function, (float) alpha, (float) beta), match.value("x"))
        : null;
  }

  private static Fusion softmax() {
    Pattern shifted = unary(UnaryFunction.EXP, sub(X, reduce(ReduceFunction.MAX, "axes", X)));
    Pattern plain = unary(UnaryFunction.EXP, X);
    return new Fusion(
        List.of(
            product(shifted, inverse(reduce(ReduceFunction.SUM, "axes", shifted))),
            product(plain, inverse(reduce(ReduceFunction.SUM, "axes", plain)))),
        (draft, match) -> {
          long[] axes = draft.integers(match.value("axes"));
          return axes != null && axes.length == 1
              ? draft.add(match.root(), new Op.Softmax(axes[0], false), match.value("x"))
              : null;
        });
  }
}
