package dev.jiffy.engine.kernel.x86;

/// How two floats compare; the values are the immediate operand of `CMPPS`, in its quiet form.
enum Predicate {
  EQUAL(0x00),
  LESS(0x11),
  LESS_OR_EQUAL(0x12),
  GREATER(0x1e),
  GREATER_OR_EQUAL(0x1d),
  /// Also where one is NaN.
  NOT_EQUAL(0x04),
  /// Neither is NaN, and they differ.
  DIFFERENT(0x0c),
  /// Also where one is NaN.
  NOT_LESS(0x15),
  /// One is NaN.
  UNORDERED(0x03);

  final int immediate;

  Predicate(int immediate) {
    this.immediate = immediate;
  }
}
