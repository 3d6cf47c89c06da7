package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/// The raw form of a tensor's elements: little-endian, row-major, without padding; a truth value is
/// one byte, 0 or 1; a string is its length in bytes as u32 and its UTF-8.
final class BinaryElements {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private BinaryElements() {}

  /// {@return the bytes that a tensor's elements take}
  ///
  /// @throws ArithmeticException if they are more than 2^63
  static long size(Tensor tensor) {
    if (tensor.dtype() != DType.STRING) {
      return tensor.segment().byteSize();
    }
    long bytes = 0;
    for (String text : tensor.strings()) {
      bytes += 4L + text.getBytes(StandardCharsets.UTF_8).length;
    }
    return bytes;
  }

  /// {@return the position behind a tensor's elements, written at a position}
  static int write(Tensor tensor, byte[] body, int position) {
    if (tensor.dtype() != DType.STRING) {
      int size = (int) tensor.segment().byteSize();
      MemorySegment.copy(tensor.segment(), ValueLayout.JAVA_BYTE, 0, body, position, size);
      return position + size;
    }
    for (String text : tensor.strings()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      INT.set(body, position, bytes.length);
      System.arraycopy(bytes, 0, body, position + 4, bytes.length);
      position += 4 + bytes.length;
    }
    return position;
  }

  /// Reads a tensor's elements.
  ///
  /// @param size how many bytes they must take exactly
  /// @throws ProtocolException if they are malformed
  static void read(byte[] body, int position, int size, Tensor tensor, String label) {
    if (tensor.dtype() == DType.STRING) {
      strings(body, position, size, tensor, label);
      return;
    }
    if (tensor.dtype() == DType.BOOL) {
      for (int i = position; i < position + size; i++) {
        if (body[i] != 0 && body[i] != 1) {
          throw ProtocolException.badRequest(
              "%s: a BOOL is a byte 0 or 1, got %d", label, body[i] & 0xff);
        }
      }
    }
    MemorySegment.copy(body, position, tensor.segment(), ValueLayout.JAVA_BYTE, 0, size);
  }

  private static void strings(byte[] body, int position, int size, Tensor tensor, String label) {
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    int end = position + size;
    for (long i = 0; i < tensor.shape().elements(); i++) {
      if (end - position < 4) {
        throw framing(label, i);
      }
      long length = Integer.toUnsignedLong((int) INT.get(body, position));
      position += 4;
      if (length > end - position) {
        throw framing(label, i);
      }
      try {
        tensor.setString(i, utf8.decode(ByteBuffer.wrap(body, position, (int) length)).toString());
      } catch (CharacterCodingException e) {
        throw new ProtocolException(
            400, "%s: element %d of BYTES is not UTF-8".formatted(label, i), e);
      }
      position += (int) length;
    }
    if (position != end) {
      throw ProtocolException.badRequest(
          "%s: %d bytes are left behind the %d elements of BYTES",
          label, end - position, tensor.shape().elements());
    }
  }

  private static ProtocolException framing(String label, long index) {
    return ProtocolException.badRequest(
        "%s: element %d of BYTES goes beyond 'binary_data_size'", label, index);
  }
}
