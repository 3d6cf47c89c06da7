package dev.jiffy.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads the wire format of protocol buffers in an array, within the bounds of one message. What is
/// malformed is a [ProtocolException]. Not shared.
///
/// Source: the encoding guide of protocol buffers.
final class WireReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int FIXED32 = 5;

  private final byte[] bytes;
  private final int end;
  private int position;

  WireReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private WireReader(byte[] bytes, int position, int end) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  /// {@return the next field's number and type, 0 at the end of the message}
  int tag() {
    if (position == end) {
      return 0;
    }
    long tag = varint();
    if (tag < 8 || tag > 0xffff_ffffL) {
      throw malformed("a field has no number");
    }
    return (int) tag;
  }

  static int field(int tag) {
    return tag >>> 3;
  }

  static int type(int tag) {
    return tag & 7;
  }

  /// Checks that a field is encoded as it must be.
  void expect(int tag, int type, String name) {
    if (type(tag) != type) {
      throw ProtocolException.badRequest(
          "the message is malformed: field '%s' has wire type %d, expected %d",
          name, type(tag), type);
    }
  }

  boolean atEnd() {
    return position == end;
  }

  int position() {
    return position;
  }

  /// {@return the array that is read; not copied}
  byte[] bytes() {
    return bytes;
  }

  long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position == end) {
        throw malformed("it ends within a number");
      }
      byte part = bytes[position++];
      value |= (long) (part & 0x7f) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw malformed("a number is longer than 64 bits");
  }

  int fixed32() {
    if (end - position < 4) {
      throw malformed("it ends within a number");
    }
    int value =
        (bytes[position] & 0xff)
            | (bytes[position + 1] & 0xff) << 8
            | (bytes[position + 2] & 0xff) << 16
            | bytes[position + 3] << 24;
    position += 4;
    return value;
  }

  long fixed64() {
    long low = fixed32() & 0xffff_ffffL;
    return low | (long) fixed32() << 32;
  }

  /// {@return a reader of the bytes that a length stands before, which this one skips}
  WireReader message() {
    long length = varint();
    if (length < 0 || length > end - position) {
      throw malformed("a field is longer than the message");
    }
    int from = position;
    position += (int) length;
    return new WireReader(bytes, from, position);
  }

  /// {@return the text that a length stands before}
  String text(String name, int maxLength) {
    String text = message().rest(name);
    if (text.length() > maxLength) {
      throw ProtocolException.badRequest(
          "'%s' has %d characters, more than the %d allowed", name, text.length(), maxLength);
    }
    return text;
  }

  /// {@return all that is left, as text}
  String rest(String name) {
    for (int i = position; i < end; i++) {
      if (bytes[i] < 0) {
        return decoded(name);
      }
    }
    String text = new String(bytes, position, end - position, StandardCharsets.ISO_8859_1);
    position = end;
    return text;
  }

  private String decoded(String name) {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes, position, end - position))
              .toString();
      position = end;
      return text;
    } catch (CharacterCodingException e) {
      throw new ProtocolException(400, "'%s' is not UTF-8".formatted(name), e);
    }
  }

  /// {@return how many bytes are left}
  int remaining() {
    return end - position;
  }

  /// Passes over a field that the protocol does not know.
  void skip(int tag) {
    int bytesToSkip =
        switch (type(tag)) {
          case VARINT -> {
            varint();
            yield 0;
          }
          case FIXED64 -> 8;
          case LENGTH -> {
            message();
            yield 0;
          }
          case FIXED32 -> 4;
          default -> throw malformed("it has a field of wire type " + type(tag));
        };
    if (bytesToSkip > end - position) {
      throw malformed("it ends within a number");
    }
    position += bytesToSkip;
  }

  private ProtocolException malformed(String why) {
    return ProtocolException.badRequest("the message is malformed at byte %d: %s", position, why);
  }
}
