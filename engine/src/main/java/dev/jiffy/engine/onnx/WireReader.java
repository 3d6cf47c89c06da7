package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// A cursor over one protobuf message in memory.
///
/// Nothing is trusted: every length is checked against the enclosing message before it is used, and
/// whatever breaks the wire format is a [ModelException] that says what and at which byte. Offsets
/// are `long`, so a file may be larger than 2 GiB. The format is that of the [protobuf
/// encoding](https://protobuf.dev/programming-guides/encoding/); groups, which ONNX never uses, are
/// refused.
///
/// Use: call [#next()] until it returns false, and after each call exactly one of the methods that
/// consume the field's value, or [#skip()].
final class WireReader {
  /// The wire type of integers of variable length.
  static final int VARINT = 0;

  /// The wire type of eight bytes.
  static final int FIXED64 = 1;

  /// The wire type of a length and as many bytes.
  static final int BYTES = 2;

  /// The wire type of four bytes.
  static final int FIXED32 = 5;

  private static final int MAX_DEPTH = 100;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment memory;
  private final Window window;
  private final String message;
  private final int depth;
  private final long start;
  private final long end;
  private long position;
  private int field;
  private int wireType;
  private long fieldOffset;

  /// A stretch of the memory copied to the heap, where single bytes are read much faster as long as
  /// nothing is compiled; all cursors over the memory share it.
  private static final class Window {
    private static final int SIZE = 4096;

    private final MemorySegment memory;
    private final byte[] bytes = new byte[SIZE];

    /// Every short text read so far: what is named often is one string, found by identity.
    private final Map<String, String> texts = new HashMap<>();

    private long start;
    private int length;

    Window(MemorySegment memory) {
      this.memory = memory;
    }

    byte get(long position) {
      long index = position - start;
      if (index < 0 || index >= length) {
        index = 0;
        move(position);
      }
      return bytes[(int) index];
    }

    private void move(long position) {
      start = position;
      length = (int) Math.min(SIZE, memory.byteSize() - position);
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, position, bytes, 0, length);
    }

    /// {@return bytes as text, with U+FFFD for what is not UTF-8}
    String text(long position, int count) {
      if (count > SIZE) {
        byte[] copy = memory.asSlice(position, count).toArray(ValueLayout.JAVA_BYTE);
        return new String(copy, StandardCharsets.UTF_8);
      }
      if (position < start || position + count > start + length) {
        move(position);
      }
      String text = new String(bytes, (int) (position - start), count, StandardCharsets.UTF_8);
      String known = texts.putIfAbsent(text, text);
      return known == null ? text : known;
    }
  }

  private WireReader(Window window, String message, int depth, long start, long end) {
    this.memory = window.memory;
    this.window = window;
    this.message = message;
    this.depth = depth;
    this.start = start;
    this.end = end;
    this.position = start;
  }

  /// {@return a cursor at the begin of a message that fills a segment}
  ///
  /// @param memory the bytes
  /// @param message the message's name, for errors
  static WireReader of(MemorySegment memory, String message) {
    return new WireReader(new Window(memory), message, 0, 0, memory.byteSize());
  }

  /// {@return a new cursor at the begin of the same message}
  WireReader restart() {
    return new WireReader(window, message, depth, start, end);
  }

  /// Moves to the next field.
  ///
  /// @return whether there is one
  boolean next() {
    if (position == end) {
      return false;
    }
    fieldOffset = position;
    long tag = readVarint();
    long number = tag >>> 3;
    if (tag < 0 || tag > 0xffff_ffffL || number == 0) {
      throw malformed("tag " + Long.toUnsignedString(tag) + " is not a field's");
    }
    field = (int) number;
    wireType = (int) (tag & 7);
    return true;
  }

  /// {@return the number of the current field}
  int field() {
    return field;
  }

  /// {@return whether the current field holds a length and bytes: a packed list, where a list of
  /// numbers is expected}
  boolean isBytes() {
    return wireType == BYTES;
  }

  /// {@return the current field as an integer}
  long integer() {
    expect(VARINT, "an integer");
    return readVarint();
  }

  /// {@return the current field as an integer of 32 bits}
  int integer32() {
    expect(VARINT, "an integer");
    return (int) readVarint();
  }

  /// {@return the current field as a float}
  float float32() {
    expect(FIXED32, "a float");
    return Float.intBitsToFloat(memory.get(INT, advance(4, "a float")));
  }

  /// {@return the current field as a double}
  double float64() {
    expect(FIXED64, "a double");
    return Double.longBitsToDouble(memory.get(LONG, advance(8, "a double")));
  }

  /// {@return the current field's bytes, as a view}
  MemorySegment bytes() {
    expect(BYTES, "bytes");
    long length = length();
    return memory.asSlice(position - length, length);
  }

  /// {@return the current field as text}
  String string() {
    return string(new String[0]);
  }

  /// {@return the current field as text: one of those known where it equals one}
  ///
  /// @param known texts
  String string(String[] known) {
    expect(BYTES, "text");
    long length = length();
    for (String text : known) {
      if (text.length() == length && isAt(position - length, text)) {
        return text;
      }
    }
    if (length > Integer.MAX_VALUE - 8) {
      throw malformed("text of " + length + " bytes");
    }
    String text = window.text(position - length, (int) length);
    if (text.indexOf('\uFFFD') >= 0) {
      checkUtf8(position - length, length);
    }
    return text;
  }

  /// Whether a text stands at a position, one byte a character.
  private boolean isAt(long from, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (window.get(from + i) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void checkUtf8(long from, long length) {
    byte[] bytes = memory.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException e) {
      throw new ModelException(text("text is not UTF-8"), e);
    }
  }

  /// {@return a cursor over the message that the current field holds}
  ///
  /// @param name the message's name, for errors
  WireReader message(String name) {
    expect(BYTES, name);
    if (depth == MAX_DEPTH) {
      throw malformed("messages are nested more than " + MAX_DEPTH + " deep");
    }
    long length = length();
    return new WireReader(window, name, depth + 1, position - length, position);
  }

  /// {@return a cursor over the elements of the packed list that the current field holds, to be
  /// read with [#nextInteger()] and the like until [#atEnd()]}
  WireReader packed() {
    expect(BYTES, "a packed list");
    long length = length();
    return new WireReader(window, message, depth, position - length, position);
  }

  /// {@return whether every byte is read}
  boolean atEnd() {
    return position == end;
  }

  /// {@return the bytes not read yet}
  long remaining() {
    return end - position;
  }

  /// {@return the next element of a packed list of integers}
  long nextInteger() {
    fieldOffset = position;
    return readVarint();
  }

  /// {@return the next element of a packed list of floats}
  float nextFloat32() {
    fieldOffset = position;
    return Float.intBitsToFloat(memory.get(INT, advance(4, "a float")));
  }

  /// {@return the number of integers that the current packed list holds, by counting the bytes that
  /// end one}
  long countIntegers() {
    long count = 0;
    for (long i = position; i < end; i++) {
      count += window.get(i) >= 0 ? 1 : 0;
    }
    return count;
  }

  /// Leaves out the current field's value.
  void skip() {
    switch (wireType) {
      case VARINT -> readVarint();
      case FIXED64 -> advance(8, "a field of 8 bytes");
      case BYTES -> length();
      case FIXED32 -> advance(4, "a field of 4 bytes");
      default -> throw malformed("field " + field + " has wire type " + wireType);
    }
  }

  /// {@return the failure at the current field}
  ///
  /// @param problem what is wrong
  ModelException malformed(String problem) {
    return new ModelException(text(problem));
  }

  private String text(String problem) {
    return "malformed ONNX: %s at byte %d, in %s".formatted(problem, fieldOffset, message);
  }

  private void expect(int expected, String what) {
    if (wireType != expected) {
      throw malformed(
          "field %d should hold %s (wire type %d) but has wire type %d"
              .formatted(field, what, expected, wireType));
    }
  }

  /// Reads a length and steps over as many bytes.
  private long length() {
    long length = readVarint();
    if (length < 0 || length > end - position) {
      throw malformed(
          "field %d claims %s bytes where %d are left"
              .formatted(field, Long.toUnsignedString(length), end - position));
    }
    position += length;
    return length;
  }

  private long advance(long bytes, String what) {
    if (bytes > end - position) {
      throw malformed(what + " is cut off");
    }
    long from = position;
    position += bytes;
    return from;
  }

  private long readVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == end) {
        throw malformed("an integer is cut off");
      }
      byte b = window.get(position++);
      if (shift == 63 && (b & 0xfe) != 0) {
        break;
      }
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw malformed("an integer is longer than 64 bits");
  }
}
