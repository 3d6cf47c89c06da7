package dev.jiffy.server.schedule;

import java.util.Arrays;

/// What requests have in common that cost alike and can be computed together: the shapes of their
/// inputs but for the rows, and the length where that may differ.
final class Bucket {
  /// The bucket of requests that are always computed alone.
  static final Bucket ALONE = new Bucket(new long[0], -1);

  private final long[] shapes;
  private final int length;

  /// @param shapes the rank and extents of all inputs in the model's order, those that may differ
  ///   left out
  /// @param length the length of the padded dimension, 0 where there is none, negative for requests
  ///   that are computed alone
  Bucket(long[] shapes, int length) {
    this.shapes = shapes;
    this.length = length;
  }

  /// {@return the length of the padded dimension, 0 where there is none}
  int length() {
    return length;
  }

  /// {@return whether a request of this bucket can be computed with one of another}
  boolean joins(Bucket other) {
    return length >= 0 && other.length >= 0 && Arrays.equals(shapes, other.shapes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bucket bucket
        && length == bucket.length
        && Arrays.equals(shapes, bucket.shapes);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shapes) + length;
  }

  @Override
  public String toString() {
    return Arrays.toString(shapes) + (length > 0 ? "+" + length : "");
  }
}
