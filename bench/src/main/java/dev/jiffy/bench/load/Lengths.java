package dev.jiffy.bench.load;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How long inputs are along a named dimension.
public sealed interface Lengths {
  /// The form in which options give it.
  String FORMS =
      "128, 8..128 (any of these), 8|32|128 (one of these), 64~0.5 (log-normal: median, sigma)";

  /// {@return a length}
  ///
  /// @param random decides
  long next(RandomGenerator random);

  /// Any of a range with equal chance.
  ///
  /// @param least the shortest, at least 0
  /// @param most the longest
  record Range(long least, long most) implements Lengths {
    /// Checks the order.
    public Range {
      if (least < 0 || most < least || most == Long.MAX_VALUE) {
        throw new IllegalArgumentException("not a range: %d..%d".formatted(least, most));
      }
    }

    @Override
    public long next(RandomGenerator random) {
      return random.nextLong(least, most + 1);
    }
  }

  /// One of some with equal chance.
  ///
  /// @param lengths the lengths, at least one
  record OneOf(List<Long> lengths) implements Lengths {
    /// Copies the list.
    public OneOf {
      lengths = List.copyOf(lengths);
    }

    @Override
    public long next(RandomGenerator random) {
      return lengths.get(random.nextInt(lengths.size()));
    }
  }

  /// Log-normal, as the lengths of many texts are; at least 1.
  ///
  /// @param median the median
  /// @param sigma the standard deviation of the logarithm
  record LogNormal(double median, double sigma) implements Lengths {
    /// Checks the numbers.
    public LogNormal {
      if (!(median >= 1 && median < 1e9) || !(sigma >= 0 && sigma < 10)) {
        throw new IllegalArgumentException("not a log-normal: %s~%s".formatted(median, sigma));
      }
    }

    @Override
    public long next(RandomGenerator random) {
      return Math.max(1, Math.round(median * StrictMath.exp(sigma * random.nextGaussian())));
    }
  }

  /// {@return what a text stands for}
  ///
  /// @param text a text in one of [#FORMS]
  /// @throws IllegalArgumentException if it is in none
  static Lengths parse(String text) {
    Matcher range = Pattern.compile("(\\d{1,18})\\.\\.(\\d{1,18})").matcher(text);
    if (range.matches()) {
      return new Range(Long.parseLong(range.group(1)), Long.parseLong(range.group(2)));
    }
    Matcher normal = Pattern.compile("(\\d{1,9}(?:\\.\\d+)?)~(\\d+(?:\\.\\d+)?)").matcher(text);
    if (normal.matches()) {
      return new LogNormal(
          Double.parseDouble(normal.group(1)), Double.parseDouble(normal.group(2)));
    }
    if (text.matches("\\d{1,18}(\\|\\d{1,18})*")) {
      return new OneOf(
          new ArrayList<>(Arrays.stream(text.split("\\|", -1)).map(Long::valueOf).toList()));
    }
    throw new IllegalArgumentException("'%s' is not a length; forms are %s".formatted(text, FORMS));
  }
}
