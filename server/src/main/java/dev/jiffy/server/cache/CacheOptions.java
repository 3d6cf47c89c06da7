package dev.jiffy.server.cache;

import java.time.Duration;

/// How the answers of one model are kept. Immutable.
///
/// @param bytes the most memory that questions and answers take together
/// @param ttl how long an answer is given again
public record CacheOptions(long bytes, Duration ttl) {
  private static final long BYTES = 64L << 20;

  /// Checks the numbers.
  public CacheOptions {
    if (bytes < 1 || ttl.toNanos() < 1) {
      throw new IllegalArgumentException(
          "a cache has at least one byte and keeps answers for some time, got %d bytes and %s"
              .formatted(bytes, ttl));
    }
  }

  /// {@return 64 MiB, and 5 minutes for an answer}
  public static CacheOptions defaults() {
    return new CacheOptions(BYTES, Duration.ofMinutes(5));
  }
}
