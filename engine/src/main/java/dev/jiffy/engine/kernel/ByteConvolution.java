package dev.jiffy.engine.kernel;

import org.jspecify.annotations.Nullable;

/// A convolution of unsigned bytes with signed ones: `activation((x - zero) ∗ (w + shift) · scale +
/// bias)`, f32 or rounded to bytes. A matrix product is one with a window of one pixel.
///
/// @param geometry the convolution, in elements, with its activation
/// @param zero the byte that stands for 0 in the input; padding has it. Or [#DYNAMIC]: the input's
///   scale, which those of the weights are multiplied by, and zero are known when it is computed
/// @param shift what each of the signed bytes stands for more than itself, or [#UNFIT]
/// @param rounding how results become bytes, or null where they are f32
/// @param isSum whether results are the sums themselves, i32, without scale, bias and activation
public record ByteConvolution(
    ConvGeometry geometry, int zero, int shift, @Nullable Rounding rounding, boolean isSum) {
  /// In place of a zero point that is not known ahead.
  public static final int DYNAMIC = -1;

  /// In place of a shift where weights do not fit signed bytes with any.
  public static final int UNFIT = Integer.MIN_VALUE;

  /// A convolution whose results are scaled.
  ///
  /// @param geometry the convolution
  /// @param zero the byte that stands for 0
  /// @param shift what the weights stand for more than themselves
  /// @param rounding how results become bytes, or null
  public ByteConvolution(ConvGeometry geometry, int zero, int shift, @Nullable Rounding rounding) {
    this(geometry, zero, shift, rounding, false);
  }

  /// {@return the same convolution whose results are the sums themselves}
  public ByteConvolution sums() {
    return new ByteConvolution(geometry, zero, shift, null, true);
  }

  /// {@return whether the weights fit signed bytes}
  public boolean fits() {
    return shift != UNFIT;
  }

  /// {@return whether the input's scale and zero point are known only when it is computed}
  public boolean isDynamic() {
    return zero == DYNAMIC;
  }

  /// How results become unsigned bytes: `round(y · factor) + zero`, limited to 0 to 255.
  ///
  /// @param factor the inverse of their scale; 1 where there is no activation, as scale and bias
  ///   have it then
  /// @param zero the byte that stands for 0
  public record Rounding(float factor, int zero) {}
}
