package dev.jiffy.server;

import dev.jiffy.server.metrics.Distribution;
import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Kind;
import dev.jiffy.server.metrics.Family.Label;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.metrics.Family.Unit;
import dev.jiffy.server.metrics.ResidentMemory;
import dev.jiffy.server.metrics.Traffic;
import dev.jiffy.server.metrics.Traffic.Event;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.redis.RedisAnswers;
import dev.jiffy.server.schedule.BatchCount;
import dev.jiffy.server.store.Ending;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.store.Tally;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Watch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The metrics of a server under Jiffy's own names. Each is counted where it arises; here is what
/// they are called and what they mean.
final class ServerMetrics {
  private static final long[] ROWS = {1, 2, 4, 8, 16, 32, 64, 128, 256};

  private final Watch watch;
  private final Traffic traffic;
  private final @Nullable RedisAnswers redis;

  /// @param watch counts what goes over the connections
  /// @param redis the answers that servers share, null for none
  ServerMetrics(Watch watch, @Nullable RedisAnswers redis) {
    this.watch = watch;
    this.traffic = watch.traffic();
    this.redis = redis;
  }

  /// {@return all metrics as they are now}
  ///
  /// @param served the models
  /// @param caches the answers that they keep
  List<Family> families(List<Served> served, CacheMetrics caches) {
    return Stream.of(
            requests(served),
            caches.families(),
            redis == null ? List.<Family>of() : CacheMetrics.shared(redis),
            memory(served),
            wires())
        .flatMap(List::stream)
        .toList();
  }

  private static List<Family> requests(List<Served> models) {
    return List.of(
        new Family(
            "jiffy_requests",
            "Requests to a model, by how they ended and why.",
            Kind.COUNTER,
            Unit.NONE,
            samples(models, ServerMetrics::endings)),
        new Family(
            "jiffy_request_duration_seconds",
            "From the arrival of a request to its answer, or to its refusal.",
            Kind.HISTOGRAM,
            Unit.SECONDS,
            samples(models, ServerMetrics::durations)),
        new Family(
            "jiffy_stage_duration_seconds",
            "What each stage took of a request that was answered; compute is that of its batch.",
            Kind.HISTOGRAM,
            Unit.SECONDS,
            samples(models, ServerMetrics::stages)),
        new Family(
            "jiffy_batch_rows",
            "The rows that were computed together.",
            Kind.HISTOGRAM,
            Unit.NONE,
            samples(
                models,
                model ->
                    Stream.of(
                        new Sample.Spread(labels(model), rows(model.scheduler().batches()))))),
        perModel(
            models,
            "jiffy_tokens",
            "Tokens of requests that were computed, of models whose texts may be padded.",
            Kind.COUNTER,
            model -> model.scheduler().batches().stream().mapToLong(BatchCount::tokens).sum()),
        perModel(
            models,
            "jiffy_padding_tokens",
            "Tokens that were computed beyond those, to compute texts of several lengths together.",
            Kind.COUNTER,
            model -> model.scheduler().batches().stream().mapToLong(BatchCount::padding).sum()),
        perModel(
            models,
            "jiffy_accepted",
            "Requests that have come to a model; each of them ends once.",
            Kind.COUNTER,
            model -> model.tally().acceptedCount()),
        perModel(
            models,
            "jiffy_queue_length",
            "Requests that wait for a model.",
            Kind.GAUGE,
            model -> model.scheduler().counts().waiting()),
        perModel(
            models,
            "jiffy_running",
            "Requests that a model computes.",
            Kind.GAUGE,
            model -> model.scheduler().counts().running()));
  }

  private static Stream<Sample> endings(Served model) {
    return Stream.of(Ending.values())
        .map(ending ->
            new Sample.Count(
                labels(model, "outcome", ending.kind().label(), "reason", ending.label()),
                model.tally().count(ending)));
  }

  private static Stream<Sample> durations(Served model) {
    Tally tally = model.tally();
    return Stream.of(
        new Sample.Spread(labels(model, "answered", "true"), tally.answered()),
        new Sample.Spread(labels(model, "answered", "false"), tally.unanswered()));
  }

  private static Stream<Sample> stages(Served model) {
    return Stream.of(Stage.values())
        .map(stage ->
            new Sample.Spread(labels(model, "stage", stage.label()), model.tally().spread(stage)));
  }

  private static Distribution rows(List<BatchCount> batches) {
    long[] counts = new long[ROWS.length + 1];
    long sum = 0;
    for (BatchCount batch : batches) {
      int range = 0;
      while (range < ROWS.length && batch.rows() > ROWS[range]) {
        range++;
      }
      counts[range] += batch.count();
      sum += batch.allRows();
    }
    return new Distribution(ROWS, counts, sum);
  }

  private static List<Family> memory(List<Served> models) {
    return List.of(
        new Family(
            "jiffy_model_weight_bytes",
            "The memory of a model's weights in the form that kernels read.",
            Kind.GAUGE,
            Unit.BYTES,
            samples(models, model -> number(model, model.model().packedBytes()))),
        new Family(
            "jiffy_model_session_bytes",
            "The working memory of a model's sessions, outside the heap.",
            Kind.GAUGE,
            Unit.BYTES,
            samples(models, model -> number(model, model.scheduler().sessionBytes()))),
        new Family(
            "jiffy_model_load_seconds",
            "How long loading a model took.",
            Kind.GAUGE,
            Unit.SECONDS,
            samples(models, model -> number(model, model.model().loadNanos()))),
        new Family(
            "process_resident_memory_bytes",
            "The memory of the process, heap and all else; 0 where the system does not tell.",
            Kind.GAUGE,
            Unit.BYTES,
            List.of(new Sample.Count(List.of(), ResidentMemory.bytes()))));
  }

  private List<Family> wires() {
    return List.of(
        new Family(
            "jiffy_protocol_requests",
            "Requests whose head has come.",
            Kind.COUNTER,
            Unit.NONE,
            perProtocol(traffic::startedCount)),
        new Family(
            "jiffy_protocol_responses",
            "Requests that were answered, by the protocol's code.",
            Kind.COUNTER,
            Unit.NONE,
            Stream.of(Protocol.values()).flatMap(this::responses).toList()),
        new Family(
            "jiffy_protocol_abandoned",
            "Requests whose client had gone before they were answered.",
            Kind.COUNTER,
            Unit.NONE,
            perProtocol(traffic::abandonedCount)),
        new Family(
            "jiffy_received_bytes",
            "The bytes of requests' bodies.",
            Kind.COUNTER,
            Unit.BYTES,
            perProtocol(traffic::receivedBytes)),
        new Family(
            "jiffy_sent_bytes",
            "The bytes of answers' bodies.",
            Kind.COUNTER,
            Unit.BYTES,
            perProtocol(traffic::sentBytes)),
        new Family(
            "jiffy_connections",
            "Open connections.",
            Kind.GAUGE,
            Unit.NONE,
            List.of(new Sample.Count(List.of(), traffic.openConnections()))),
        new Family(
            "jiffy_unwatched_requests",
            "Requests that the access log or the trace lacks: too many at a time, or disk or collector"
                + " failed.",
            Kind.COUNTER,
            Unit.NONE,
            List.of(new Sample.Count(List.of(), watch.dropped()))),
        new Family(
            "jiffy_connection_events",
            "What happened to connections.",
            Kind.COUNTER,
            Unit.NONE,
            Stream.of(Event.values())
                .<Sample>map(event ->
                    new Sample.Count(
                        Family.labels("event", event.name().toLowerCase(Locale.ROOT)),
                        traffic.count(event)))
                .toList()));
  }

  private Stream<Sample> responses(Protocol protocol) {
    return traffic.answers(protocol).stream()
        .map(answers ->
            new Sample.Count(
                Family.labels(
                    "protocol", label(protocol), "code", Integer.toString(answers.code())),
                answers.count()));
  }

  private static List<Sample> perProtocol(ToLongFunction<Protocol> count) {
    return Stream.of(Protocol.values())
        .<Sample>map(protocol ->
            new Sample.Count(
                Family.labels("protocol", label(protocol)), count.applyAsLong(protocol)))
        .toList();
  }

  private static String label(Protocol protocol) {
    return protocol.name().toLowerCase(Locale.ROOT);
  }

  private static Family perModel(
      List<Served> models, String name, String help, Kind kind, ToLongFunction<Served> value) {
    return new Family(
        name,
        help,
        kind,
        Unit.NONE,
        samples(models, model -> number(model, value.applyAsLong(model))));
  }

  private static Stream<Sample> number(Served model, long value) {
    return Stream.of(new Sample.Count(labels(model), value));
  }

  /// {@return the samples of all models, each counted since the model was loaded}
  static List<Sample> samples(List<Served> models, Function<Served, Stream<Sample>> each) {
    return models.stream().flatMap(model -> sinceLoaded(model, each.apply(model))).toList();
  }

  /// {@return samples, counted since their model was loaded}
  static Stream<Sample> sinceLoaded(Served model, Stream<Sample> samples) {
    return samples.map(sample -> sample.since(model.startNanos()));
  }

  /// {@return the labels that name a model, and further ones}
  static List<Label> labels(Served model, String... further) {
    List<Label> labels = new ArrayList<>();
    labels.addAll(Family.labels("model", model.model().name(), "version", model.model().version()));
    labels.addAll(Family.labels(further));
    return labels;
  }
}
