package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.BodyCollector;
import dev.jiffy.server.call.BodyMemory;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Cuts the bytes of one call into frames as they arrive. One thread at a time.
final class Messages {
  private static final int HEAD = 5;

  private final int limit;
  private final boolean isGzip;
  private final BodyMemory memory;
  private final Consumer<Frame> taker;

  /// The message that arrives, null while its head does.
  private @Nullable BodyCollector message;

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
      BodyCollector arriving = message;
      if (arriving == null) {
        head[headSize++] = chunk.getByte(at++);
        arriving = headSize == HEAD ? begun() : null;
        message = arriving;
      } else {
        int part = (int) Math.min(end - at, arriving.missing());
        arriving.add(chunk, at, at + part);
        at += part;
      }
      if (arriving != null && arriving.missing() == 0) {
        finish(arriving);
      }
    }
  }

  private BodyCollector begun() {
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
    return new BodyCollector(announced, limit, memory);
  }

  private void finish(BodyCollector whole) {
    Frame frame = new Frame(whole.body(), isCompressed, limit);
    message = null;
    headSize = 0;
    try {
      taker.accept(frame);
    } catch (RuntimeException | Error e) {
      frame.release();
      throw e;
    }
  }

  /// Lets go of a message that has not come as a whole. Idempotent.
  void release() {
    BodyCollector arriving = message;
    if (arriving != null) {
      arriving.release();
    }
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
