package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/// A message as it came.
final class Frame {
  private static final int LARGE_BYTES = 4 << 10;

  private final byte[] bytes;
  private final boolean isCompressed;
  private final int limit;

  /// @param bytes the message, perhaps compressed
  /// @param isCompressed whether it is compressed by gzip
  /// @param limit the largest message in bytes
  Frame(byte[] bytes, boolean isCompressed, int limit) {
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
  /// @throws ProtocolException if it cannot be decompressed, or is too large then
  byte[] message() {
    return isCompressed ? decompressed() : bytes;
  }

  private byte[] decompressed() {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      byte[] whole = in.readNBytes(limit + 1);
      if (whole.length > limit) {
        throw tooLarge(limit);
      }
      return whole;
    } catch (IOException e) {
      throw new ProtocolException(400, "a message is not valid gzip", e);
    }
  }

  static ProtocolException tooLarge(int limit) {
    return new ProtocolException(413, "a message is larger than %d bytes".formatted(limit));
  }
}
