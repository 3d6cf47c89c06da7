package dev.jiffy.bench.serving;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// How one connection asks the same thing again and again: the bytes that go out, and when the
/// answers that come in have ended. Made once, so that the client costs next to nothing. One
/// connection each.
abstract class Dialect {
  private byte[] rest = new byte[0];

  /// {@return what is sent first}
  abstract byte[] opening();

  /// Writes the next request.
  abstract void request(ByteBuffer out);

  /// {@return the index behind the next whole unit of an answer in some bytes, -1 if it is not
  /// whole}
  abstract int unit(byte[] bytes, int from, int to);

  /// {@return how many answers have ended with what came in}
  final int ended(ByteBuffer in) {
    byte[] bytes = rest;
    int size = rest.length;
    bytes = Arrays.copyOf(bytes, size + in.remaining());
    in.get(bytes, size, bytes.length - size);
    int count = 0;
    int at = 0;
    int next = unit(bytes, 0, bytes.length);
    while (next >= 0) {
      count += endsAnswer(bytes, at) ? 1 : 0;
      at = next;
      next = unit(bytes, at, bytes.length);
    }
    rest = Arrays.copyOfRange(bytes, at, bytes.length);
    return count;
  }

  /// {@return whether the unit that begins at an index is the last of an answer}
  ///
  /// @throws IllegalStateException if it says that the request failed
  abstract boolean endsAnswer(byte[] bytes, int at);

  /// Requests of HTTP/1.1, of which one is under way at a time.
  static final class Http extends Dialect {
    private static final byte[] LENGTH = "content-length: ".getBytes(StandardCharsets.US_ASCII);
    private final byte[] request;

    /// @param path the path
    /// @param headers further lines of the head, each with its end
    /// @param body the body
    Http(String path, String headers, byte[] body) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(
          "POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%s\r\n"
              .formatted(path, body.length, headers)
              .getBytes(StandardCharsets.US_ASCII));
      out.writeBytes(body);
      request = out.toByteArray();
    }

    @Override
    byte[] opening() {
      return new byte[0];
    }

    @Override
    void request(ByteBuffer out) {
      out.put(request);
    }

    @Override
    int unit(byte[] bytes, int from, int to) {
      int length = -1;
      for (int i = from; i + 2 < to; i++) {
        if (bytes[i] != '\n') {
          continue;
        }
        if (bytes[i + 1] == '\r') {
          return length >= 0 && i + 3 + length <= to ? i + 3 + length : -1;
        }
        if (length < 0 && (bytes[i + 1] | 32) == 'c') {
          length = length(bytes, i + 1, to);
        }
      }
      return -1;
    }

    private static int length(byte[] bytes, int from, int to) {
      int at = from;
      for (byte each : LENGTH) {
        if (at == to || (bytes[at] | 32) != (each | 32)) {
          return -1;
        }
        at++;
      }
      int length = 0;
      for (; at < to && bytes[at] != '\r'; at++) {
        length = length * 10 + bytes[at] - '0';
      }
      return at < to ? length : -1;
    }

    @Override
    boolean endsAnswer(byte[] bytes, int at) {
      if (bytes[at + 9] != '2') {
        throw new IllegalStateException(
            "the server answers: "
                + new String(bytes, at, bytes.length - at, StandardCharsets.UTF_8));
      }
      return true;
    }
  }

  /// gRPC calls over one connection of HTTP/2, each with headers as literals.
  static final class Grpc extends Dialect {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int HEAD = 9;

    private final byte[] headers;
    private final byte[] message;
    private int stream = 1;

    /// The messages whose calls have not ended.
    private int messages;

    /// @param path the method
    /// @param message the only message
    Grpc(String path, byte[] message) {
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      String[] lines = {
        ":method",
        "POST",
        ":scheme",
        "http",
        ":path",
        path,
        ":authority",
        "x",
        "content-type",
        "application/grpc",
        "te",
        "trailers"
      };
      for (int i = 0; i < lines.length; i++) {
        if (i % 2 == 0) {
          block.write(0);
        }
        block.write(lines[i].length());
        block.writeBytes(lines[i].getBytes(StandardCharsets.US_ASCII));
      }
      headers = block.toByteArray();
      this.message =
          ByteBuffer.allocate(5 + message.length)
              .put((byte) 0)
              .putInt(message.length)
              .put(message)
              .array();
    }

    @Override
    byte[] opening() {
      ByteBuffer out = ByteBuffer.allocate(128);
      out.put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      frame(out, SETTINGS, 0, 0, new byte[0]);
      frame(out, SETTINGS, 1, 0, new byte[0]);
      frame(
          out,
          WINDOW_UPDATE,
          0,
          0,
          ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE - 65_535).array());
      return Arrays.copyOf(out.array(), out.position());
    }

    private static void frame(ByteBuffer out, int type, int flags, int stream, byte[] payload) {
      out.putInt(payload.length << 8 | type).put((byte) flags).putInt(stream).put(payload);
    }

    @Override
    void request(ByteBuffer out) {
      frame(out, HEADERS, END_HEADERS, stream, headers);
      frame(out, DATA, END_STREAM, stream, message);
      stream += 2;
    }

    @Override
    int unit(byte[] bytes, int from, int to) {
      if (to - from < HEAD) {
        return -1;
      }
      int length =
          (bytes[from] & 255) << 16 | (bytes[from + 1] & 255) << 8 | (bytes[from + 2] & 255);
      return to - from >= HEAD + length ? from + HEAD + length : -1;
    }

    @Override
    boolean endsAnswer(byte[] bytes, int at) {
      int type = bytes[at + 3];
      boolean ends = type <= HEADERS && (bytes[at + 4] & END_STREAM) != 0;
      if (type == DATA) {
        messages++;
      } else if (ends) {
        messages--;
      }
      if (type == RST_STREAM || type == GO_AWAY || messages < 0) {
        throw new IllegalStateException("the server ends a call without an answer");
      }
      return ends;
    }
  }
}
