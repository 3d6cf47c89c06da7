package dev.jiffy.server.http;

import dev.jiffy.server.call.BodyMemory;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/// The bytes of a body as they arrive. Takes no more memory than twice what has arrived, whatever
/// was announced.
final class BodyCollector {
  /// The most chunks of a body whose length was not announced: each costs time, however small.
  static final int MAX_CHUNKS = 65_536;

  private static final int FIRST = 16 << 10;
  private static final byte[] NOTHING = new byte[0];

  private final long announced;
  private final int limit;
  private final BodyMemory.Share share;
  private byte[] bytes;
  private int size;
  private int chunks;
  private boolean isCrowded;

  /// @param announced how many bytes are said to come, negative if nothing was said
  /// @param limit the most bytes that are taken
  /// @param share what the bytes take of the memory for all bodies
  BodyCollector(long announced, int limit, BodyMemory.Share share) {
    this.share = share;
    this.announced = announced;
    this.limit = limit;
    this.bytes = new byte[announced < 0 ? FIRST : (int) Math.min(announced, FIRST)];
  }

  /// {@return whether the bytes were taken; not if they, or the chunks, would be too many, or there
  /// is no room}
  boolean add(Buffer chunk) {
    int length = chunk.length();
    chunks++;
    if (length > limit - size || isCrumbled()) {
      return false;
    }
    if (!share.add(length)) {
      isCrowded = true;
      return false;
    }
    if (length > bytes.length - size) {
      long doubled = Math.max(2L * bytes.length, (long) size + length);
      bytes = Arrays.copyOf(bytes, (int) Math.min(doubled, limit));
    }
    chunk.getBytes(bytes, size);
    size += length;
    return true;
  }

  /// {@return whether there were too many chunks}
  boolean isCrumbled() {
    return announced < 0 && chunks > MAX_CHUNKS;
  }

  /// {@return whether other bodies left no room}
  boolean isCrowded() {
    return isCrowded;
  }

  /// Lets go of the bytes. Idempotent.
  void release() {
    share.release();
    bytes = NOTHING;
    size = 0;
  }

  /// {@return all bytes}
  ///
  /// @throws IllegalStateException if there are fewer than were announced: some were lost here, as
  ///   the connection would have told of a client that said fewer
  byte[] body() {
    if (announced >= 0 && size != announced) {
      throw new IllegalStateException(
          "of a body of %d bytes %d are there".formatted(announced, size));
    }
    return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
  }
}
