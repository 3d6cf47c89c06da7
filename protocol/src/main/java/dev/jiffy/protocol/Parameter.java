package dev.jiffy.protocol;

/// The value of a parameter of a message, a tensor or a requested output.
public sealed interface Parameter {
  /// A JSON string.
  ///
  /// @param value the text
  record Text(String value) implements Parameter {}

  /// A JSON number without fraction and exponent.
  ///
  /// @param value the number
  record Whole(long value) implements Parameter {}

  /// Any other JSON number; finite.
  ///
  /// @param value the number
  record Real(double value) implements Parameter {}

  /// A JSON truth value.
  ///
  /// @param value the truth value
  record Flag(boolean value) implements Parameter {}
}
