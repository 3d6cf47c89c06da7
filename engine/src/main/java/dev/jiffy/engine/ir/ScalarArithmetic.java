package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.BinaryFunction;
import org.jspecify.annotations.Nullable;

/// Integer functions of two numbers of which only names may be known.
final class ScalarArithmetic {
  private ScalarArithmetic() {}

  /// The function's value, or null where it cannot be told.
  ///
  /// @throws ArithmeticException if a number exceeds 64 bits
  static @Nullable Dim apply(BinaryFunction function, Dim x, Dim y) {
    if (x instanceof Dim.Known a && y instanceof Dim.Known b) {
      return apply(function, a.value(), b.value());
    }
    return switch (function) {
      case ADD -> Dims.add(x, y);
      case SUB -> Dims.subtract(x, y);
      case MUL -> Dims.multiply(x, y);
      case DIV -> divide(x, y);
      case MOD, FMOD -> remainder(x, y);
      case MIN -> Dims.min(x, y);
      case MAX -> Dims.max(x, y);
      case EQUAL -> truth(compare(x, y), 0, 0);
      case LESS -> truth(compare(x, y), -1, -1);
      case LESS_OR_EQUAL -> truth(compare(x, y), -1, 0);
      case GREATER -> truth(compare(x, y), 1, 1);
      case GREATER_OR_EQUAL -> truth(compare(x, y), 0, 1);
      case POW, PRELU, AND, OR, XOR, BITWISE_AND, BITWISE_OR, BITWISE_XOR -> null;
      case SHIFT_LEFT, SHIFT_RIGHT -> null;
    };
  }

  private static @Nullable Dim apply(BinaryFunction function, long a, long b) {
    return switch (function) {
      case ADD -> Dim.of(Math.addExact(a, b));
      case SUB -> Dim.of(Math.subtractExact(a, b));
      case MUL -> Dim.of(Math.multiplyExact(a, b));
      case DIV -> b == 0 ? null : Dim.of(Math.divideExact(a, b));
      case MOD, FMOD -> b == 0 ? null : Dim.of(function.apply(a, b));
      case POW, PRELU, SHIFT_LEFT, SHIFT_RIGHT -> null;
      case MIN,
          MAX,
          AND,
          OR,
          XOR,
          BITWISE_AND,
          BITWISE_OR,
          BITWISE_XOR,
          EQUAL,
          LESS,
          LESS_OR_EQUAL,
          GREATER,
          GREATER_OR_EQUAL ->
          Dim.of(function.apply(a, b));
    };
  }

  /// The quotient cut off towards zero, which is the one rounded down where both are positive.
  private static @Nullable Dim divide(Dim x, Dim y) {
    Polynomial a = Polynomial.of(x);
    Polynomial b = Polynomial.of(y);
    Polynomial exact = a.dividedBy(b);
    if (exact != null) {
      return exact.dim();
    }
    boolean positive = a.isNonNegative() && b.isNonNegative() && !y.is(0);
    return positive ? a.floorDividedBy(b).dim() : null;
  }

  private static @Nullable Dim remainder(Dim x, Dim y) {
    Dim quotient = y instanceof Dim.Known ? divide(x, y) : null;
    return quotient == null ? null : Dims.subtract(x, Dims.multiply(quotient, y));
  }

  /// The sign of `x - y`, or null where the form does not tell.
  private static @Nullable Integer compare(Dim x, Dim y) {
    if (x.equals(y)) {
      return 0;
    }
    Dim difference = Dims.subtract(x, y);
    if (Dims.atLeast(difference, 1)) {
      return 1;
    }
    return Dims.atLeast(Dims.subtract(y, x), 1) ? -1 : null;
  }

  private static @Nullable Dim truth(@Nullable Integer sign, int from, int to) {
    if (sign == null) {
      return null;
    }
    return sign >= from && sign <= to ? Dims.ONE : Dims.ZERO;
  }
}
