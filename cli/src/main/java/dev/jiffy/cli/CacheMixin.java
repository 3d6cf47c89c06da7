package dev.jiffy.cli;

import dev.jiffy.server.cache.CacheOptions;
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

  /// {@return how answers are kept, null to compute each anew}
  @Nullable CacheOptions options() {
    return bytes == null ? null : new CacheOptions(bytes, ttl);
  }
}
