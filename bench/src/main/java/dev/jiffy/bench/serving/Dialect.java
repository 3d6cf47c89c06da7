package dev.jiffy.bench.serving;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/// How one connection asks the same thing again and again: the bytes that go out, and when the
/// answers that come in have ended. Made once, so that the client costs next to nothing. One
/// connection each.
abstract class Dialect {
  private byte[] rest = new byte[0];

  /// {@return what is sent first}
  abstract byte[] opening();

  /// Asks for more.
  ///
  /// @param count how many requests are to be written
  abstract void request(int count);

  /// Writes what is to be written, as far as there is room and the other side lets it.
  ///
  /// @return whether more could be written, had there been room
  abstract boolean write(ByteBuffer out);

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

    /// The requests that are not written to their end, and what of the first of them is.
    private int unwritten;

    private int written;

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
    void request(int count) {
      unwritten += count;
    }

    @Override
    boolean write(ByteBuffer out) {
      while (unwritten > 0 && out.hasRemaining()) {
        int size = Math.min(out.remaining(), request.length - written);
        out.put(request, written, size);
        written += size;
        if (written == request.length) {
          written = 0;
          unwritten--;
        }
      }
      return unwritten > 0;
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

  /// gRPC calls over one connection of HTTP/2, each with headers as literals. What is sent keeps to
  /// the server's windows; answers may be of any size.
  static final class Grpc extends Dialect {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACK = 1;
    private static final int HEAD = 9;

    /// The key of a setting: how much of a stream may be sent before the other side gives more.
    private static final int INITIAL_WINDOW_SIZE = 4;

    /// The largest payload of a frame that every server takes.
    private static final int MOST_DATA = 16_384;

    /// What may be sent, in a stream and over the connection, before the other side says more.
    private static final int FIRST_WINDOW = 65_535;

    /// What is received before the window of the connection is filled up again.
    private static final int REFILL = 1 << 30;

    private final byte[] headers;
    private final byte[] message;
    private int stream = 1;

    /// The calls that are not written to their end.
    private final Deque<Call> unwritten = new ArrayDeque<>();

    private long window = FIRST_WINDOW;
    private long streamWindow = FIRST_WINDOW;
    private int received;

    /// The streams that have a message and have not ended.
    private final Set<Integer> answered = new HashSet<>();

    private static final class Call {
      final int stream;
      long window;

      /// What is written of the message, -1 before the headers are.
      int written = -1;

      Call(int stream, long window) {
        this.stream = stream;
        this.window = window;
      }
    }

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
      head(out, 6, SETTINGS, 0, 0);
      out.putShort((short) INITIAL_WINDOW_SIZE).putInt(Integer.MAX_VALUE);
      head(out, 0, SETTINGS, ACK, 0);
      more(out, Integer.MAX_VALUE - FIRST_WINDOW);
      return Arrays.copyOf(out.array(), out.position());
    }

    private static void head(ByteBuffer out, int length, int type, int flags, int stream) {
      out.putInt(length << 8 | type).put((byte) flags).putInt(stream);
    }

    /// Lets the server send more over the connection.
    private static void more(ByteBuffer out, int bytes) {
      head(out, 4, WINDOW_UPDATE, 0, 0);
      out.putInt(bytes);
    }

    @Override
    void request(int count) {
      for (int i = 0; i < count; i++) {
        unwritten.add(new Call(stream, streamWindow));
        stream += 2;
      }
    }

    @Override
    boolean write(ByteBuffer out) {
      if (received >= REFILL && out.remaining() >= HEAD + 4) {
        more(out, received);
        received = 0;
      }
      for (Call call : unwritten) {
        if (!write(call, out)) {
          return true;
        }
      }
      unwritten.removeIf(call -> call.written == message.length);
      return false;
    }

    /// Writes what of a call the windows allow.
    ///
    /// @return whether there was room for it
    private boolean write(Call call, ByteBuffer out) {
      if (call.written < 0) {
        if (out.remaining() < HEAD + headers.length) {
          return false;
        }
        head(out, headers.length, HEADERS, END_HEADERS, call.stream);
        out.put(headers);
        call.written = 0;
      }
      while (call.written < message.length && Math.min(window, call.window) > 0) {
        int left = message.length - call.written;
        int size = (int) Math.min(Math.min(left, MOST_DATA), Math.min(window, call.window));
        if (out.remaining() < HEAD + size) {
          return false;
        }
        head(out, size, DATA, size == left ? END_STREAM : 0, call.stream);
        out.put(message, call.written, size);
        call.written += size;
        call.window -= size;
        window -= size;
      }
      return true;
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
      ByteBuffer frame = ByteBuffer.wrap(bytes);
      int length = frame.getInt(at) >>> 8;
      int type = bytes[at + 3];
      boolean ends = type <= HEADERS && (bytes[at + 4] & END_STREAM) != 0;
      int of = frame.getInt(at + 5);
      boolean isUnanswered = false;
      switch (type) {
        case DATA -> {
          received += length;
          boolean _ = ends ? answered.remove(of) : answered.add(of);
        }
        case HEADERS -> isUnanswered = ends && !answered.remove(of);
        case SETTINGS -> settings(frame, at + HEAD, length);
        case WINDOW_UPDATE -> give(of, frame.getInt(at + HEAD));
        default -> isUnanswered = type == RST_STREAM || type == GO_AWAY;
      }
      if (isUnanswered) {
        throw new IllegalStateException("the server ends a call without an answer");
      }
      return ends;
    }

    private void settings(ByteBuffer frame, int from, int length) {
      for (int at = from; at < from + length; at += 6) {
        if (frame.getShort(at) == INITIAL_WINDOW_SIZE) {
          long more = frame.getInt(at + 2) - streamWindow;
          streamWindow += more;
          unwritten.forEach(call -> call.window += more);
        }
      }
    }

    /// Takes down that the server takes more of a stream, or of all for 0.
    private void give(int of, int bytes) {
      window += of == 0 ? bytes : 0;
      for (Call call : unwritten) {
        call.window += call.stream == of ? bytes : 0;
      }
    }
  }
}
