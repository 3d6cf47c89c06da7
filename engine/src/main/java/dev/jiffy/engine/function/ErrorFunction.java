package dev.jiffy.engine.function;

/// The error function in `double`.
///
/// Maclaurin series for small arguments, the continued fraction of the complement (Lentz's method)
/// for large ones; accurate to about 1e-15. Source: Abramowitz and Stegun, Handbook of Mathematical
/// Functions, 7.1.6 and 7.1.14.
final class ErrorFunction {
  private static final double SERIES_LIMIT = 2.5;

  private ErrorFunction() {}

  static double erf(double x) {
    if (Double.isNaN(x)) {
      return x;
    }
    double magnitude = Math.abs(x);
    double value =
        magnitude > 6
            ? 1
            : magnitude < SERIES_LIMIT ? series(magnitude) : 1 - complement(magnitude);
    return Math.copySign(value, x);
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-18 * sum; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  private static double complement(double x) {
    double fraction = 0;
    for (int k = 60; k >= 1; k--) {
      fraction = k / 2.0 / (x + fraction);
    }
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }
}
