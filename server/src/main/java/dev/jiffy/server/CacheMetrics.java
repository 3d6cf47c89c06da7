package dev.jiffy.server;

import static dev.jiffy.server.ServerMetrics.labels;
import static dev.jiffy.server.ServerMetrics.sinceLoaded;

import dev.jiffy.server.cache.ResponseCache.Counts;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Kind;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.metrics.Family.Unit;
import dev.jiffy.server.redis.RedisAnswers;
import dev.jiffy.server.store.Served;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/// The metrics of answers that are kept, of the models that keep any: under Jiffy's own names and
/// under Triton's.
final class CacheMetrics {
  private final List<Cached> models;

  /// A model and the counts of its cache at one moment.
  private record Cached(Served model, Counts counts) {}

  /// @param all the models, with a cache or without
  CacheMetrics(List<Served> all) {
    List<Cached> cached = new ArrayList<>();
    for (Served model : all) {
      Counts counts = model.cacheCounts();
      if (counts != null) {
        cached.add(new Cached(model, counts));
      }
    }
    this.models = List.copyOf(cached);
  }

  /// {@return the metrics under Jiffy's names}
  List<Family> families() {
    return List.of(
        new Family(
            "jiffy_cache_requests",
            "Requests to a model that keeps answers, by what became of looking for one.",
            Kind.COUNTER,
            Unit.NONE,
            samples(CacheMetrics::results)),
        number(
            "jiffy_cache_lookup_seconds",
            "The time that making keys and looking for answers took.",
            Kind.COUNTER,
            Unit.SECONDS,
            counts -> counts.hitNanos() + counts.joinNanos() + counts.missNanos()),
        number(
            "jiffy_cache_insertion_seconds",
            "The time that keeping answers took.",
            Kind.COUNTER,
            Unit.SECONDS,
            Counts::keepNanos),
        number(
            "jiffy_cache_entries",
            "Answers that are kept.",
            Kind.GAUGE,
            Unit.NONE,
            Counts::entries),
        number(
            "jiffy_cache_bytes",
            "About the memory of the answers that are kept and of their questions.",
            Kind.GAUGE,
            Unit.BYTES,
            Counts::bytes),
        new Family(
            "jiffy_cache_evictions",
            "Answers that are not kept any more, by the reason.",
            Kind.COUNTER,
            Unit.NONE,
            samples((model, counts) ->
                Stream.of(
                    count(model, "cause", "size", counts.evicted()),
                    count(model, "cause", "expired", counts.expired())))),
        number(
            "jiffy_cache_pauses",
            "How often a cache was switched off by itself, as it cost more than it saved.",
            Kind.COUNTER,
            Unit.NONE,
            Counts::pauses),
        number(
            "jiffy_cache_paused",
            "Whether a cache is switched off by itself now: 1, or 0.",
            Kind.GAUGE,
            Unit.NONE,
            counts -> counts.isPaused() ? 1 : 0));
  }

  /// {@return the metrics under Triton's names}
  List<Family> triton() {
    return List.of(
        number(
            "nv_cache_num_hits_per_model",
            "Number of cache hits per model",
            Kind.PLAIN_COUNTER,
            Unit.NONE,
            counts -> counts.hits() + counts.joins()),
        number(
            "nv_cache_num_misses_per_model",
            "Number of cache misses per model",
            Kind.PLAIN_COUNTER,
            Unit.NONE,
            Counts::misses),
        number(
            "nv_cache_hit_duration_per_model",
            "Total cache hit duration per model, in microseconds",
            Kind.PLAIN_COUNTER,
            Unit.MICROSECONDS,
            counts -> counts.hitNanos() + counts.joinNanos()),
        number(
            "nv_cache_miss_duration_per_model",
            "Total cache miss duration per model, in microseconds",
            Kind.PLAIN_COUNTER,
            Unit.MICROSECONDS,
            counts -> counts.missNanos() + counts.keepNanos()));
  }

  /// {@return the metrics of answers that servers share}
  ///
  /// @param redis the answers
  static List<Family> shared(RedisAnswers redis) {
    return List.of(
        new Family(
            "jiffy_redis_requests",
            "Requests to Redis, by what became of them.",
            Kind.COUNTER,
            Unit.NONE,
            Stream.of(RedisAnswers.Ending.values())
                .<Sample>map(ending ->
                    new Sample.Count(
                        Family.labels("command", ending.command(), "result", ending.label()),
                        redis.count(ending)))
                .toList()),
        new Family(
            "jiffy_redis_duration_seconds",
            "What Redis took of a request that it answered.",
            Kind.HISTOGRAM,
            Unit.SECONDS,
            List.of(new Sample.Spread(List.of(), redis.durations()))),
        new Family(
            "jiffy_redis_up",
            "Whether Redis is asked now: 1, or 0 while it does not answer.",
            Kind.GAUGE,
            Unit.NONE,
            List.of(new Sample.Count(List.of(), redis.isUp() ? 1 : 0))));
  }

  private static Stream<Sample> results(Served model, Counts counts) {
    return Stream.of(
        count(model, "result", "hit", counts.hits()),
        count(model, "result", "joined", counts.joins()),
        count(model, "result", "miss", counts.misses()),
        count(model, "result", "paused", counts.passed()),
        count(model, "result", "too_large", counts.tooLarge()));
  }

  private static Sample count(Served model, String label, String value, long count) {
    return new Sample.Count(labels(model, label, value), count);
  }

  private Family number(
      String name, String help, Kind kind, Unit unit, ToLongFunction<Counts> value) {
    return new Family(
        name,
        help,
        kind,
        unit,
        samples((model, counts) ->
            Stream.of(new Sample.Count(labels(model), value.applyAsLong(counts)))));
  }

  private List<Sample> samples(BiFunction<Served, Counts, Stream<Sample>> each) {
    return models.stream()
        .flatMap(one -> sinceLoaded(one.model(), each.apply(one.model(), one.counts())))
        .toList();
  }
}
