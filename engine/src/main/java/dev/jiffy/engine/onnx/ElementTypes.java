package dev.jiffy.engine.onnx;

import dev.jiffy.tensor.DType;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The element types as the ONNX format numbers them.
final class ElementTypes {
  private static final String[] NAMES = {
    "UNDEFINED",
    "FLOAT",
    "UINT8",
    "INT8",
    "UINT16",
    "INT16",
    "INT32",
    "INT64",
    "STRING",
    "BOOL",
    "FLOAT16",
    "DOUBLE",
    "UINT32",
    "UINT64",
    "COMPLEX64",
    "COMPLEX128",
    "BFLOAT16",
    "FLOAT8E4M3FN",
    "FLOAT8E4M3FNUZ",
    "FLOAT8E5M2",
    "FLOAT8E5M2FNUZ",
    "UINT4",
    "INT4",
    "FLOAT4E2M1",
    "FLOAT8E8M0"
  };

  private ElementTypes() {}

  /// {@return the name of an element type}
  ///
  /// @param number its number
  static String name(long number) {
    return number >= 0 && number < NAMES.length ? NAMES[(int) number] : "element type " + number;
  }

  /// {@return the element type, or null where Jiffy has none for it}
  ///
  /// @param number its number
  static @Nullable DType dtype(long number) {
    for (DType dtype : DType.values()) {
      if (number(dtype) == number) {
        return dtype;
      }
    }
    return null;
  }

  /// {@return the element type of a name, or null where Jiffy has none for it}
  ///
  /// @param name the name
  static @Nullable DType named(String name) {
    int number = Arrays.asList(NAMES).indexOf(name.toUpperCase(Locale.ROOT));
    return number < 0 ? null : dtype(number);
  }

  /// {@return the number of an element type}
  ///
  /// @param dtype the element type
  static int number(DType dtype) {
    return switch (dtype) {
      case F32 -> 1;
      case U8 -> 2;
      case I8 -> 3;
      case U16 -> 4;
      case I16 -> 5;
      case I32 -> 6;
      case I64 -> 7;
      case STRING -> 8;
      case BOOL -> 9;
      case F16 -> 10;
      case F64 -> 11;
      case U32 -> 12;
      case U64 -> 13;
      case BF16 -> 16;
      case U4 -> 21;
      case I4 -> 22;
    };
  }
}
