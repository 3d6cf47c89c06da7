package dev.jiffy.engine.onnx;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Builds one protobuf message.
///
/// Large contents are kept as references to their memory until the message is written, so writing a
/// model does not copy its weights. Fields are written in the order of the calls.
final class ProtoWriter {
  private static final long SMALL = 1024;
  private static final long CHUNK = 1 << 28;

  private final List<MemorySegment> parts = new ArrayList<>();
  private byte[] tail = new byte[64];
  private int tailSize;
  private long flushed;

  /// Writes an integer.
  ///
  /// @param field the field's number
  /// @param value the integer
  ProtoWriter integer(int field, long value) {
    varint((long) field << 3 | WireReader.VARINT);
    varint(value);
    return this;
  }

  /// Writes a float.
  ///
  /// @param field the field's number
  /// @param value the float
  ProtoWriter float32(int field, float value) {
    varint((long) field << 3 | WireReader.FIXED32);
    fixed32(value);
    return this;
  }

  /// Writes bytes; they must not change before the message is written.
  ///
  /// @param field the field's number
  /// @param bytes the bytes
  ProtoWriter bytes(int field, MemorySegment bytes) {
    varint((long) field << 3 | WireReader.BYTES);
    varint(bytes.byteSize());
    append(bytes);
    return this;
  }

  /// Writes a text.
  ///
  /// @param field the field's number
  /// @param text the text
  ProtoWriter string(int field, String text) {
    return bytes(field, MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
  }

  /// Writes a message, which must not change any more.
  ///
  /// @param field the field's number
  /// @param message the message
  ProtoWriter message(int field, ProtoWriter message) {
    varint((long) field << 3 | WireReader.BYTES);
    varint(message.size());
    for (MemorySegment part : message.parts) {
      append(part);
    }
    append(MemorySegment.ofArray(message.tail).asSlice(0, message.tailSize));
    return this;
  }

  /// Writes integers as a packed list.
  ///
  /// @param field the field's number
  /// @param values the integers
  ProtoWriter packedIntegers(int field, List<Long> values) {
    ProtoWriter list = new ProtoWriter();
    for (long value : values) {
      list.varint(value);
    }
    return message(field, list);
  }

  /// Writes floats as a packed list.
  ///
  /// @param field the field's number
  /// @param values the floats
  ProtoWriter packedFloats(int field, List<Float> values) {
    ProtoWriter list = new ProtoWriter();
    for (float value : values) {
      list.fixed32(value);
    }
    return message(field, list);
  }

  /// Writes bytes without a tag, whatever they mean.
  ///
  /// @param bytes the bytes
  ProtoWriter raw(byte... bytes) {
    append(MemorySegment.ofArray(bytes.clone()));
    return this;
  }

  /// {@return the message's size in bytes}
  long size() {
    return flushed + tailSize;
  }

  /// {@return the message's bytes}
  byte[] toByteArray() {
    byte[] all = new byte[Math.toIntExact(size())];
    copyTo(MemorySegment.ofArray(all));
    return all;
  }

  /// {@return the message's bytes, off the heap}
  ///
  /// @param arena decides how long they live
  MemorySegment write(Arena arena) {
    MemorySegment all = arena.allocate(size());
    copyTo(all);
    return all;
  }

  private void copyTo(MemorySegment target) {
    long at = 0;
    for (MemorySegment part : parts) {
      target.asSlice(at, part.byteSize()).copyFrom(part);
      at += part.byteSize();
    }
    target.asSlice(at, tailSize).copyFrom(MemorySegment.ofArray(tail).asSlice(0, tailSize));
  }

  /// Writes the message to a file, replacing it.
  ///
  /// @param file the file
  /// @throws IOException if the file cannot be written
  void writeTo(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      for (MemorySegment part : parts) {
        for (long at = 0; at < part.byteSize(); at += CHUNK) {
          long size = Math.min(CHUNK, part.byteSize() - at);
          writeFully(channel, part.asSlice(at, size).asByteBuffer());
        }
      }
      writeFully(channel, ByteBuffer.wrap(tail, 0, tailSize));
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    put((byte) rest);
  }

  private void fixed32(float value) {
    int bits = Float.floatToRawIntBits(value);
    for (int shift = 0; shift < 32; shift += 8) {
      put((byte) (bits >>> shift));
    }
  }

  private void put(byte b) {
    if (tailSize == tail.length) {
      tail = Arrays.copyOf(tail, tail.length * 2);
    }
    tail[tailSize++] = b;
  }

  private void append(MemorySegment bytes) {
    if (bytes.byteSize() > SMALL) {
      if (tailSize > 0) {
        parts.add(MemorySegment.ofArray(Arrays.copyOf(tail, tailSize)));
      }
      parts.add(bytes);
      flushed += tailSize + bytes.byteSize();
      tailSize = 0;
      return;
    }
    for (long i = 0; i < bytes.byteSize(); i++) {
      put(bytes.get(ValueLayout.JAVA_BYTE, i));
    }
  }
}
