package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.BodyMemory;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.function.Consumer;

/// Cuts the bytes of one call into frames as they arrive. Takes no more memory than twice what has
/// arrived of one message, whatever was announced. One thread at a time.
final class Messages {
  private static final int HEAD = 5;
  private static final int FIRST = 4 << 10;

  private final int limit;
  private final boolean isGzip;
  private final BodyMemory memory;
  private final Consumer<Frame> taker;
  private BodyMemory.Share share;
  private byte[] bytes = new byte[0];
  private int size;

  /// The length of the message that arrives, -1 while its head does.
  private int length = -1;

  private boolean isCompressed;
  private int headSize;
  private final byte[] head = new byte[HEAD];

  /// @param limit the largest message, also when it comes compressed, in bytes
  /// @param isGzip whether messages may be compressed by gzip
  /// @param memory what all messages together may take
  /// @param taker takes each frame, and releases it unless it throws something
  Messages(int limit, boolean isGzip, BodyMemory memory, Consumer<Frame> taker) {
    this.limit = limit;
    this.isGzip = isGzip;
    this.memory = memory;
    this.share = memory.share();
    this.taker = taker;
  }

  /// Takes what has arrived.
  ///
  /// @throws ProtocolException if it is no frame of a message, the message is too large, or there
  ///   is no room for it
  void add(Buffer chunk) {
    int at = 0;
    int end = chunk.length();
    while (at < end) {
      if (length < 0) {
        head[headSize++] = chunk.getByte(at++);
        if (headSize == HEAD) {
          begin();
        }
      } else {
        int part = Math.min(end - at, length - size);
        if (!share.add(part)) {
          throw BodyMemory.crowded();
        }
        need(part);
        chunk.getBytes(at, at + part, bytes, size);
        size += part;
        at += part;
      }
      if (length >= 0 && size == length) {
        finish();
      }
    }
  }

  private void begin() {
    int flag = head[0];
    if (flag != 0 && flag != 1) {
      throw new ProtocolException(400, "a message's compression flag must be 0 or 1");
    }
    isCompressed = flag == 1;
    if (isCompressed && !isGzip) {
      throw new ProtocolException(501, "messages may be compressed by gzip only");
    }
    long announced =
        (head[1] & 0xffL) << 24 | (head[2] & 0xff) << 16 | (head[3] & 0xff) << 8 | (head[4] & 0xff);
    if (announced > limit) {
      throw Frame.tooLarge(limit);
    }
    length = (int) announced;
    bytes = new byte[Math.min(length, FIRST)];
  }

  private void need(int more) {
    if (more > bytes.length - size) {
      long doubled = Math.max(2L * bytes.length, (long) size + more);
      bytes = Arrays.copyOf(bytes, (int) Math.min(doubled, length));
    }
  }

  private void finish() {
    byte[] message = bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    bytes = new byte[0];
    size = 0;
    length = -1;
    headSize = 0;
    Frame frame = new Frame(message, isCompressed, limit, share);
    share = memory.share();
    try {
      taker.accept(frame);
    } catch (RuntimeException | Error e) {
      frame.release();
      throw e;
    }
  }

  /// Lets go of a message that has not come as a whole. Idempotent.
  void release() {
    share.release();
    bytes = new byte[0];
  }

  /// Checks that all that arrived was whole messages.
  ///
  /// @throws ProtocolException if it was not
  void end() {
    if (headSize > 0) {
      throw new ProtocolException(400, "the call ends within a message");
    }
  }
}
