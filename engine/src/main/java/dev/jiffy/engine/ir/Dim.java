package dev.jiffy.engine.ir;

import org.jspecify.annotations.Nullable;

/// One extent of a shape, or one element of a shape-like value: a number, or a name for a number
/// not known yet.
///
/// Two symbols with the same name stand for the same number. Equality is written out, as a load
/// asks it thousands of times before anything is compiled.
public sealed interface Dim {
  /// A number.
  ///
  /// @param value the number; negative only in values such as the `-1` of a reshape, never in a
  ///   shape
  record Known(long value) implements Dim {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Known known && value == known.value;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(value);
    }

    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /// A name for a number that the concrete inputs decide, such as `batch`.
  ///
  /// @param name the name
  record Symbol(String name) implements Dim {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Symbol symbol && name.equals(symbol.name);
    }

    @Override
    public int hashCode() {
      return name.hashCode();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /// {@return a known dimension}
  ///
  /// @param value the number
  static Dim of(long value) {
    return new Known(value);
  }

  /// {@return a named dimension}
  ///
  /// @param name the name
  static Dim of(String name) {
    return new Symbol(name);
  }

  /// {@return whether this is a known number equal to `number`}
  ///
  /// @param number the number to compare with
  default boolean is(long number) {
    return this instanceof Known known && known.value == number;
  }
}
