package dev.jiffy.server;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/// What an HTTP/2 client sends, byte by byte.
///
/// Source: RFC 9113 (frames) and RFC 7541 (headers as literals that are not indexed).
final class Http2Bytes {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int PRIORITY = 2;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GO_AWAY = 7;
  static final int WINDOW_UPDATE = 8;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  /// How many bytes may be sent over a stream of which nothing else was said.
  static final int WINDOW = 65_535;

  /// What a reset says of its cause.
  static final byte[] CANCEL = {0, 0, 0, 8};

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Http2Bytes() {
    out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
  }

  Http2Bytes frame(int type, int flags, int stream, byte[] payload) {
    out.writeBytes(one(type, flags, stream, payload));
    return this;
  }

  /// {@return a frame}
  static byte[] one(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .putInt(payload.length << 8 | type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  /// {@return a connection over which gRPC asks on stream 1 whether the server lives, and takes a
  /// stream back}
  ///
  /// @param stream the stream that is taken back
  /// @param window how many bytes the server may send over a stream
  static byte[] resetting(int stream, int window) {
    return new Http2Bytes()
        .frame(SETTINGS, 0, 0, ByteBuffer.allocate(6).putShort((short) 4).putInt(window).array())
        .frame(HEADERS, END_HEADERS, 1, call("ServerLive"))
        .frame(DATA, END_STREAM, 1, new byte[5])
        .frame(RST_STREAM, 0, stream, CANCEL)
        .frame(PING, 0, 0, new byte[8])
        .bytes();
  }

  /// {@return the headers of a call of gRPC}
  ///
  /// @param method its name
  /// @param more names and values, in turn
  static byte[] call(String method, String... more) {
    String[] head = {
      ":method", "POST",
      ":path", "/inference.GRPCInferenceService/" + method,
      ":scheme", "http",
      ":authority", "x",
      "content-type", "application/grpc",
      "te", "trailers"
    };
    return headers(Stream.of(head, more).flatMap(Stream::of).toArray(String[]::new));
  }

  /// {@return names and values, in turn, as a block of headers}
  static byte[] headers(String... namesAndValues) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndValues.length; i++) {
      if (i % 2 == 0) {
        block.write(0);
      }
      block.write(namesAndValues[i].length());
      block.writeBytes(namesAndValues[i].getBytes(StandardCharsets.ISO_8859_1));
    }
    return block.toByteArray();
  }

  byte[] bytes() {
    return out.toByteArray();
  }
}
