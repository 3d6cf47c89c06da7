package dev.jiffy.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The process's native memory as one segment, in which an offset is an absolute address.
///
/// Kernels take addresses, the form that machine code takes as well. The segment is a compile-time
/// constant of the JIT, so that an access is a plain load or store. Nothing here checks bounds: an
/// address must come from a live tensor or arena, and its extent must have been proved by lowering.
public final class Memory {
  /// All of native memory; offsets are absolute addresses.
  @SuppressWarnings("restricted")
  public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /// An f32 element.
  public static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// An f64 element.
  public static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// An i64 element.
  public static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// An i32 element.
  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Memory() {}

  /// {@return the f32 at an address}
  ///
  /// @param address an absolute address
  public static float getFloat(long address) {
    return ALL.get(FLOAT, address);
  }

  /// Stores an f32.
  ///
  /// @param address an absolute address
  /// @param value the value
  public static void setFloat(long address, float value) {
    ALL.set(FLOAT, address, value);
  }

  /// Copies bytes between areas that do not overlap.
  ///
  /// @param from the source address
  /// @param to the target address
  /// @param bytes how many
  public static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }
}
