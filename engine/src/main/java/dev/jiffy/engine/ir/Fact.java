package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Value;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What is known of a value before it is computed.
///
/// Nearly every value is a tensor. Of a sequence, or of what may be absent, this is what is known
/// of each tensor in it.
///
/// @param kind whether it is a tensor
/// @param dtype the element type
/// @param shape the extents, or null where not even the rank is known
/// @param value the elements of a small integer tensor of rank 0 or 1 as far as shape arithmetic
///   knows them, or null
public record Fact(
    Value.Kind kind, DType dtype, @Nullable List<Dim> shape, @Nullable List<Dim> value) {
  /// Copies the lists and checks that a value goes with a shape of rank 0 or 1 and the same size.
  public Fact {
    shape = shape == null ? null : List.copyOf(shape);
    value = value == null ? null : List.copyOf(value);
    if (shape != null) {
      for (Dim dim : shape) {
        if (dim instanceof Dim.Known known && known.value() < 0) {
          throw new IllegalArgumentException("shape " + shape + " has a negative dimension");
        }
      }
    }
    if (value != null
        && (shape == null
            || shape.size() > 1
            || (shape.size() == 1 && !shape.getFirst().is(value.size())))) {
      throw new IllegalArgumentException("value " + value + " does not fit shape " + shape);
    }
  }

  /// What is known of a tensor.
  ///
  /// @param dtype the element type
  /// @param shape the extents, or null where not even the rank is known
  /// @param value the elements of a small integer tensor of rank 0 or 1, or null
  public Fact(DType dtype, @Nullable List<Dim> shape, @Nullable List<Dim> value) {
    this(Value.Kind.TENSOR, dtype, shape, value);
  }

  /// {@return what is known of a value of another kind whose tensors are like this one}
  ///
  /// @param other the kind
  public Fact as(Value.Kind other) {
    return kind == other ? this : new Fact(other, dtype, shape, null);
  }

  /// {@return whether it is a tensor for certain}
  public boolean isTensor() {
    return kind == Value.Kind.TENSOR;
  }

  /// {@return a fact without a value}
  ///
  /// @param dtype the element type
  /// @param shape the extents, or null where not even the rank is known
  public static Fact of(DType dtype, @Nullable List<Dim> shape) {
    return new Fact(dtype, shape, null);
  }

  /// {@return a fact of which only the element type is known}
  ///
  /// @param dtype the element type
  public static Fact unranked(DType dtype) {
    return new Fact(dtype, null, null);
  }

  /// {@return a fact with a concrete shape}
  ///
  /// @param dtype the element type
  /// @param dims the extents
  public static Fact of(DType dtype, long... dims) {
    return new Fact(dtype, Dims.of(dims), null);
  }

  /// {@return the rank, or -1 where it is not known}
  public int rank() {
    return shape == null ? -1 : shape.size();
  }

  /// {@return the shape of a tensor, or null unless every extent is a known number}
  public @Nullable Shape concreteShape() {
    long[] dims = isTensor() ? numbers(shape) : null;
    return dims == null ? null : Shape.of(dims);
  }

  /// {@return whether it is a tensor of which every extent is a known number}
  public boolean hasConcreteShape() {
    return isTensor() && areNumbers(shape);
  }

  /// {@return whether the elements are known numbers}
  public boolean hasConcreteValue() {
    return areNumbers(value);
  }

  private static boolean areNumbers(@Nullable List<Dim> dims) {
    if (dims == null) {
      return false;
    }
    for (int i = 0; i < dims.size(); i++) {
      if (!(dims.get(i) instanceof Dim.Known)) {
        return false;
      }
    }
    return true;
  }

  /// {@return the value's elements, or null unless every one is a known number}
  public long @Nullable [] concreteValue() {
    return numbers(value);
  }

  private static long @Nullable [] numbers(@Nullable List<Dim> dims) {
    if (dims == null) {
      return null;
    }
    long[] numbers = new long[dims.size()];
    for (int i = 0; i < numbers.length; i++) {
      if (!(dims.get(i) instanceof Dim.Known known)) {
        return null;
      }
      numbers[i] = known.value();
    }
    return numbers;
  }

  // written out, as the graph's stages ask it often before anything is compiled
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Fact fact
        && kind == fact.kind
        && dtype == fact.dtype
        && Objects.equals(shape, fact.shape)
        && Objects.equals(value, fact.value);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + Objects.hashCode(shape)) + Objects.hashCode(value);
  }

  @Override
  public String toString() {
    String extents =
        shape == null
            ? "[…]"
            : shape.stream().map(Dim::toString).collect(Collectors.joining("×", "[", "]"));
    String tensor =
        dtype.name().toLowerCase(Locale.ROOT) + extents + (value == null ? "" : "=" + value);
    return switch (kind) {
      case TENSOR -> tensor;
      case SEQUENCE -> "sequence(" + tensor + ")";
      case OPTIONAL_TENSOR -> "optional(" + tensor + ")";
      case OPTIONAL_SEQUENCE -> "optional(sequence(" + tensor + "))";
    };
  }
}
