package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.MathCode.ROUND_TO_NEAREST;
import static dev.jiffy.engine.kernel.x86.MathCode.SIGN;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Generates elementwise functions over registers.
final class FunctionCode {
  private static final int ROUND_DOWN = 9;
  private static final int ROUND_UP = 10;

  /// Free registers beyond these are of no use.
  static final int MOST_TEMPORARIES = PowerCode.TEMPORARIES + 1;

  private final Assembler code;
  private final MathCode math;
  private final Vector[] free;
  private final Vector t0;
  private final Vector t1;
  private final Vector t2;

  /// Holds a number that is an argument.
  private final Vector last;

  /// Generates into some code.
  ///
  /// @param code where to
  /// @param free registers that may change, at least [MathCode#TEMPORARIES], and at least as many
  ///   as a function [needs][#temporaries]; the first mask registers do not change
  FunctionCode(Assembler code, Vector... free) {
    this.code = code;
    this.free = free;
    math = new MathCode(code, free);
    t0 = free[0];
    t1 = free[1];
    t2 = free[2];
    last = free[free.length - 1];
  }

  /// {@return how many registers must be free}
  static int temporaries(BinaryFunction function) {
    return function == BinaryFunction.POW ? MOST_TEMPORARIES : MathCode.TEMPORARIES;
  }

  /// {@return whether there is code for an activation, or none is needed}
  static boolean suits(@Nullable Activation activation) {
    return activation == null || suits(activation.function());
  }

  /// {@return whether there is code for a function}
  static boolean suits(UnaryFunction function) {
    return switch (function) {
      case ABS, NEG, SIGN, CEIL, FLOOR, ROUND, SQRT, RECIPROCAL, EXP, LOG -> true;
      case SIN, COS, TAN, ATAN, TANH, ERF -> true;
      case RELU, SIGMOID, SOFTPLUS, SOFTSIGN, CLIP, LEAKY_RELU, ELU, SELU -> true;
      case HARD_SIGMOID, HARD_SWISH, THRESHOLDED_RELU, SHRINK, GELU, GELU_TANH, SILU, MISH -> true;
      case IS_NAN, IS_INF, NOT -> true;
      case ASIN, ACOS, SINH, COSH, ASINH, ACOSH, ATANH -> false;
      case CELU, BITWISE_NOT -> false;
    };
  }

  /// {@return whether there is code for a function}
  static boolean suits(BinaryFunction function) {
    return switch (function) {
      case ADD, SUB, MUL, DIV, POW, MIN, MAX, PRELU, AND, OR, XOR -> true;
      case EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> true;
      case MOD, FMOD -> false;
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT -> false;
    };
  }

  /// Applies an activation, where there is one, to the first registers.
  ///
  /// @param code where to
  /// @param activation one that [#suits], or null
  /// @param values how many registers; those above them up to `until` are free, at least
  ///   [MathCode#TEMPORARIES]
  /// @param vectorBytes their width
  /// @param until the first number that may not be used
  static void apply(
      Assembler code, @Nullable Activation activation, int values, int vectorBytes, int until) {
    if (activation == null) {
      return;
    }
    Vector[] free = new Vector[until - values];
    for (int i = 0; i < free.length; i++) {
      free[i] = new Vector(values + i, vectorBytes);
    }
    if (activation.function() == UnaryFunction.GELU && vectorBytes == 64) {
      GeluCode gelu = new GeluCode(code, free);
      gelu.prepare();
      for (int i = 0; i < values; i++) {
        gelu.apply(new Vector(i, vectorBytes));
      }
      return;
    }
    int most = Math.min(MOST_TEMPORARIES, free.length);
    FunctionCode functions = new FunctionCode(code, Arrays.copyOf(free, most));
    for (int i = 0; i < values; i++) {
      Vector value = new Vector(i, vectorBytes);
      functions.unary(activation.function(), activation.alpha(), activation.beta(), value);
    }
  }

  /// `x = function(x)`
  ///
  /// @param function a function that [#suits]
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param x the register
  void unary(UnaryFunction function, float alpha, float beta, Vector x) {
    switch (function) {
      case ABS -> math.bits(VectorOp.ANDPS, x, x, ~SIGN);
      case NEG -> math.bits(VectorOp.XORPS, x, x, SIGN);
      case SIGN -> sign(x);
      case CEIL -> code.op(VectorOp.ROUNDPS, x, x, ROUND_UP);
      case FLOOR -> code.op(VectorOp.ROUNDPS, x, x, ROUND_DOWN);
      case ROUND -> code.op(VectorOp.ROUNDPS, x, x, ROUND_TO_NEAREST);
      case SQRT -> code.op(VectorOp.SQRTPS, x, x);
      case RECIPROCAL -> math.invert(x);
      case EXP -> math.exp(x);
      case LOG -> math.log(x);
      case SIN -> angles().sine(x);
      case COS -> angles().cosine(x);
      case TAN -> angles().tangent(x);
      case TANH -> math.tanh(x);
      case ERF -> math.erf(x);
      case ATAN -> math.atan(x);
      case RELU -> math.atLeast(x, 0);
      case SIGMOID -> {
        math.bits(VectorOp.XORPS, x, x, SIGN);
        math.exp(x);
        math.op(VectorOp.ADDPS, x, x, 1);
        math.invert(x);
      }
      case SOFTPLUS -> softplus(x);
      case SOFTSIGN -> {
        math.bits(VectorOp.ANDPS, t0, x, ~SIGN);
        math.op(VectorOp.ADDPS, t0, t0, 1);
        code.op(VectorOp.DIVPS, x, x, t0);
      }
      case CLIP -> {
        math.atLeast(x, alpha);
        math.atMost(x, beta);
      }
      case LEAKY_RELU -> {
        math.op(VectorOp.MULPS, t1, x, alpha);
        math.select(x, x, Predicate.LESS, math.number(0), t1, x);
      }
      case ELU -> math.elu(x, alpha);
      case SELU -> {
        math.elu(x, alpha);
        math.op(VectorOp.MULPS, x, x, beta);
      }
      case HARD_SIGMOID -> hardSigmoid(x, alpha, beta);
      case HARD_SWISH -> {
        Operand kept = math.keep(x);
        hardSigmoid(x, alpha, beta);
        code.op(VectorOp.MULPS, x, x, kept);
      }
      case THRESHOLDED_RELU -> math.zeroUnless(x, x, Predicate.GREATER, math.number(alpha));
      case SHRINK -> {
        math.op(VectorOp.SUBPS, t1, x, beta);
        math.zeroUnless(t1, x, Predicate.GREATER, math.number(alpha));
        math.op(VectorOp.ADDPS, t2, x, beta);
        math.select(x, x, Predicate.LESS, math.number(-alpha), t2, t1);
      }
      case GELU -> math.gelu(x);
      case GELU_TANH -> geluTanh(x);
      case SILU -> {
        Operand kept = math.keep(x);
        math.op(VectorOp.MULPS, x, x, -alpha);
        math.exp(x);
        math.op(VectorOp.ADDPS, x, x, 1);
        math.divide(x, kept, x);
      }
      case MISH -> {
        Operand kept = math.keep(x);
        math.atMost(x, 20);
        math.exp(x);
        math.op(VectorOp.ADDPS, t0, x, 2);
        code.op(VectorOp.MULPS, x, x, t0);
        math.op(VectorOp.ADDPS, t1, x, 2);
        code.op(VectorOp.DIVPS, x, x, t1);
        code.op(VectorOp.MULPS, x, x, kept);
      }
      case IS_NAN -> math.truth(x, x, Predicate.UNORDERED, x, 1);
      case IS_INF -> {
        math.truth(t0, x, Predicate.EQUAL, math.number(Float.POSITIVE_INFINITY), beta != 0 ? 1 : 0);
        math.truth(x, x, Predicate.EQUAL, math.number(Float.NEGATIVE_INFINITY), alpha != 0 ? 1 : 0);
        code.op(VectorOp.ORPS, x, x, t0);
      }
      case NOT -> math.truth(x, x, Predicate.EQUAL, math.number(0), 1);
      default -> throw new IllegalStateException("no code for " + function);
    }
  }

  private AngleCode angles() {
    return new AngleCode(code, math, free);
  }

  private void sign(Vector x) {
    math.bits(VectorOp.ANDPS, t1, x, SIGN);
    math.op(VectorOp.ORPS, t1, t1, 1);
    math.select(x, x, Predicate.DIFFERENT, math.number(0), t1, x);
  }

  private void softplus(Vector x) {
    Operand kept = math.keep(x);
    math.bits(VectorOp.ORPS, x, x, SIGN);
    math.expOfNegative(x);
    math.log1pOfUnit(x);
    code.op(VectorOp.XORPS, t0, t0, t0);
    code.op(VectorOp.MAXPS, t0, t0, kept);
    code.op(VectorOp.ADDPS, x, x, t0);
  }

  private void hardSigmoid(Vector x, float alpha, float beta) {
    math.load(t1, beta);
    math.op(VectorOp.FMADD132PS, x, t1, alpha);
    math.atMost(x, 1);
    math.atLeast(x, 0);
  }

  private void geluTanh(Vector x) {
    Operand kept = math.keep(x);
    code.op(VectorOp.MULPS, t0, x, x);
    math.load(t1, 0.7978846f);
    math.op(VectorOp.FMADD132PS, t0, t1, 0.035677407f);
    code.op(VectorOp.MULPS, x, x, t0);
    math.tanh(x);
    math.load(t0, 0.5f);
    code.op(VectorOp.MULPS, t0, t0, kept);
    code.op(VectorOp.FMADD213PS, x, t0, t0);
  }

  /// `dst = function(x, y)`
  ///
  /// @param function a function that [#suits]
  /// @param dst where to; may be `x` or `y`
  /// @param x the first argument
  /// @param y the second argument
  void binary(BinaryFunction function, Vector dst, Vector x, Vector y) {
    VectorOp op = instruction(function);
    if (op != null) {
      code.op(op, dst, x, y);
      return;
    }
    switch (function) {
      case POW -> new PowerCode(code, math, free).power(dst, x, y);
      case MIN -> extreme(VectorOp.MINPS, dst, x, y);
      case MAX -> extreme(VectorOp.MAXPS, dst, x, y);
      case PRELU -> {
        code.op(VectorOp.MULPS, t1, x, y);
        math.select(dst, x, Predicate.LESS, math.number(0), t1, x);
      }
      case AND -> logical(VectorOp.ANDPS, dst, x, y);
      case OR -> logical(VectorOp.ORPS, dst, x, y);
      case XOR -> logical(VectorOp.XORPS, dst, x, y);
      case EQUAL -> math.truth(dst, x, Predicate.EQUAL, y, 1);
      case LESS -> math.truth(dst, x, Predicate.LESS, y, 1);
      case LESS_OR_EQUAL -> math.truth(dst, x, Predicate.LESS_OR_EQUAL, y, 1);
      case GREATER -> math.truth(dst, x, Predicate.GREATER, y, 1);
      case GREATER_OR_EQUAL -> math.truth(dst, x, Predicate.GREATER_OR_EQUAL, y, 1);
      default -> throw new IllegalStateException("no code for " + function);
    }
  }

  /// {@return the one instruction that computes a function, or null}
  private static @Nullable VectorOp instruction(BinaryFunction function) {
    return switch (function) {
      case ADD -> VectorOp.ADDPS;
      case SUB -> VectorOp.SUBPS;
      case MUL -> VectorOp.MULPS;
      case DIV -> VectorOp.DIVPS;
      default -> null;
    };
  }

  /// `dst = function(x, number)` or `function(number, x)`
  ///
  /// @param function a function that [#suits]
  /// @param dst where to; may be `x`
  /// @param x the argument that is a register
  /// @param number the other
  /// @param numberFirst whether the number is the first argument
  void scalar(BinaryFunction function, Vector dst, Vector x, float number, boolean numberFirst) {
    VectorOp op = instruction(function);
    if (op != null && !numberFirst) {
      math.op(op, dst, x, number);
      return;
    }
    math.load(last, number);
    if (numberFirst) {
      binary(function, dst, last, x);
    } else {
      binary(function, dst, x, last);
    }
  }

  /// The instruction yields its second argument where one is NaN.
  private void extreme(VectorOp op, Vector dst, Vector x, Operand y) {
    code.op(op, t1, x, y);
    math.select(dst, x, Predicate.UNORDERED, x, x, t1);
  }

  private void logical(VectorOp op, Vector dst, Vector x, Vector y) {
    math.truth(t0, x, Predicate.NOT_EQUAL, math.number(0), 1);
    math.truth(t1, y, Predicate.NOT_EQUAL, math.number(0), 1);
    code.op(op, dst, t0, t1);
  }

  /// `dst = condition ≠ 0 ? x : y`
  ///
  /// @param dst where to; may be one of the others
  /// @param condition what decides
  /// @param x the value where the condition is not 0
  /// @param y the value where it is 0
  void select(Vector dst, Vector condition, Vector x, Vector y) {
    math.select(dst, condition, Predicate.NOT_EQUAL, math.number(0), x, y);
  }
}
