package dev.jiffy.engine.kernel;

import static dev.jiffy.engine.kernel.Memory.ALL;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Conversions between element types. The frequent ones have a loop each, which the JIT compiles
/// apart.
public final class Casts {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Casts() {}

  /// Converts elements as [RowKernels#cast] does.
  ///
  /// @param from the type of `x`
  /// @param to the type of `y`
  /// @param x the elements
  /// @param y the result
  /// @param n how many
  public static void cast(DType from, DType to, long x, long y, long n) {
    if (from == to) {
      Movement.bytes(x, y, n * from.bytes());
    } else if (to == DType.F32) {
      toFloats(from, x, y, n);
    } else if (from == DType.F32) {
      fromFloats(to, x, y, n);
    } else if (from == DType.I64 && to == DType.I32) {
      longsToInts(x, y, n);
    } else if (from == DType.I32 && to == DType.I64) {
      intsToLongs(x, y, n);
    } else if (from == DType.BOOL && to == DType.I64) {
      boolsToLongs(x, y, n);
    } else if (from == DType.I64 && to == DType.BOOL) {
      longsToBools(x, y, n);
    } else {
      TypedMemory.cast(from, to, x, y, n);
    }
  }

  private static void toFloats(DType from, long x, long y, long n) {
    switch (from) {
      case I64 -> longsToFloats(x, y, n);
      case I32 -> intsToFloats(x, y, n);
      case BOOL -> boolsToFloats(x, y, n);
      case U8 -> bytesToFloats(x, y, n);
      case I8 -> signedBytesToFloats(x, y, n);
      case I16 -> shortsToFloats(x, y, n);
      case F16 -> halvesToFloats(x, y, n);
      case BF16 -> bfloatsToFloats(x, y, n);
      case F32, F64, I4, U4, U16, U32, U64, STRING -> TypedMemory.cast(from, DType.F32, x, y, n);
    }
  }

  private static void fromFloats(DType to, long x, long y, long n) {
    switch (to) {
      case I64 -> floatsToLongs(x, y, n);
      case I32 -> floatsToInts(x, y, n);
      case BOOL -> floatsToBools(x, y, n);
      case F16 -> floatsToHalves(x, y, n);
      case BF16 -> floatsToBfloats(x, y, n);
      case F32, F64, I4, I8, I16, U4, U8, U16, U32, U64, STRING ->
          TypedMemory.cast(DType.F32, to, x, y, n);
    }
  }

  private static void longsToInts(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.INT, y + 4 * i, (int) ALL.get(Memory.LONG, x + 8 * i));
    }
  }

  private static void intsToLongs(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.LONG, y + 8 * i, (long) ALL.get(Memory.INT, x + 4 * i));
    }
  }

  private static void boolsToLongs(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.LONG, y + 8 * i, ALL.get(BYTE, x + i) != 0 ? 1 : 0);
    }
  }

  private static void longsToBools(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(BYTE, y + i, (byte) (ALL.get(Memory.LONG, x + 8 * i) != 0 ? 1 : 0));
    }
  }

  private static void longsToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) ALL.get(Memory.LONG, x + 8 * i));
    }
  }

  private static void intsToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) ALL.get(Memory.INT, x + 4 * i));
    }
  }

  private static void boolsToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, ALL.get(BYTE, x + i) != 0 ? 1f : 0f);
    }
  }

  private static void bytesToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) (ALL.get(BYTE, x + i) & 0xff));
    }
  }

  private static void signedBytesToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) ALL.get(BYTE, x + i));
    }
  }

  private static void shortsToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, (float) ALL.get(SHORT, x + 2 * i));
    }
  }

  private static void halvesToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      Memory.setFloat(y + 4 * i, Float.float16ToFloat(ALL.get(SHORT, x + 2 * i)));
    }
  }

  private static void bfloatsToFloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.INT, y + 4 * i, ALL.get(SHORT, x + 2 * i) << 16);
    }
  }

  private static void floatsToLongs(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.LONG, y + 8 * i, (long) Memory.getFloat(x + 4 * i));
    }
  }

  private static void floatsToInts(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(Memory.INT, y + 4 * i, (int) (long) Memory.getFloat(x + 4 * i));
    }
  }

  private static void floatsToBools(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(BYTE, y + i, (byte) (Memory.getFloat(x + 4 * i) != 0 ? 1 : 0));
    }
  }

  private static void floatsToHalves(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(SHORT, y + 2 * i, Float.floatToFloat16(Memory.getFloat(x + 4 * i)));
    }
  }

  private static void floatsToBfloats(long x, long y, long n) {
    for (long i = 0; i < n; i++) {
      ALL.set(SHORT, y + 2 * i, Tensor.toBfloat16(Memory.getFloat(x + 4 * i)));
    }
  }
}
