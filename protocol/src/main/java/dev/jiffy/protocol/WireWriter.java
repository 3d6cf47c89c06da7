package dev.jiffy.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes the wire format of protocol buffers into an array that grows. Fields that have their
/// type's default value are left out. Not shared.
///
/// Source: the encoding guide of protocol buffers.
final class WireWriter {
  private byte[] bytes;
  private int size;

  /// @param capacity about how many bytes will be written
  WireWriter(int capacity) {
    this.bytes = new byte[Math.max(16, capacity)];
  }

  int size() {
    return size;
  }

  /// {@return what was written}
  byte[] toBytes() {
    return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
  }

  private void need(int more) {
    if (more > bytes.length - size) {
      long doubled = Math.max(2L * bytes.length, (long) size + more);
      if (doubled > Integer.MAX_VALUE - 16) {
        doubled = Integer.MAX_VALUE - 16;
        if (more > doubled - size) {
          throw ProtocolException.badRequest("the message would be larger than 2 GiB");
        }
      }
      bytes = Arrays.copyOf(bytes, (int) doubled);
    }
  }

  private void raw(long value) {
    need(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  private void tag(int field, int type) {
    raw((long) field << 3 | type);
  }

  /// Writes a number of a repeated field, without its tag.
  void element(long value) {
    raw(value);
  }

  /// Writes a number, also 0, as one of several that a field may hold.
  void present(int field, long value) {
    tag(field, WireReader.VARINT);
    raw(value);
  }

  void number(int field, long value) {
    if (value != 0) {
      present(field, value);
    }
  }

  void flag(int field, boolean value) {
    number(field, value ? 1 : 0);
  }

  void real(int field, double value) {
    tag(field, WireReader.FIXED64);
    need(8);
    long bits = Double.doubleToRawLongBits(value);
    for (int i = 0; i < 8; i++) {
      bytes[size++] = (byte) (bits >>> (8 * i));
    }
  }

  void text(int field, String value) {
    if (!value.isEmpty()) {
      presentText(field, value);
    }
  }

  /// Writes a text, also an empty one.
  void presentText(int field, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    int at = reserve(field, utf8.length);
    System.arraycopy(utf8, 0, bytes, at, utf8.length);
  }

  void message(int field, WireWriter message) {
    int at = reserve(field, message.size);
    System.arraycopy(message.bytes, 0, bytes, at, message.size);
  }

  /// {@return where the bytes of a field are to be put, in [#array]}
  int reserve(int field, long length) {
    tag(field, WireReader.LENGTH);
    raw(length);
    if (length > Integer.MAX_VALUE - 16) {
      throw ProtocolException.badRequest("the message would be larger than 2 GiB");
    }
    need((int) length);
    int at = size;
    size += (int) length;
    return at;
  }

  /// {@return the array that is written to, valid until more is written}
  byte[] array() {
    return bytes;
  }
}
