package dev.jiffy.server.grpc;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.Body;
import dev.jiffy.server.call.BodyMemory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// A message as it came. One thread at a time.
final class Frame {
  private static final int LARGE_BYTES = 4 << 10;
  private static final int BLOCK = 64 << 10;
  private static final byte[] NOTHING = new byte[0];

  private final BodyMemory.Share share;
  private byte[] bytes;
  private final boolean isCompressed;
  private final int limit;

  /// @param message the message, perhaps compressed
  /// @param isCompressed whether it is compressed by gzip
  /// @param limit the largest message in bytes
  Frame(Body message, boolean isCompressed, int limit) {
    this.share = message.share();
    this.bytes = message.bytes();
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
      List<byte[]> blocks = new ArrayList<>();
      int size = 0;
      for (byte[] block = in.readNBytes(BLOCK); block.length > 0; block = in.readNBytes(BLOCK)) {
        if (block.length > limit - size) {
          throw tooLarge(limit);
        }
        share.add(block.length);
        blocks.add(block);
        size += block.length;
      }
      return joined(blocks, size);
    } catch (IOException e) {
      throw new ProtocolException(400, "a message is not valid gzip", e);
    }
  }

  private static byte[] joined(List<byte[]> blocks, int size) {
    if (blocks.size() == 1) {
      return blocks.getFirst();
    }
    byte[] all = new byte[size];
    int at = 0;
    for (byte[] block : blocks) {
      System.arraycopy(block, 0, all, at, block.length);
      at += block.length;
    }
    return all;
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
