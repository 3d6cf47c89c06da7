package dev.jiffy.tensor;

import java.util.Arrays;

/// The extents of a tensor, outermost dimension first; a scalar has rank 0.
///
/// Every extent is at least 0 and the number of elements fits a `long`. Immutable.
public final class Shape {
  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;
  private final long elements;

  private Shape(long[] dims) {
    this.dims = dims;
    this.elements = elements(dims);
  }

  /// {@return the shape with these extents}
  ///
  /// @param dims the extents, outermost first
  /// @throws IllegalArgumentException if an extent is negative or the number of elements overflows
  ///   a `long`
  public static Shape of(long... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  private static long elements(long[] dims) {
    boolean empty = false;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + " has a negative dimension");
      }
      empty |= dim == 0;
    }
    if (empty) {
      return 0;
    }
    long product = 1;
    for (long dim : dims) {
      try {
        product = Math.multiplyExact(product, dim);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + " has more than 2^63 elements", e);
      }
    }
    return product;
  }

  /// {@return the number of dimensions}
  public int rank() {
    return dims.length;
  }

  /// {@return the extent of a dimension}
  ///
  /// @param axis the dimension, 0 to rank - 1
  public long dim(int axis) {
    return dims[axis];
  }

  /// {@return a copy of the extents}
  public long[] dims() {
    return dims.clone();
  }

  /// {@return the number of elements, 1 for a scalar}
  public long elements() {
    return elements;
  }

  /// {@return the bytes that elements of a type need in this shape}
  ///
  /// @param dtype the element type
  /// @throws IllegalArgumentException if the number overflows a `long`
  public long bytes(DType dtype) {
    try {
      return Math.multiplyExact(elements, (long) dtype.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "a tensor of " + dtype + this + " needs more than 2^63 bytes", e);
    }
  }

  /// {@return the number of elements in the dimensions from `from` (inclusive) to `to` (exclusive)}
  ///
  /// @param from the first dimension
  /// @param to the dimension after the last
  public long elements(int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product *= dims[i];
    }
    return product;
  }

  /// {@return whether these extents are exactly those of this shape, compared without allocation}
  ///
  /// @param other the extents to compare with
  public boolean matches(long[] other) {
    return Arrays.equals(dims, other);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
