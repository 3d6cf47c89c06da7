package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Locale;

/// Numbers as texts and back.
///
/// A floating-point number is written with the fewest digits that tell it from others of its type:
/// plainly from 0.0001 to below 10^16, with an exponent elsewhere.
final class Numerals {
  /// The most digits that a number read as an integer may have.
  private static final int MOST_DIGITS = 400;

  private Numerals() {}

  /// Stores the number that a text writes.
  ///
  /// A text stands for a number in decimal notation, with an exponent or without; for
  /// floating-point numbers also `nan`, `inf` and `infinity`, for truth values also `true` and
  /// `false`, in any case. Integers lose their fraction and keep their low bits.
  ///
  /// @param text the text; white space around it is left out
  /// @param out what takes the number
  /// @param index where it goes
  /// @throws ModelException if the text is not a number
  static void parse(String text, Tensor out, long index) {
    String number = text.strip().toLowerCase(Locale.ROOT);
    try {
      switch (out.dtype()) {
        case F32 -> out.setDouble(index, (double) (float) real(number, true));
        case F64, F16, BF16 -> out.setDouble(index, real(number, false));
        case BOOL -> out.setLong(index, truth(number) ? 1 : 0);
        case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64 ->
            out.setLong(index, integer(number).longValue());
        case STRING -> out.setString(index, text);
      }
    } catch (NumberFormatException e) {
      throw new ModelException(
          "cannot cast \"%s\" at element %d to %s: not a number"
              .formatted(shortened(text), index, out.dtype()),
          e);
    }
  }

  private static String shortened(String text) {
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }

  private static double real(String number, boolean single) {
    return switch (number) {
      case "nan", "+nan", "-nan" -> Double.NaN;
      case "inf", "+inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> {
        checkDecimal(number);
        yield single ? Float.parseFloat(number) : Double.parseDouble(number);
      }
    };
  }

  /// Java would read types and hexadecimal digits too.
  private static void checkDecimal(String number) {
    for (int i = 0; i < number.length(); i++) {
      if ("0123456789+-.e".indexOf(number.charAt(i)) < 0) {
        throw new NumberFormatException(number);
      }
    }
  }

  private static boolean truth(String number) {
    return switch (number) {
      case "true" -> true;
      case "false" -> false;
      default -> real(number, false) != 0;
    };
  }

  private static BigInteger integer(String number) {
    checkDecimal(number);
    if (number.length() > MOST_DIGITS) {
      throw new NumberFormatException(number);
    }
    BigDecimal decimal = new BigDecimal(number);
    long digits = decimal.precision() - (long) decimal.scale();
    if (digits > MOST_DIGITS) {
      throw new NumberFormatException(number);
    }
    return digits <= 0 ? BigInteger.ZERO : decimal.toBigInteger();
  }

  /// {@return an element as a text}
  ///
  /// @param x a tensor of any type
  /// @param index the element
  static String text(Tensor x, long index) {
    return switch (x.dtype()) {
      case F64 -> text(Double.toString(x.getDouble(index)));
      case F32 -> text(Float.toString((float) x.getDouble(index)));
      case F16, BF16 -> text(fewestDigits(x.dtype(), x.getDouble(index)));
      case U64 -> Long.toUnsignedString(x.getLong(index));
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, BOOL -> Long.toString(x.getLong(index));
      case STRING -> x.getString(index);
    };
  }

  private static String fewestDigits(DType dtype, double value) {
    String text = Double.toString(value);
    if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) {
      return text;
    }
    Tensor rounded = Tensor.allocate(dtype, Shape.of());
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; digits < 6; digits++) {
      String candidate = exact.round(new MathContext(digits)).toString();
      rounded.setDouble(0, Double.parseDouble(candidate));
      if (rounded.getDouble(0) == value) {
        return candidate;
      }
    }
    return text;
  }

  private static String text(String number) {
    return switch (number) {
      case "NaN" -> number;
      case "Infinity" -> "INF";
      case "-Infinity" -> "-INF";
      case "0.0", "-0.0" -> number;
      default -> decimal(new BigDecimal(number).stripTrailingZeros());
    };
  }

  private static String decimal(BigDecimal number) {
    int exponent = number.precision() - number.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = number.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = number.unscaledValue().abs().toString();
    return (number.signum() < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }
}
