package dev.jiffy.engine.kernel;

import dev.jiffy.tensor.DType;
import java.lang.foreign.ValueLayout;

/// Numbers as bytes: `q` stands for `(q - zero) · scale`.
///
/// @param type u8 or i8
/// @param scale the distance between neighbours
/// @param zero the byte that stands for 0
public record Affine(DType type, float scale, int zero) {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// {@return whether there are loops for a type}
  ///
  /// @param type the type of the integers
  public static boolean isSupported(DType type) {
    return type == DType.U8 || type == DType.I8;
  }

  /// {@return the scale of unsigned bytes for a range that contains 0, as ONNX's
  /// DynamicQuantizeLinear chooses it}
  ///
  /// @param least the least number, at most 0
  /// @param greatest the greatest, at least 0
  public static float scale(float least, float greatest) {
    return greatest == least ? 1 : (greatest - least) / 255;
  }

  /// {@return the unsigned byte that stands for 0}
  ///
  /// @param least the least number, at most 0
  /// @param scale the scale
  public static int zero(float least, float scale) {
    return (int) Math.rint(Math.clamp(-least / scale, 0f, 255f));
  }

  /// Computes `round(x / scale) + zero`, limited to the type, ties rounded to even; NaN becomes 0.
  ///
  /// @param x the numbers, f32
  /// @param y the bytes
  /// @param n how many
  public void quantize(long x, long y, long n) {
    quantize(type == DType.U8 ? 0 : -128, scale, zero, x, y, n);
  }

  /// Computes `round(x / scale) + zero`, limited to bytes, as [#quantize(long, long, long)] does.
  ///
  /// @param least the least byte
  /// @param scale the distance between neighbours
  /// @param zero the byte that stands for 0
  /// @param x the numbers, f32
  /// @param y the bytes
  /// @param n how many
  public static void quantize(int least, float scale, int zero, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      float rounded = (float) Math.rint(Memory.getFloat(x + 4 * i) / scale);
      int q = (int) Math.clamp(rounded + (float) zero, least, least + 255f);
      Memory.ALL.set(BYTE, y + i, (byte) q);
    }
  }

  /// Computes `(x - zero) · scale`.
  ///
  /// @param x the bytes
  /// @param y the numbers, f32
  /// @param n how many
  public void dequantize(long x, long y, long n) {
    dequantize(type == DType.U8 ? 0xff : -1, scale, zero, x, y, n);
  }

  /// Computes `(x - zero) · scale`.
  ///
  /// @param mask the bits of a byte as an integer that count
  /// @param scale the distance between neighbours
  /// @param zero the byte that stands for 0
  /// @param x the bytes
  /// @param y the numbers, f32
  /// @param n how many
  public static void dequantize(int mask, float scale, int zero, long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, ((Memory.ALL.get(BYTE, x + i) & mask) - zero) * scale);
    }
  }
}
