package dev.jiffy.engine.function;

/// An elementwise function of two numbers.
///
/// [#apply(double, double)] is the definition for floating-point types, [#apply(long, long)] for
/// integers.
public enum BinaryFunction {
  /// `x + y`
  ADD,
  /// `x - y`
  SUB,
  /// `x · y`
  MUL,
  /// `x / y`; integers are cut off towards zero
  DIV,
  /// `x^y`
  POW,
  /// The remainder with the sign of the divisor.
  MOD,
  /// The remainder with the sign of the dividend.
  FMOD,
  /// The smaller; NaN where one is NaN.
  MIN,
  /// The larger; NaN where one is NaN.
  MAX,
  /// `x < 0 ? x · y : x`
  PRELU,
  /// Both.
  AND,
  /// At least one.
  OR,
  /// Exactly one.
  XOR,
  /// The common bits.
  BITWISE_AND,
  /// The bits of either.
  BITWISE_OR,
  /// The bits of exactly one.
  BITWISE_XOR,
  /// `x` shifted left by `y` bits.
  SHIFT_LEFT,
  /// `x` shifted right by `y` bits, zeros moving in.
  SHIFT_RIGHT,
  /// `x = y`
  EQUAL,
  /// `x < y`
  LESS,
  /// `x ≤ y`
  LESS_OR_EQUAL,
  /// `x > y`
  GREATER,
  /// `x ≥ y`
  GREATER_OR_EQUAL;

  /// {@return whether the result is a truth value}
  public boolean isPredicate() {
    return switch (this) {
      case AND, OR, XOR, EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> true;
      case ADD, SUB, MUL, DIV, POW, MOD, FMOD, MIN, MAX, PRELU -> false;
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT -> false;
    };
  }

  /// {@return whether `x ∘ y = y ∘ x`}
  public boolean isCommutative() {
    return switch (this) {
      case ADD, MUL, MIN, MAX, AND, OR, XOR, BITWISE_AND, BITWISE_OR, BITWISE_XOR, EQUAL -> true;
      case SUB, DIV, POW, MOD, FMOD, PRELU, SHIFT_LEFT, SHIFT_RIGHT -> false;
      case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> false;
    };
  }

  /// {@return the function's value}
  ///
  /// @param x the first argument
  /// @param y the second argument
  public double apply(double x, double y) {
    return switch (this) {
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> x / y;
      case POW -> x == 1 || (x == -1 && Double.isInfinite(y)) ? 1 : Math.pow(x, y);
      case MOD -> x - y * Math.floor(x / y);
      case FMOD -> rest(x, y);
      case MIN -> Math.min(x, y);
      case MAX -> Math.max(x, y);
      case PRELU -> x < 0 ? x * y : x;
      case AND -> x != 0 && y != 0 ? 1 : 0;
      case OR -> x != 0 || y != 0 ? 1 : 0;
      case XOR -> (x != 0) != (y != 0) ? 1 : 0;
      case EQUAL -> x == y ? 1 : 0;
      case LESS -> x < y ? 1 : 0;
      case LESS_OR_EQUAL -> x <= y ? 1 : 0;
      case GREATER -> x > y ? 1 : 0;
      case GREATER_OR_EQUAL -> x >= y ? 1 : 0;
      case BITWISE_AND, BITWISE_OR, BITWISE_XOR, SHIFT_LEFT, SHIFT_RIGHT ->
          throw new IllegalArgumentException(this + " is defined for integers only");
    };
  }

  /// {@return the function's value, signed integers in two's complement}
  ///
  /// @param x the first argument
  /// @param y the second argument; not 0 for a division
  public long apply(long x, long y) {
    return switch (this) {
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> x / y;
      case POW -> power(x, y);
      case MOD -> Math.floorMod(x, y);
      case FMOD -> x % y;
      case MIN -> Math.min(x, y);
      case MAX -> Math.max(x, y);
      case PRELU -> x < 0 ? x * y : x;
      case AND -> x != 0 && y != 0 ? 1 : 0;
      case OR -> x != 0 || y != 0 ? 1 : 0;
      case XOR -> (x != 0) != (y != 0) ? 1 : 0;
      case BITWISE_AND -> x & y;
      case BITWISE_OR -> x | y;
      case BITWISE_XOR -> x ^ y;
      case SHIFT_LEFT -> y > 63 ? 0 : x << y;
      case SHIFT_RIGHT -> y > 63 ? 0 : x >>> y;
      case EQUAL -> x == y ? 1 : 0;
      case LESS -> x < y ? 1 : 0;
      case LESS_OR_EQUAL -> x <= y ? 1 : 0;
      case GREATER -> x > y ? 1 : 0;
      case GREATER_OR_EQUAL -> x >= y ? 1 : 0;
    };
  }

  /// {@return `x % y`; where the quotient is exact enough, without the instruction that divides bit
  /// by bit}
  private static double rest(double x, double y) {
    double dividend = Math.abs(x);
    double divisor = Math.abs(y);
    double quotient = dividend / divisor;
    if (!(quotient < 0x1p52 && divisor <= Double.MAX_VALUE)) {
      return x % y;
    }
    // less than nothing is left where the quotient was rounded up to an integer
    double rest = Math.fma(-(double) (long) quotient, divisor, dividend);
    return Math.copySign(rest < 0 ? rest + divisor : rest, x);
  }

  /// {@return a power in two's complement; where it is no integer, its integer part, and 0 where 0
  /// is raised to a negative power}
  private static long power(long x, long y) {
    if (y < 0) {
      return x == 1 || (x == -1 && (y & 1) == 0) ? 1 : x == -1 ? -1 : 0;
    }
    return unsignedPower(x, y);
  }

  /// {@return a power in two's complement}
  ///
  /// @param x the base
  /// @param y the exponent, which is unsigned
  public static long unsignedPower(long x, long y) {
    long power = 1;
    long square = x;
    for (long rest = y; rest != 0; rest >>>= 1) {
      power *= (rest & 1) == 0 ? 1 : square;
      square *= square;
    }
    return power;
  }
}
