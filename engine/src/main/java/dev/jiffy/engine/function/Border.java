package dev.jiffy.engine.function;

/// What is seen beyond the ends of a dimension of an image.
public enum Border {
  /// Zeros.
  ZEROS,
  /// The outermost pixel, repeated.
  BORDER,
  /// The image, mirrored at its ends.
  REFLECTION;

  /// {@return a position moved into the image, as far as this moves positions}
  ///
  /// @param at the position in pixels
  /// @param extent the number of pixels
  /// @param low the end at which positions are mirrored
  /// @param high the other end
  public double within(double at, int extent, double low, double high) {
    if (at >= low && at <= high) {
      return at;
    }
    return switch (this) {
      case ZEROS -> at;
      case BORDER -> Math.min(Math.max(at, 0), extent - 1);
      case REFLECTION -> reflected(at, low, high);
    };
  }

  /// {@return the pixel that is seen at a whole position, or -1 where it is a zero}
  ///
  /// @param at the position
  /// @param extent the number of pixels
  /// @param low the end at which positions are mirrored
  /// @param high the other end
  public int pixel(double at, int extent, double low, double high) {
    if (this == ZEROS) {
      return at >= 0 && at < extent ? (int) at : -1;
    }
    double moved = this == REFLECTION && (at < low || at > high) ? reflected(at, low, high) : at;
    return (int) Math.min(Math.max(moved, 0), extent - 1);
  }

  private static double reflected(double at, double low, double high) {
    double range = high - low;
    if (range <= 0) {
      return low;
    }
    double beyond = at < low ? low - at : at - high;
    double whole = Math.floor(beyond / range);
    double rest = beyond - whole * range;
    boolean fromLow = at < low == (whole % 2 == 0);
    return fromLow ? low + rest : high - rest;
  }
}
