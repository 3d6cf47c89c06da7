package dev.jiffy.bench.record;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A service level objective: the part of requests that is to be answered within a time.
///
/// @param p the part, above 0 and below 1
/// @param nanos the time in nanoseconds, at least 1
public record Slo(double p, long nanos) {
  private static final Pattern FORM =
      Pattern.compile("p([0-9]{1,2}(?:\\.[0-9]{1,6})?)=([0-9]+(?:\\.[0-9]+)?)(us|ms|s)");

  /// Checks the numbers.
  public Slo {
    if (!(p > 0 && p < 1) || nanos < 1) {
      throw new IllegalArgumentException(
          "an SLO is a part above 0 and below 1 within at least 1 ns, got %s within %d ns"
              .formatted(p, nanos));
    }
  }

  /// {@return the objective in a text such as `p99=25ms` or `p99.9=1.5s`}
  ///
  /// @param text the text
  /// @throws IllegalArgumentException if it is none
  public static Slo parse(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not an SLO such as p99=25ms (p50 to p99.9999; us, ms or s)".formatted(text));
    }
    double unit =
        switch (parts.group(3)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          default -> 1e9;
        };
    return new Slo(
        Double.parseDouble(parts.group(1)) / 100,
        Math.round(Double.parseDouble(parts.group(2)) * unit));
  }

  /// {@return the percentile's name, such as `p99` or `p99.9`}
  ///
  /// @param p the percentile as a part
  public static String percentile(double p) {
    double percent = Math.round(p * 1e6) / 1e4;
    return "p"
        + (percent == Math.rint(percent)
            ? String.format(Locale.ROOT, "%.0f", percent)
            : Double.toString(percent));
  }

  /// {@return the time in milliseconds}
  public double ms() {
    return nanos / 1e6;
  }

  @Override
  public String toString() {
    return "%s ≤ %s ms"
        .formatted(percentile(p), ms() == Math.rint(ms()) ? "" + Math.round(ms()) : "" + ms());
  }
}
