package dev.jiffy.server.metrics;

import java.util.Arrays;

/// What a histogram had counted at some moment.
///
/// @param bounds the largest value of each range, ascending
/// @param counts how many values fell into each range; one more than bounds, the last for what is
///   larger than all of them
/// @param sum the sum of all values
@SuppressWarnings("ArrayRecordComponent") // read once, by the exporter that it is made for
public record Distribution(long[] bounds, long[] counts, long sum) {
  /// Checks the lengths.
  public Distribution {
    if (counts.length != bounds.length + 1) {
      throw new IllegalArgumentException(
          counts.length + " counts for " + bounds.length + " bounds");
    }
  }

  /// {@return how many values there were}
  public long count() {
    return Arrays.stream(counts).sum();
  }
}
