package dev.jiffy.protocol;

import java.nio.ByteBuffer;

/// Memory that a peer on the same machine shares, in regions that have names: the protocol's
/// extension `system_shared_memory`. Shared between threads.
public interface SharedMemory {
  /// No memory at all.
  SharedMemory NONE =
      new SharedMemory() {
        @Override
        public boolean isInUse() {
          return false;
        }

        @Override
        public Span locate(SharedRange range) {
          throw ProtocolException.badRequest("shared memory is not supported");
        }

        @Override
        public void read(SharedRange range, ByteBuffer target) {
          locate(range);
        }

        @Override
        public void write(SharedRange range, ByteBuffer source) {
          locate(range);
        }
      };

  /// Where something lies.
  ///
  /// @param key the memory object
  /// @param from its first byte
  /// @param to the byte behind its last one
  record Span(String key, long from, long to) {
    /// {@return whether two have a byte in common}
    ///
    /// @param other the other
    public boolean overlaps(Span other) {
      return key.equals(other.key) && from < other.to && other.from < to;
    }
  }

  /// {@return whether there is any region now}
  boolean isInUse();

  /// {@return where a range lies}
  ///
  /// @param range a part of a region
  /// @throws ProtocolException if there is no such region, or the range reaches beyond it
  Span locate(SharedRange range);

  /// Copies bytes out of a region.
  ///
  /// @param range where from
  /// @param target where to: as many bytes as the range has
  /// @throws ProtocolException if there is no such region, or it has become smaller than the range
  void read(SharedRange range, ByteBuffer target);

  /// Copies bytes into a region.
  ///
  /// @param range where to
  /// @param source what: as many bytes as the range has at most
  /// @throws ProtocolException if there is no such region, or it has become smaller than the range
  void write(SharedRange range, ByteBuffer source);
}
