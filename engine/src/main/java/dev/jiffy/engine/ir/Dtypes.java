package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import java.util.Locale;

/// Names and ranges of element types.
final class Dtypes {
  private Dtypes() {}

  /// The name as it is written in texts, such as `f32`.
  static String name(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }

  /// Whether a number is one that the type holds; only integers and bool hold shape arithmetic.
  static boolean holds(DType dtype, long number) {
    return switch (dtype) {
      case I64 -> true;
      case U64 -> number >= 0;
      case I32 -> number == (int) number;
      case I16 -> number == (short) number;
      case I4 -> number >= -8 && number < 8;
      case I8 -> number == (byte) number;
      case U32 -> number >= 0 && number <= 0xffff_ffffL;
      case U16 -> number >= 0 && number <= 0xffff;
      case U4 -> number >= 0 && number < 16;
      case U8 -> number >= 0 && number <= 0xff;
      case BOOL -> number == 0 || number == 1;
      case F32, F64, F16, BF16, STRING -> false;
    };
  }
}
