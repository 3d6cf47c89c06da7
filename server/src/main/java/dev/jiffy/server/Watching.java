package dev.jiffy.server;

import dev.jiffy.server.WatchOptions.Names;
import dev.jiffy.server.metrics.Exposition;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.redis.RedisAnswers;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.telemetry.Telemetry;
import dev.jiffy.server.telemetry.TelemetryOptions;
import dev.jiffy.server.watch.Tracing;
import dev.jiffy.server.watch.Watch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The watch of a server, and what scrapers are told.
///
/// @param watch the watch
/// @param metrics what scrapers are told, null for nothing
record Watching(Watch watch, @Nullable Exposition metrics) {
  /// {@return what the options ask for}
  ///
  /// @param options what is told of the server, and to whom
  /// @param version the server's version
  /// @param traffic counts what goes over the connections
  /// @param models the models as they are now
  /// @param redis the answers that servers share, null for none
  static Watching start(
      WatchOptions options,
      String version,
      Traffic traffic,
      Supplier<List<Served>> models,
      @Nullable RedisAnswers redis) {
    TelemetryOptions telemetry = options.telemetry();
    Tracing tracing = telemetry == null ? Tracing.none() : Tracing.of(telemetry.sampled());
    Watch watch = new Watch(traffic, tracing, options.log());
    options.watchers().forEach(watch::add);
    ServerMetrics own = new ServerMetrics(watch, redis);
    boolean isTriton =
        switch (options.metrics()) {
          case OFF, JIFFY -> false;
          case TRITON -> true;
        };
    Supplier<List<Family>> families =
        () -> {
          List<Served> served = models.get();
          CacheMetrics caches = new CacheMetrics(served);
          List<Family> all = new ArrayList<>(own.families(served, caches));
          if (isTriton) {
            all.addAll(TritonMetrics.families(served));
            all.addAll(caches.triton());
          }
          return all;
        };
    Exposition metrics = options.metrics() == Names.OFF ? null : new Exposition(families);
    if (telemetry != null) {
      watch.add(new Telemetry(telemetry, version, families, tracing));
    }
    return new Watching(watch, metrics);
  }
}
