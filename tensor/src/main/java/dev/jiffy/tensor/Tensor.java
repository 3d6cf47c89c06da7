package dev.jiffy.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A typed, shaped view of 64-byte aligned off-heap memory.
///
/// Elements are dense, row-major and little-endian. Strings are the exception: they have no memory
/// segment and are held as Java strings. A tensor does not own its memory: it lives as long as the
/// [Arena] it was allocated from; the factories without an arena let the garbage collector free it.
/// A tensor may be shared between threads as long as nobody writes to it.
public final class Tensor implements Value {
  /// The alignment of every allocated tensor in bytes: a cache line and the widest vector register.
  public static final long ALIGNMENT = 64;

  private static final long MAX_BUFFER_BYTES = 1 << 30;

  /// Tensors of so many bytes share blocks, which are freed with the last of them.
  private static final long SMALL = 128;

  private static final long BLOCK = 4096;

  /// What is left of the latest block.
  private static MemorySegment block = MemorySegment.NULL;

  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DType dtype;
  private final Shape shape;
  private final MemorySegment segment;
  private final String @Nullable [] strings;

  private Tensor(DType dtype, Shape shape, MemorySegment segment, String @Nullable [] strings) {
    this.dtype = dtype;
    this.shape = shape;
    this.segment = segment;
    this.strings = strings;
  }

  /// {@return a zeroed tensor whose memory the garbage collector frees; strings start empty}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  public static Tensor allocate(DType dtype, Shape shape) {
    long bytes = shape.bytes(dtype);
    if (dtype == DType.STRING || bytes > MAX_BUFFER_BYTES) {
      return allocate(dtype, shape, Arena.ofAuto());
    }
    MemorySegment memory = bytes <= SMALL ? small(bytes) : zeroed(bytes).asSlice(0, bytes);
    return new Tensor(dtype, shape, memory, null);
  }

  /// {@return at least so many bytes}
  private static MemorySegment zeroed(long bytes) {
    // an arena zeroes memory by a loop that is slow until it is compiled, a buffer by native code
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) (bytes + 2 * ALIGNMENT));
    return MemorySegment.ofBuffer(buffer.alignedSlice((int) ALIGNMENT));
  }

  /// {@return part of a block that small tensors share: graphs hold hundreds of them}
  private static MemorySegment small(long bytes) {
    synchronized (Tensor.class) {
      if (block.byteSize() < bytes) {
        block = zeroed(BLOCK);
      }
      MemorySegment memory = block.asSlice(0, bytes);
      block = block.asSlice(Math.min(block.byteSize(), (bytes + ALIGNMENT - 1) & -ALIGNMENT));
      return memory;
    }
  }

  /// {@return a zeroed tensor in the memory of an arena; strings start empty, on the heap}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  /// @param arena decides when the memory is freed
  public static Tensor allocate(DType dtype, Shape shape, Arena arena) {
    if (dtype == DType.STRING) {
      String[] strings = new String[Math.toIntExact(shape.elements())];
      Arrays.fill(strings, "");
      return new Tensor(dtype, shape, MemorySegment.NULL, strings);
    }
    return new Tensor(dtype, shape, arena.allocate(shape.bytes(dtype), ALIGNMENT), null);
  }

  /// {@return a view of existing native memory}
  ///
  /// @param dtype the element type, not [DType#STRING]
  /// @param shape the extents
  /// @param segment native memory of exactly the size that type and shape need; any alignment
  /// @throws IllegalArgumentException if the segment lies on the heap or has another size
  public static Tensor of(DType dtype, Shape shape, MemorySegment segment) {
    if (dtype == DType.STRING) {
      throw new IllegalArgumentException("strings have no memory segment: use Tensor.ofStrings");
    }
    if (!segment.isNative()) {
      throw new IllegalArgumentException("a tensor needs native memory, got a heap segment");
    }
    if (segment.byteSize() != shape.bytes(dtype)) {
      throw new IllegalArgumentException(
          "%s%s needs %d bytes, got a segment of %d"
              .formatted(dtype, shape, shape.bytes(dtype), segment.byteSize()));
    }
    return new Tensor(dtype, shape, segment, null);
  }

  /// {@return a tensor of strings}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents
  public static Tensor ofStrings(List<String> values, long... shape) {
    Shape extents = checked(values.size(), shape);
    String[] strings = List.copyOf(values).toArray(String[]::new);
    return new Tensor(DType.STRING, extents, MemorySegment.NULL, strings);
  }

  /// {@return an f32 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(float[] values, long... shape) {
    Tensor tensor = allocate(DType.F32, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, FLOAT, 0, values.length);
    return tensor;
  }

  /// {@return an f64 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(double[] values, long... shape) {
    Tensor tensor = allocate(DType.F64, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, DOUBLE, 0, values.length);
    return tensor;
  }

  /// {@return an i64 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(long[] values, long... shape) {
    Tensor tensor = allocate(DType.I64, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, LONG, 0, values.length);
    return tensor;
  }

  /// {@return an i32 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(int[] values, long... shape) {
    Tensor tensor = allocate(DType.I32, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, INT, 0, values.length);
    return tensor;
  }

  /// {@return an i16 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(short[] values, long... shape) {
    Tensor tensor = allocate(DType.I16, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, SHORT, 0, values.length);
    return tensor;
  }

  /// {@return an i8 tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(byte[] values, long... shape) {
    Tensor tensor = allocate(DType.I8, checked(values.length, shape));
    MemorySegment.copy(values, 0, tensor.segment, ValueLayout.JAVA_BYTE, 0, values.length);
    return tensor;
  }

  /// {@return a bool tensor with a copy of these elements}
  ///
  /// @param values the elements in row-major order
  /// @param shape the extents; their product must be the number of elements
  public static Tensor of(boolean[] values, long... shape) {
    Tensor tensor = allocate(DType.BOOL, checked(values.length, shape));
    for (int i = 0; i < values.length; i++) {
      tensor.segment.set(ValueLayout.JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
    }
    return tensor;
  }

  private static Shape checked(long elements, long[] dims) {
    Shape shape = Shape.of(dims);
    if (shape.elements() != elements) {
      throw new IllegalArgumentException(
          "shape %s has %d elements, got %d".formatted(shape, shape.elements(), elements));
    }
    return shape;
  }

  /// {@return the type of the elements}
  public DType dtype() {
    return dtype;
  }

  /// {@return the extents}
  public Shape shape() {
    return shape;
  }

  /// {@return the memory of the elements; empty for strings}
  public MemorySegment segment() {
    return segment;
  }

  /// {@return the elements of a string tensor in row-major order, as a view}
  ///
  /// @throws IllegalStateException if this is not a string tensor
  public List<String> strings() {
    return Collections.unmodifiableList(Arrays.asList(stringArray()));
  }

  /// {@return one element of a string tensor}
  ///
  /// @param index the row-major index
  /// @throws IllegalStateException if this is not a string tensor
  public String getString(long index) {
    return stringArray()[Math.toIntExact(index)];
  }

  /// Stores one element of a string tensor.
  ///
  /// @param index the row-major index
  /// @param value the new element
  /// @throws IllegalStateException if this is not a string tensor
  public void setString(long index, String value) {
    stringArray()[Math.toIntExact(index)] = value;
  }

  private String[] stringArray() {
    if (strings == null) {
      throw new IllegalStateException("a tensor of " + dtype + " has no strings");
    }
    return strings;
  }

  /// {@return the same memory with other extents}
  ///
  /// @param dims extents with the same number of elements
  public Tensor reshape(long... dims) {
    return new Tensor(dtype, checked(shape.elements(), dims), segment, strings);
  }

  /// {@return a tensor of the same elements in memory of its own}
  public Tensor copy() {
    if (strings != null) {
      return new Tensor(dtype, shape, segment, strings.clone());
    }
    Tensor copy = allocate(dtype, shape);
    copy.segment.copyFrom(segment);
    return copy;
  }

  /// {@return the elements converted to `float`, in row-major order}
  ///
  /// Integers and f64 are rounded to the nearest float; true is 1.
  public float[] toFloats() {
    float[] values = new float[arrayLength()];
    if (dtype == DType.F32) {
      MemorySegment.copy(segment, FLOAT, 0, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = getFloat(i);
      }
    }
    return values;
  }

  /// {@return the elements converted to `double`, in row-major order}
  public double[] toDoubles() {
    double[] values = new double[arrayLength()];
    if (dtype == DType.F32) {
      float[] floats = toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] = floats[i];
      }
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = getDouble(i);
      }
    }
    return values;
  }

  /// {@return the elements converted to `long`, in row-major order}
  ///
  /// Fractions are cut off; true is 1; u64 keeps its bits.
  public long[] toLongs() {
    long[] values = new long[arrayLength()];
    if (dtype == DType.I64) {
      MemorySegment.copy(segment, LONG, 0, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = getLong(i);
      }
    }
    return values;
  }

  /// {@return one element as a `float`, rounded once: not every `long` is a `double`}
  private float getFloat(long index) {
    return switch (dtype) {
      case I64 -> (float) getLong(index);
      case U64 -> {
        long bits = getLong(index);
        yield bits >= 0 ? (float) bits : (float) ((bits >>> 1) | (bits & 1)) * 2;
      }
      default -> (float) getDouble(index);
    };
  }

  private int arrayLength() {
    try {
      return Math.toIntExact(shape.elements());
    } catch (ArithmeticException e) {
      throw new IllegalStateException(dtype + "" + shape + " does not fit a Java array", e);
    }
  }

  /// {@return one element as a `double`}
  ///
  /// @param index the row-major index
  public double getDouble(long index) {
    return switch (dtype) {
      case F32 -> segment.get(FLOAT, index << 2);
      case F64 -> segment.get(DOUBLE, index << 3);
      case F16 -> Float.float16ToFloat(segment.get(SHORT, index << 1));
      case BF16 -> Float.intBitsToFloat(segment.get(SHORT, index << 1) << 16);
      case U64 -> unsignedToDouble(segment.get(LONG, index << 3));
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, BOOL -> (double) getLong(index);
      case STRING -> throw new IllegalStateException("strings are not numbers");
    };
  }

  /// {@return one element as a `long`; u64 keeps its bits}
  ///
  /// @param index the row-major index
  public long getLong(long index) {
    return switch (dtype) {
      case I4, I8 -> segment.get(ValueLayout.JAVA_BYTE, index);
      case U4, U8 -> segment.get(ValueLayout.JAVA_BYTE, index) & 0xff;
      case BOOL -> segment.get(ValueLayout.JAVA_BYTE, index) != 0 ? 1 : 0;
      case I16 -> segment.get(SHORT, index << 1);
      case U16 -> segment.get(SHORT, index << 1) & 0xffff;
      case I32 -> segment.get(INT, index << 2);
      case U32 -> segment.get(INT, index << 2) & 0xffff_ffffL;
      case I64, U64 -> segment.get(LONG, index << 3);
      case F32, F64, F16, BF16 -> (long) getDouble(index);
      case STRING -> throw new IllegalStateException("strings are not numbers");
    };
  }

  /// Stores one element, rounded to the nearest for f32, f16 and bf16; integers take the low bits
  /// of the value cut to a `long`, those of 4 bits the nearest that there is.
  ///
  /// @param index the row-major index
  /// @param value the new element
  public void setDouble(long index, double value) {
    switch (dtype) {
      case F32 -> segment.set(FLOAT, index << 2, (float) value);
      case F64 -> segment.set(DOUBLE, index << 3, value);
      case F16 -> segment.set(SHORT, index << 1, toFloat16(value));
      case BF16 -> segment.set(SHORT, index << 1, toBfloat16(value));
      case BOOL -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
      case U64 -> segment.set(LONG, index << 3, doubleToUnsigned(value));
      case I4, U4 -> setLong(index, to4Bits(dtype, value));
      case I8, I16, I32, I64, U8, U16, U32 -> setLong(index, (long) value);
      case STRING -> throw new IllegalStateException("strings are not numbers");
    }
  }

  /// {@return the bits of the f16 nearest to a number, ties to even}
  ///
  /// @param value the number
  public static short toFloat16(double value) {
    return Float.floatToFloat16(toOdd(value));
  }

  /// {@return the bits of the bfloat16 nearest to a number, ties to even; NaN stays NaN}
  ///
  /// @param value the number
  public static short toBfloat16(double value) {
    return toBfloat16(toOdd(value));
  }

  /// {@return one of the two floats next to a number, the one whose last bit is 1; the number
  /// itself where a float holds it} What is rounded from there to fewer bits is as if it were
  /// rounded at once (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved
  /// algorithms using rounding to odd", 2008).
  private static float toOdd(double value) {
    float nearest = (float) value;
    if (nearest == value || Double.isNaN(value)) {
      return nearest;
    }
    int bits = Float.floatToRawIntBits(nearest);
    boolean isBeyond = Math.abs((double) nearest) > Math.abs(value);
    return Float.intBitsToFloat((isBeyond ? bits - 1 : bits) | 1);
  }

  /// {@return the integer of 4 bits that is nearest to a number; 0 for NaN}
  ///
  /// @param type [DType#I4] or [DType#U4]
  /// @param value the number
  public static long to4Bits(DType type, double value) {
    double least = type == DType.U4 ? 0 : -8;
    return (long) Math.rint(Math.clamp(value, least, least + 15));
  }

  /// Stores one element; narrow integers take the low bits.
  ///
  /// @param index the row-major index
  /// @param value the new element
  public void setLong(long index, long value) {
    switch (dtype) {
      case I4 -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) (value << 60 >> 60));
      case U4 -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) (value & 15));
      case I8, U8 -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) value);
      case BOOL -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
      case I16, U16 -> segment.set(SHORT, index << 1, (short) value);
      case I32, U32 -> segment.set(INT, index << 2, (int) value);
      case I64, U64 -> segment.set(LONG, index << 3, value);
      case F32 -> segment.set(FLOAT, index << 2, (float) value);
      case F64, F16, BF16 -> setDouble(index, (double) value);
      case STRING -> throw new IllegalStateException("strings are not numbers");
    }
  }

  /// {@return the bits of the bfloat16 nearest to a float, ties to even; NaN stays NaN}
  ///
  /// @param value the float
  public static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static double unsignedToDouble(long bits) {
    return bits >= 0 ? (double) bits : (double) ((bits >>> 1) | (bits & 1)) * 2;
  }

  private static long doubleToUnsigned(double value) {
    return value >= 0x1p63 ? (long) (value - 0x1p63) ^ Long.MIN_VALUE : (long) value;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(dtype.name()).append(shape);
    if (strings != null) {
      List<String> head = strings().subList(0, Math.min(8, strings.length));
      return text.append(head).append(head.size() < strings.length ? "…" : "").toString();
    }
    int shown = (int) Math.min(8, shape.elements());
    double[] head = new double[shown];
    for (int i = 0; i < shown; i++) {
      head[i] = getDouble(i);
    }
    return text.append(Arrays.toString(head))
        .append(shown < shape.elements() ? "…" : "")
        .toString();
  }
}
