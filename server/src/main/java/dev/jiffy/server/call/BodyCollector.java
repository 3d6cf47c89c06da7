package dev.jiffy.server.call;

import dev.jiffy.protocol.ProtocolException;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/// The bytes of a body or message as they arrive. Takes nothing before any has, then at most 16 KiB
/// of what was announced, and beyond that no more memory than twice what has arrived, whatever was
/// announced. One thread at a time.
public final class BodyCollector {
  /// The most chunks of a body whose length was not announced: each costs time, however small.
  public static final int MAX_CHUNKS = 65_536;

  private static final int FIRST = 16 << 10;
  private static final byte[] NOTHING = new byte[0];

  private final long announced;
  private final int limit;
  private final BodyMemory.Share share;
  private byte[] bytes = NOTHING;
  private int size;
  private int chunks;

  /// The bytes of a body of which none has arrived.
  ///
  /// @param announced how many bytes are said to come, negative if nothing was said
  /// @param limit the most bytes that are taken
  /// @param memory what all bodies together may take
  public BodyCollector(long announced, int limit, BodyMemory memory) {
    this.announced = announced;
    this.limit = limit;
    this.share = memory.share();
  }

  /// Takes what has arrived.
  ///
  /// @param chunk holds it
  /// @param from where it begins
  /// @param to where it ends
  /// @throws ProtocolException if the bytes, or the chunks, would be too many, or there is no room
  public void add(Buffer chunk, int from, int to) {
    int more = to - from;
    if (more > limit - size) {
      throw new ProtocolException(413, "the body is larger than %d bytes".formatted(limit));
    }
    if (announced < 0 && ++chunks > MAX_CHUNKS) {
      throw new ProtocolException(413, "the body has more than %d chunks".formatted(MAX_CHUNKS));
    }
    if (more > bytes.length - size) {
      grow(size + more);
    }
    chunk.getBytes(from, to, bytes, size);
    size += more;
  }

  private void grow(int least) {
    long wanted = bytes.length == 0 ? Math.min(announced, FIRST) : 2L * bytes.length;
    int most = least <= announced ? (int) Math.min(announced, limit) : limit;
    int length = (int) Math.min(Math.max(wanted, least), most);
    share.add((long) length - bytes.length);
    bytes = Arrays.copyOf(bytes, length);
  }

  /// {@return how many of the bytes that were announced have not arrived}
  public long missing() {
    return announced - size;
  }

  /// Lets go of the bytes, unless they were handed over. Idempotent.
  public void release() {
    share.release();
    bytes = NOTHING;
    size = 0;
  }

  /// {@return all bytes, with what they take: there is nothing left to release here}
  ///
  /// @throws IllegalStateException if there are fewer than were announced: some were lost here, as
  ///   the connection would have told of a client that said fewer
  public Body body() {
    if (announced >= 0 && size != announced) {
      throw new IllegalStateException(
          "of a body of %d bytes %d are there".formatted(announced, size));
    }
    byte[] all = size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
    bytes = NOTHING;
    return new Body(all, share.moved());
  }
}
