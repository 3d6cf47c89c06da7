package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.BodyMemory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/// A message as it came. One thread at a time.
final class Frame {
  private static final int LARGE_BYTES = 4 << 10;
  private static final byte[] NOTHING = new byte[0];

  private final BodyMemory.Share share;
  private byte[] bytes;
  private final boolean isCompressed;
  private final int limit;

  /// @param bytes the message, perhaps compressed
  /// @param isCompressed whether it is compressed by gzip
  /// @param limit the largest message in bytes
  /// @param share what the bytes take of the memory for all messages
  Frame(byte[] bytes, boolean isCompressed, int limit, BodyMemory.Share share) {
    this.share = share;
    this.bytes = bytes;
    this.isCompressed = isCompressed;
    this.limit = limit;
  }

  /// {@return whether it takes too long for an event loop to decompress}
  boolean isLongToRead() {
    return isCompressed && bytes.length > LARGE_BYTES;
  }

  /// {@return the message}
  ///
  /// @throws ProtocolException if it cannot be decompressed, or is too large then, or there is no
  ///   room for it
  byte[] message() {
    return isCompressed ? decompressed() : bytes;
  }

  private byte[] decompressed() {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      byte[] whole = in.readNBytes(limit);
      if (in.read() >= 0) {
        throw tooLarge(limit);
      }
      if (!share.add(whole.length)) {
        throw BodyMemory.crowded();
      }
      return whole;
    } catch (IOException e) {
      throw new ProtocolException(400, "a message is not valid gzip", e);
    }
  }

  /// Lets go of the bytes, once the message is read. Idempotent.
  void release() {
    share.release();
    bytes = NOTHING;
  }

  static ProtocolException tooLarge(int limit) {
    return new ProtocolException(413, "a message is larger than %d bytes".formatted(limit));
  }
}
