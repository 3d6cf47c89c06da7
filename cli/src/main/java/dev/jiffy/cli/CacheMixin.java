package dev.jiffy.cli;

import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.cache.RedisOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say whether answers are kept.
final class CacheMixin {
  @Option(
      names = "--cache",
      paramLabel = "BYTES",
      converter = OptionValues.Size.class,
      description = {
        "Keep answers of each model, with their questions, in so many bytes, and give them again to"
            + " equal questions; not by default.",
        "Where that costs more than it saves, requests pass by. Not for models that draw random"
            + " numbers."
      })
  private @Nullable Long bytes;

  @Option(
      names = "--cache-ttl",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "How long an answer is given again; 300 by default.")
  private Duration ttl = CacheOptions.defaults().ttl();

  @Option(
      names = "--cache-redis",
      paramLabel = "URL",
      description = {
        "Share the answers that models keep with other servers, through a Redis server:"
            + " redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or HOST:PORT; not by default.",
        "Where Redis is slow or gone, answers are computed as if it was not there. A URL with a"
            + " password is better put into JIFFY_CACHE_REDIS."
      })
  private @Nullable String redis;

  @Option(
      names = "--cache-redis-timeout",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "How long a request may wait for Redis at most; 0.005 by default.")
  private @Nullable Duration redisTimeout;

  /// {@return where answers are shared, null for nowhere}
  ///
  /// @throws IllegalArgumentException if there is no such place
  @Nullable RedisOptions redis() {
    if (redis == null) {
      return null;
    }
    RedisOptions server = RedisOptions.of(redis);
    return redisTimeout == null ? server : server.timeout(redisTimeout);
  }

  /// {@return how long answers are given again}
  Duration ttl() {
    return ttl;
  }

  /// {@return how answers are kept, null to compute each anew}
  @Nullable CacheOptions options() {
    return bytes == null ? null : new CacheOptions(bytes, ttl);
  }
}
