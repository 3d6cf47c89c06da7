package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;

/// Functions of single elements, with broadcasting.
public final class ScalarElementwise {
  private ScalarElementwise() {}

  /// Computes `out = function(x)`.
  ///
  /// @param function the function
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param x the argument
  /// @param out the result, of the same shape
  public static void unary(
      UnaryFunction function, double alpha, double beta, Tensor x, Tensor out) {
    long count = out.shape().elements();
    if (x.dtype().isFloat() || !isExact(function)) {
      for (long i = 0; i < count; i++) {
        out.setDouble(i, function.apply(x.getDouble(i), alpha, beta));
      }
      return;
    }
    boolean unsigned = x.dtype().isUnsigned();
    for (long i = 0; i < count; i++) {
      out.setLong(i, integer(function, x.getLong(i), unsigned, alpha, beta));
    }
  }

  private static boolean isExact(UnaryFunction function) {
    return switch (function) {
      case ABS, NEG, SIGN, RELU, CLIP, NOT, BITWISE_NOT, CEIL, FLOOR, ROUND -> true;
      default -> false;
    };
  }

  private static long integer(
      UnaryFunction function, long x, boolean unsigned, double alpha, double beta) {
    return switch (function) {
      case ABS -> unsigned ? x : Math.abs(x);
      case NEG -> -x;
      case SIGN -> unsigned ? (x == 0 ? 0 : 1) : Long.signum(x);
      case RELU -> unsigned ? x : Math.max(x, 0);
      case CLIP -> clip(x, unsigned, alpha, beta);
      case NOT -> x == 0 ? 1 : 0;
      case BITWISE_NOT -> ~x;
      default -> x;
    };
  }

  private static long clip(long x, boolean unsigned, double alpha, double beta) {
    double value = unsigned && x < 0 ? (double) x + 0x1p64 : (double) x;
    long raised = value < alpha ? (long) alpha : x;
    return Math.max(value, alpha) > beta ? (long) beta : raised;
  }

  /// Computes `out = function(x, y)`, both broadcast to the result's shape.
  ///
  /// @param function the function
  /// @param x the first argument
  /// @param y the second argument; its type may differ from the first's for a power
  /// @param out the result
  /// @throws ModelException if an integer is divided by zero
  public static void binary(BinaryFunction function, Tensor x, Tensor y, Tensor out) {
    Shape shape = out.shape();
    int rank = shape.rank();
    long inner = rank == 0 ? 1 : shape.dim(rank - 1);
    if (shape.elements() == 0) {
      return;
    }
    if (FloatArithmetic.suits(function, x, y, out)) {
      FloatArithmetic.run(function, x, y, out);
      return;
    }
    long[] outer = rank == 0 ? new long[0] : Arrays.copyOf(shape.dims(), rank - 1);
    long[] sx = Elements.broadcastStrides(x.shape(), rank);
    long[] sy = Elements.broadcastStrides(y.shape(), rank);
    long dx = rank == 0 ? 0 : sx[rank - 1];
    long dy = rank == 0 ? 0 : sy[rank - 1];
    Walk walk = new Walk(outer, sx, sy);
    boolean floats = x.dtype().isFloat() || y.dtype().isFloat();
    for (long at = 0; at < shape.elements(); at += inner, walk.next()) {
      long i = walk.offset(0);
      long j = walk.offset(1);
      if (x.dtype() == DType.STRING) {
        strings(function, x, i, dx, y, j, dy, out, at, inner);
      } else if (floats) {
        doubles(function, x, i, dx, y, j, dy, out, at, inner);
      } else {
        integers(function, x, i, dx, y, j, dy, out, at, inner);
      }
    }
  }

  private static void doubles(
      BinaryFunction function,
      Tensor x,
      long i,
      long dx,
      Tensor y,
      long j,
      long dy,
      Tensor out,
      long at,
      long count) {
    for (long n = 0; n < count; n++) {
      out.setDouble(at + n, function.apply(x.getDouble(i + n * dx), y.getDouble(j + n * dy)));
    }
  }

  private static void integers(
      BinaryFunction function,
      Tensor x,
      long i,
      long dx,
      Tensor y,
      long j,
      long dy,
      Tensor out,
      long at,
      long count) {
    boolean unsigned = x.dtype() == DType.U64;
    boolean raises = function == BinaryFunction.POW && y.dtype() == DType.U64;
    boolean divides =
        function == BinaryFunction.DIV
            || function == BinaryFunction.MOD
            || function == BinaryFunction.FMOD;
    for (long n = 0; n < count; n++) {
      long a = x.getLong(i + n * dx);
      long b = y.getLong(j + n * dy);
      if (divides && b == 0) {
        throw new ModelException(
            "division of the integer %s by zero at element %d"
                .formatted(unsigned ? Long.toUnsignedString(a) : Long.toString(a), at + n));
      }
      out.setLong(
          at + n, raises ? BinaryFunction.unsignedPower(a, b) : integer(function, x.dtype(), a, b));
    }
  }

  /// {@return a function of two integers}
  ///
  /// @param function the function
  /// @param dtype their type
  /// @param x the first
  /// @param y the second, not 0 for a division
  static long integer(BinaryFunction function, DType dtype, long x, long y) {
    return dtype == DType.U64 ? unsigned(function, x, y) : function.apply(x, y);
  }

  private static long unsigned(BinaryFunction function, long x, long y) {
    return switch (function) {
      case DIV -> Long.divideUnsigned(x, y);
      case MOD, FMOD -> Long.remainderUnsigned(x, y);
      case MIN -> Long.compareUnsigned(x, y) <= 0 ? x : y;
      case MAX -> Long.compareUnsigned(x, y) >= 0 ? x : y;
      case PRELU -> x;
      case POW -> y >= 0 ? BinaryFunction.unsignedPower(x, y) : x == 1 ? 1 : 0;
      case LESS -> Long.compareUnsigned(x, y) < 0 ? 1 : 0;
      case LESS_OR_EQUAL -> Long.compareUnsigned(x, y) <= 0 ? 1 : 0;
      case GREATER -> Long.compareUnsigned(x, y) > 0 ? 1 : 0;
      case GREATER_OR_EQUAL -> Long.compareUnsigned(x, y) >= 0 ? 1 : 0;
      case SHIFT_LEFT -> Long.compareUnsigned(y, 63) > 0 ? 0 : x << y;
      case SHIFT_RIGHT -> Long.compareUnsigned(y, 63) > 0 ? 0 : x >>> y;
      default -> function.apply(x, y);
    };
  }

  private static void strings(
      BinaryFunction function,
      Tensor x,
      long i,
      long dx,
      Tensor y,
      long j,
      long dy,
      Tensor out,
      long at,
      long count) {
    if (function != BinaryFunction.EQUAL) {
      throw new ModelException(function + " is not defined for strings");
    }
    for (long n = 0; n < count; n++) {
      boolean equal = x.getString(i + n * dx).equals(y.getString(j + n * dy));
      out.setLong(at + n, equal ? 1 : 0);
    }
  }

  /// Computes `out = condition ? x : y`, all broadcast to the result's shape.
  ///
  /// @param condition truth values
  /// @param x what is taken where the condition holds
  /// @param y what is taken elsewhere
  /// @param out the result
  public static void where(Tensor condition, Tensor x, Tensor y, Tensor out) {
    Shape shape = out.shape();
    int rank = shape.rank();
    long inner = rank == 0 ? 1 : shape.dim(rank - 1);
    if (shape.elements() == 0) {
      return;
    }
    long[] outer = rank == 0 ? new long[0] : Arrays.copyOf(shape.dims(), rank - 1);
    long[] sc = Elements.broadcastStrides(condition.shape(), rank);
    long[] sx = Elements.broadcastStrides(x.shape(), rank);
    long[] sy = Elements.broadcastStrides(y.shape(), rank);
    long dc = rank == 0 ? 0 : sc[rank - 1];
    long dx = rank == 0 ? 0 : sx[rank - 1];
    long dy = rank == 0 ? 0 : sy[rank - 1];
    Walk walk = new Walk(outer, sc, sx, sy);
    for (long at = 0; at < shape.elements(); at += inner, walk.next()) {
      for (long i = 0; i < inner; i++) {
        if (condition.getLong(walk.offset(0) + i * dc) != 0) {
          Elements.copy(x, walk.offset(1) + i * dx, out, at + i);
        } else {
          Elements.copy(y, walk.offset(2) + i * dy, out, at + i);
        }
      }
    }
  }

  /// Converts elements to the result's type: fractions are cut off, integers keep their low bits,
  /// anything but zero is true.
  ///
  /// @param x the argument
  /// @param out the result, of the same shape
  /// @throws ModelException if a string is not a number
  public static void cast(Tensor x, Tensor out) {
    DType from = x.dtype();
    DType to = out.dtype();
    if (from == to) {
      Elements.copy(x, out);
      return;
    }
    if (ByteNumbers.suits(x, out)) {
      ByteNumbers.of(x, 1, 0).write(out);
      return;
    }
    long count = out.shape().elements();
    for (long i = 0; i < count; i++) {
      if (from == DType.STRING) {
        Numerals.parse(x.getString(i), out, i);
      } else if (to == DType.STRING) {
        out.setString(i, Numerals.text(x, i));
      } else if (from.isFloat() || (to.isFloat() && from == DType.U64)) {
        out.setDouble(i, x.getDouble(i));
      } else if (to == DType.F32) {
        out.setDouble(i, (double) (float) x.getLong(i));
      } else {
        out.setLong(i, x.getLong(i));
      }
    }
  }
}
