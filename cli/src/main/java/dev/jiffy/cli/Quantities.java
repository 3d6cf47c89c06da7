package dev.jiffy.cli;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// Quantities as a person reads them.
final class Quantities {
  private Quantities() {}

  /// {@return a duration with three or four digits and a fitting unit, such as `31.20 µs`}
  static String duration(double ms) {
    if (ms >= 10_000) {
      return "%.1f s".formatted(ms / 1e3);
    }
    if (ms >= 1) {
      return (ms >= 100 ? "%.0f ms" : ms >= 10 ? "%.1f ms" : "%.2f ms").formatted(ms);
    }
    double us = ms * 1e3;
    return (us >= 100 ? "%.0f µs" : us >= 10 ? "%.1f µs" : "%.2f µs").formatted(us);
  }

  /// {@return a number of bytes in a fitting unit, such as `90.4 MB`}
  static String bytes(long bytes) {
    return bytes < 10_000 ? bytes + " B" : count((double) bytes) + "B";
  }

  /// {@return a large number with its prefix, such as `22.7 M`, ending with a space if it has none}
  static String count(double number) {
    String[] prefixes = {"", "k", "M", "G", "T", "P"};
    int prefix = 0;
    double rest = number;
    while (rest >= 1000 && prefix < prefixes.length - 1) {
      rest /= 1000;
      prefix++;
    }
    String digits = prefix == 0 ? "%.0f" : rest >= 100 ? "%.0f" : rest >= 10 ? "%.1f" : "%.2f";
    return digits.formatted(rest) + " " + prefixes[prefix];
  }

  /// {@return an error with two digits, such as `3.1e-07`, or `0`}
  static String error(double error) {
    return error == 0 ? "0" : "%.1e".formatted(error);
  }

  /// {@return a type and its extents, such as `f32[1×384]`}
  static String tensor(DType dtype, Shape shape) {
    return dtype.name().toLowerCase(Locale.ROOT) + extents(shape);
  }

  /// {@return extents, such as `[1×384]`}
  static String extents(Shape shape) {
    return Arrays.stream(shape.dims())
        .mapToObj(Long::toString)
        .collect(Collectors.joining("×", "[", "]"));
  }
}
