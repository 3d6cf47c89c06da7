package dev.jiffy.tensor;

/// The type of a tensor's elements.
///
/// Numeric elements are stored little-endian without padding; [#BOOL] is one byte, 0 or 1, and
/// integers of 4 bits have a byte each; [#STRING] elements live on the Java heap.
public enum DType {
  /// IEEE 754 binary32.
  F32(4),
  /// IEEE 754 binary64.
  F64(8),
  /// IEEE 754 binary16.
  F16(2),
  /// The upper half of a binary32.
  BF16(2),
  /// Signed 4-bit integer, -8 to 7, in a byte of its own.
  I4(1),
  /// Signed 8-bit integer.
  I8(1),
  /// Signed 16-bit integer.
  I16(2),
  /// Signed 32-bit integer.
  I32(4),
  /// Signed 64-bit integer.
  I64(8),
  /// Unsigned 4-bit integer, 0 to 15, in a byte of its own.
  U4(1),
  /// Unsigned 8-bit integer.
  U8(1),
  /// Unsigned 16-bit integer.
  U16(2),
  /// Unsigned 32-bit integer.
  U32(4),
  /// Unsigned 64-bit integer.
  U64(8),
  /// Truth value.
  BOOL(1),
  /// Unicode text.
  STRING(0);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// {@return the size of one element in bytes, 0 for [#STRING]}
  public int bytes() {
    return bytes;
  }

  /// {@return the number of bits that count, 0 for [#STRING]}
  public int bits() {
    return switch (this) {
      case I4, U4 -> 4;
      case BOOL -> 1;
      case F32, F64, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64, STRING -> 8 * bytes;
    };
  }

  /// {@return whether this is one of the floating-point types}
  public boolean isFloat() {
    return switch (this) {
      case F32, F64, F16, BF16 -> true;
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL, STRING -> false;
    };
  }

  /// {@return whether this is one of the integer types, signed or not}
  public boolean isInteger() {
    return switch (this) {
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64 -> true;
      case F32, F64, F16, BF16, BOOL, STRING -> false;
    };
  }

  /// {@return whether this is an unsigned integer type}
  public boolean isUnsigned() {
    return switch (this) {
      case U4, U8, U16, U32, U64 -> true;
      case F32, F64, F16, BF16, I4, I8, I16, I32, I64, BOOL, STRING -> false;
    };
  }
}
