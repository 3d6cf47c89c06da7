package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the elementwise operators.
final class ElementwiseRules {
  private ElementwiseRules() {}

  static Fact unary(Op.Unary op, Operands in) {
    in.expect(1, 1, 1);
    DType dtype = unaryType(op.function(), in);
    Fact x = in.fact(0);
    List<Dim> value = x.value();
    if (value != null) {
      return new Fact(dtype, x.shape(), unaryValue(op.function(), dtype, value));
    }
    return x.dtype() == dtype ? x : Fact.of(dtype, x.shape());
  }

  private static DType unaryType(UnaryFunction function, Operands in) {
    return switch (function) {
      case ABS, SIGN, ERF, CLIP, SHRINK, RELU, NEG -> in.numeric(0);
      case CEIL,
          FLOOR,
          ROUND,
          SQRT,
          RECIPROCAL,
          EXP,
          LOG,
          SIN,
          COS,
          TAN,
          ASIN,
          ACOS,
          ATAN,
          SINH,
          COSH,
          TANH,
          ASINH,
          ACOSH,
          ATANH,
          SIGMOID,
          SOFTPLUS,
          SOFTSIGN,
          LEAKY_RELU,
          ELU,
          SELU,
          CELU,
          HARD_SIGMOID,
          HARD_SWISH,
          THRESHOLDED_RELU,
          GELU,
          GELU_TANH,
          SILU,
          MISH ->
          in.floating(0);
      case IS_NAN, IS_INF -> {
        in.floating(0);
        yield DType.BOOL;
      }
      case NOT -> {
        in.expect(0, DType.BOOL);
        yield DType.BOOL;
      }
      case BITWISE_NOT -> in.integer(0);
    };
  }

  private static @Nullable List<Dim> unaryValue(
      UnaryFunction function, DType dtype, List<Dim> value) {
    if (function != UnaryFunction.NEG && function != UnaryFunction.NOT) {
      return null;
    }
    Dim[] result = new Dim[value.size()];
    for (int i = 0; i < result.length; i++) {
      Dim dim = value.get(i);
      if (function == UnaryFunction.NOT) {
        result[i] = dim.is(0) ? Dims.ONE : Dims.ZERO;
      } else if (dim.is(Long.MIN_VALUE)) {
        return null;
      } else {
        result[i] = Dims.multiply(dim, -1);
      }
    }
    return kept(dtype, result);
  }

  /// The value where the type holds all of it, else null: the result would wrap around.
  static @Nullable List<Dim> kept(DType dtype, Dim[] value) {
    for (Dim dim : value) {
      if (dim instanceof Dim.Known known && !Dtypes.holds(dtype, known.value())) {
        return null;
      }
    }
    return value.length > Operands.MAX_VALUE ? null : List.of(value);
  }

  static Fact binary(Op.Binary op, Operands in) {
    in.expect(2, 2, 1);
    BinaryFunction function = op.function();
    DType dtype = binaryType(function, in);
    List<Dim> a = in.shape(0);
    List<Dim> b = in.shape(1);
    List<Dim> shape;
    if (function == BinaryFunction.PRELU) {
      Dims.checkBroadcastTo("slope", b, a);
      shape = a;
    } else {
      shape = Dims.broadcast(a, b);
    }
    List<Dim> value = null;
    if (shape != null && shape.size() <= 1 && !dtype.isFloat() && dtype != DType.STRING) {
      value = binaryValue(function, dtype, in);
    }
    return new Fact(dtype, shape, value);
  }

  private static DType binaryType(BinaryFunction function, Operands in) {
    if (function == BinaryFunction.POW) {
      in.numeric(1);
      return in.numeric(0);
    }
    in.same(1, 0);
    return switch (function) {
      case ADD, SUB, MUL, DIV, POW, MOD, FMOD, MIN, MAX, PRELU -> in.numeric(0);
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT -> in.integer(0);
      case AND, OR, XOR -> {
        in.expect(0, DType.BOOL);
        yield DType.BOOL;
      }
      case EQUAL -> DType.BOOL;
      case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> {
        in.numeric(0);
        yield DType.BOOL;
      }
    };
  }

  private static @Nullable List<Dim> binaryValue(
      BinaryFunction function, DType dtype, Operands in) {
    List<Dim> a = in.value(0);
    List<Dim> b = in.value(1);
    if (a == null || b == null) {
      return null;
    }
    int size = a.size() == 1 ? b.size() : a.size();
    if (size > Operands.MAX_VALUE) {
      return null;
    }
    Dim[] value = new Dim[size];
    try {
      for (int i = 0; i < size; i++) {
        Dim x = a.get(a.size() == 1 ? 0 : i);
        Dim y = b.get(b.size() == 1 ? 0 : i);
        Dim z = ScalarArithmetic.apply(function, x, y);
        if (z == null) {
          return null;
        }
        value[i] = z;
      }
    } catch (ArithmeticException _) {
      return null; // the tensor's elements wrap around: not a number that this can follow
    }
    return kept(dtype, value);
  }

  static Fact where(Operands in) {
    in.expect(3, 3, 1);
    in.expect(0, DType.BOOL);
    in.same(2, 1);
    List<Dim> shape = Dims.broadcast(in.shape(0), Dims.broadcast(in.shape(1), in.shape(2)));
    List<Dim> value = null;
    if (shape != null && shape.size() <= 1 && !in.dtype(1).isFloat()) {
      value = whereValue(in);
    }
    return new Fact(in.dtype(1), shape, value);
  }

  private static @Nullable List<Dim> whereValue(Operands in) {
    List<Dim> condition = in.value(0);
    List<Dim> x = in.value(1);
    List<Dim> y = in.value(2);
    if (condition == null || x == null || y == null) {
      return null;
    }
    int size = condition.size() != 1 ? condition.size() : x.size() != 1 ? x.size() : y.size();
    Dim[] value = new Dim[size];
    for (int i = 0; i < size; i++) {
      List<Dim> from = condition.get(condition.size() == 1 ? 0 : i).is(0) ? y : x;
      value[i] = from.get(from.size() == 1 ? 0 : i);
    }
    return kept(in.dtype(1), value);
  }

  static Fact cast(Op.Cast op, Operands in) {
    in.expect(1, 1, 1);
    Fact x = in.fact(0);
    List<Dim> value = in.value(0);
    if (value == null || op.to().isFloat() || op.to() == DType.STRING) {
      return x.dtype() == op.to() ? x : Fact.of(op.to(), x.shape());
    }
    Dim[] cast = value.toArray(Dim[]::new);
    if (op.to() == DType.BOOL) {
      for (int i = 0; i < cast.length; i++) {
        if (!cast[i].is(0) && !Dims.atLeast(cast[i], 1) && !(cast[i] instanceof Dim.Known)) {
          return Fact.of(op.to(), x.shape());
        }
        cast[i] = cast[i].is(0) ? Dims.ZERO : Dims.ONE;
      }
    }
    return new Fact(op.to(), x.shape(), kept(op.to(), cast));
  }

  static Fact identity(Operands in) {
    in.expect(1, 1, 1);
    return in.fact(0);
  }

  /// Checks the activation that an operator applies last.
  static void activation(Op.@Nullable Unary activation, DType dtype) {
    if (activation == null) {
      return;
    }
    if (!dtype.isFloat() || activation.function().isPredicate()) {
      throw new ModelException(
          "activation "
              + activation.function()
              + ": expected a function within a floating-point type, got "
              + Dtypes.name(dtype));
    }
  }
}
