package dev.jiffy.bench.load;

import dev.jiffy.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// A message of gRPC as it travels: whether it is compressed, its length, itself.
final class GrpcFrame {
  private static final int HEAD = 5;

  private GrpcFrame() {}

  /// {@return a message with its head, not compressed}
  ///
  /// @param message the message
  static byte[] of(byte[] message) {
    return ByteBuffer.allocate(Math.addExact(HEAD, message.length))
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  /// {@return the only message of a body}
  ///
  /// @param body the body
  /// @throws ProtocolException if it is no frame of one message, or that is compressed
  static byte[] message(byte[] body) {
    if (body.length < HEAD
        || body[0] != 0
        || ByteBuffer.wrap(body).getInt(1) != body.length - HEAD) {
      throw new ProtocolException(400, "expected one gRPC message that is not compressed");
    }
    return Arrays.copyOfRange(body, HEAD, body.length);
  }
}
