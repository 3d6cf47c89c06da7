package dev.jiffy.server.schedule;

import java.util.Arrays;

/// What requests have in common that cost alike and can be computed together: the shapes of their
/// inputs but for the rows, and the length where that may differ. Texts are computed alone, and
/// cost alike where they are about as long.
final class Bucket {
  /// The bucket of requests that are always computed alone, and of which nothing else is known.
  static final Bucket ALONE = new Bucket(new long[0], -1);

  // No rank of an input is negative.
  private static final long TEXTS = -1;
  private static final long TOKENS = -2;

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

  /// {@return the bucket of texts}
  ///
  /// @param texts how many there are
  /// @param characters how many they have together
  static Bucket ofTexts(int texts, long characters) {
    return new Bucket(new long[] {TEXTS, magnitude(texts, characters)}, -1);
  }

  /// {@return the bucket of texts that are tokens already}
  ///
  /// @param texts how many there are
  /// @param tokens how many they have together
  static Bucket ofTokens(int texts, long tokens) {
    return new Bucket(new long[] {TOKENS, magnitude(texts, tokens)}, -1);
  }

  /// {@return the length of a text on average, as a power of two: what more of them cost is learned
  /// for each length}
  private static int magnitude(int texts, long length) {
    return Long.SIZE - Long.numberOfLeadingZeros(length / texts);
  }

  /// {@return whether requests of this bucket are always computed alone}
  boolean isAlone() {
    return length < 0;
  }

  /// {@return the length of the padded dimension, 0 where there is none, negative where [#isAlone]}
  int length() {
    return length;
  }

  /// {@return whether a request of this bucket can be computed with one of another}
  boolean joins(Bucket other) {
    return !isAlone() && !other.isAlone() && Arrays.equals(shapes, other.shapes);
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
