package dev.jiffy.server.http;

import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/// The bytes of a body as they arrive. Takes no more memory than twice what has arrived, whatever
/// was announced.
final class BodyCollector {
  private static final int FIRST = 16 << 10;

  private final int limit;
  private byte[] bytes;
  private int size;

  /// @param announced how many bytes are said to come, negative if nothing was said
  /// @param limit the most bytes that are taken
  BodyCollector(long announced, int limit) {
    this.limit = limit;
    this.bytes = new byte[announced < 0 ? FIRST : (int) Math.min(announced, FIRST)];
  }

  /// {@return whether the bytes were taken; not if they would be too many}
  boolean add(Buffer chunk) {
    int length = chunk.length();
    if (length > limit - size) {
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

  /// {@return all bytes}
  byte[] body() {
    return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
  }
}
