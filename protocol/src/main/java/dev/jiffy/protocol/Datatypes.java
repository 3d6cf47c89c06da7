package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// The protocol's names of element types.
public final class Datatypes {
  private Datatypes() {}

  /// {@return the protocol's name of an element type}
  ///
  /// @param dtype the element type
  public static String name(DType dtype) {
    return switch (dtype) {
      case F32 -> "FP32";
      case F64 -> "FP64";
      case F16 -> "FP16";
      case BF16 -> "BF16";
      case I4 -> "INT4";
      case I8 -> "INT8";
      case I16 -> "INT16";
      case I32 -> "INT32";
      case I64 -> "INT64";
      case U4 -> "UINT4";
      case U8 -> "UINT8";
      case U16 -> "UINT16";
      case U32 -> "UINT32";
      case U64 -> "UINT64";
      case BOOL -> "BOOL";
      case STRING -> "BYTES";
    };
  }

  /// {@return the element type of a protocol's name, null where there is none of that name}
  ///
  /// @param name the name, in capitals
  public static @Nullable DType dtype(String name) {
    return switch (name) {
      case "FP32" -> DType.F32;
      case "FP64" -> DType.F64;
      case "FP16" -> DType.F16;
      case "BF16" -> DType.BF16;
      case "INT4" -> DType.I4;
      case "INT8" -> DType.I8;
      case "INT16" -> DType.I16;
      case "INT32" -> DType.I32;
      case "INT64" -> DType.I64;
      case "UINT4" -> DType.U4;
      case "UINT8" -> DType.U8;
      case "UINT16" -> DType.U16;
      case "UINT32" -> DType.U32;
      case "UINT64" -> DType.U64;
      case "BOOL" -> DType.BOOL;
      case "BYTES" -> DType.STRING;
      default -> null;
    };
  }

  /// {@return whether JSON has a form for elements of a type; FP16 and BF16 travel in binary only}
  ///
  /// @param dtype the element type
  public static boolean inJson(DType dtype) {
    return dtype != DType.F16 && dtype != DType.BF16;
  }
}
