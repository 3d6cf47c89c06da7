package dev.jiffy.onnxruntime;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// A protobuf message, field by field: for files that say what the writer of models does not write.
final class Wire {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  Wire integer(int field, long value) {
    varint((long) field << 3);
    varint(value);
    return this;
  }

  Wire text(int field, String... texts) {
    for (String text : texts) {
      bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  Wire message(int field, Wire message) {
    return bytes(field, message.toBytes());
  }

  Wire bytes(int field, byte... content) {
    varint((long) field << 3 | 2);
    varint(content.length);
    bytes.writeBytes(content);
    return this;
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  private void varint(long value) {
    long rest = value;
    for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
      bytes.write((int) ((rest & 0x7f) | 0x80));
    }
    bytes.write((int) rest);
  }
}
