package dev.jiffy.tensor;

import org.jspecify.annotations.Nullable;

/// A tensor or a sequence, or nothing.
///
/// @param value what is there, itself not optional, or null
public record OptionalValue(@Nullable Value value) implements Value {
  /// Nothing.
  public static final OptionalValue EMPTY = new OptionalValue(null);

  /// Checks that what is there is not optional itself.
  public OptionalValue {
    if (value instanceof OptionalValue) {
      throw new IllegalArgumentException("an optional value holds no optional value");
    }
  }
}
