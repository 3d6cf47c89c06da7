package dev.jiffy.engine.kernel;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Numbers of any type at absolute addresses, one by one; for what is too rare to have its own
/// loop.
public final class TypedMemory {
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TypedMemory() {}

  /// {@return the number at an address as a `double`}
  ///
  /// @param type its type, not a string
  /// @param address where it lies
  public static double getDouble(DType type, long address) {
    return switch (type) {
      case F32 -> Memory.getFloat(address);
      case F64 -> Memory.ALL.get(Memory.DOUBLE, address);
      case F16 -> Float.float16ToFloat(Memory.ALL.get(SHORT, address));
      case BF16 -> Float.intBitsToFloat(Memory.ALL.get(SHORT, address) << 16);
      case U64 -> fromUnsigned(Memory.ALL.get(Memory.LONG, address));
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, BOOL -> (double) getLong(type, address);
      case STRING -> throw new IllegalArgumentException("a string is not a number");
    };
  }

  /// {@return the number at an address as a `long`; fractions are cut off, u64 keeps its bits}
  ///
  /// @param type its type, not a string
  /// @param address where it lies
  public static long getLong(DType type, long address) {
    return switch (type) {
      case I4, I8 -> Memory.ALL.get(BYTE, address);
      case U4, U8 -> Memory.ALL.get(BYTE, address) & 0xff;
      case BOOL -> Memory.ALL.get(BYTE, address) != 0 ? 1 : 0;
      case I16 -> Memory.ALL.get(SHORT, address);
      case U16 -> Memory.ALL.get(SHORT, address) & 0xffff;
      case I32 -> Memory.ALL.get(Memory.INT, address);
      case U32 -> Memory.ALL.get(Memory.INT, address) & 0xffff_ffffL;
      case I64, U64 -> Memory.ALL.get(Memory.LONG, address);
      case F32, F64, F16, BF16 -> (long) getDouble(type, address);
      case STRING -> throw new IllegalArgumentException("a string is not a number");
    };
  }

  /// Stores a number; integers take the low bits of the value cut to a `long`, of which NaN is 0,
  /// those of 4 bits the nearest that there is.
  ///
  /// @param type the type of what is stored, not a string
  /// @param address where it goes
  /// @param value the number
  public static void setDouble(DType type, long address, double value) {
    switch (type) {
      case F32 -> Memory.setFloat(address, (float) value);
      case F64 -> Memory.ALL.set(Memory.DOUBLE, address, value);
      case F16 -> Memory.ALL.set(SHORT, address, Tensor.toFloat16(value));
      case BF16 -> Memory.ALL.set(SHORT, address, Tensor.toBfloat16(value));
      case BOOL -> Memory.ALL.set(BYTE, address, (byte) (value != 0 ? 1 : 0));
      case U64 -> Memory.ALL.set(Memory.LONG, address, toUnsigned(value));
      case I4, U4 -> setLong(type, address, Tensor.to4Bits(type, value));
      case I8, I16, I32, I64, U8, U16, U32 -> setLong(type, address, (long) value);
      case STRING -> throw new IllegalArgumentException("a string is not a number");
    }
  }

  /// Stores a number; narrow integers take its low bits.
  ///
  /// @param type the type of what is stored, not a string
  /// @param address where it goes
  /// @param value the number
  public static void setLong(DType type, long address, long value) {
    switch (type) {
      case I4 -> Memory.ALL.set(BYTE, address, (byte) (value << 60 >> 60));
      case U4 -> Memory.ALL.set(BYTE, address, (byte) (value & 15));
      case I8, U8 -> Memory.ALL.set(BYTE, address, (byte) value);
      case BOOL -> Memory.ALL.set(BYTE, address, (byte) (value != 0 ? 1 : 0));
      case I16, U16 -> Memory.ALL.set(SHORT, address, (short) value);
      case I32, U32 -> Memory.ALL.set(Memory.INT, address, (int) value);
      case I64, U64 -> Memory.ALL.set(Memory.LONG, address, value);
      case F32 -> Memory.setFloat(address, (float) value);
      case F64, F16, BF16 -> setDouble(type, address, (double) value);
      case STRING -> throw new IllegalArgumentException("a string is not a number");
    }
  }

  /// Converts numbers one by one.
  ///
  /// @param from the type of `x`
  /// @param to the type of `y`
  /// @param x the numbers
  /// @param y the result
  /// @param n how many
  public static void cast(DType from, DType to, long x, long y, long n) {
    boolean exact = !from.isFloat() && (from != DType.U64 || !to.isFloat());
    for (long i = 0; i < n; i++) {
      long source = x + i * from.bytes();
      long target = y + i * to.bytes();
      if (exact) {
        setLong(to, target, getLong(from, source));
      } else {
        setDouble(to, target, getDouble(from, source));
      }
    }
  }

  private static double fromUnsigned(long bits) {
    return bits >= 0 ? (double) bits : (double) ((bits >>> 1) | (bits & 1)) * 2;
  }

  private static long toUnsigned(double value) {
    return value >= 0x1p63 ? (long) (value - 0x1p63) ^ Long.MIN_VALUE : (long) value;
  }
}
