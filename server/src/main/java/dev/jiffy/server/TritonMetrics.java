package dev.jiffy.server;

import static dev.jiffy.server.ServerMetrics.labels;
import static dev.jiffy.server.ServerMetrics.samples;

import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.metrics.Family.Kind;
import dev.jiffy.server.metrics.Family.Sample;
import dev.jiffy.server.metrics.Family.Unit;
import dev.jiffy.server.schedule.BatchCount;
import dev.jiffy.server.store.Ending;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stage;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/// The same counts under the names that Triton gives them, so that its dashboards and alerts keep
/// working.
///
/// Source: `docs/user_guide/metrics.md` of the Triton Inference Server.
final class TritonMetrics {
  private TritonMetrics() {}

  /// {@return the metrics of models}
  static List<Family> families(List<Served> models) {
    return List.of(
        count(
            models,
            "nv_inference_request_success",
            "Number of successful inference requests, all batch sizes",
            model -> model.tally().count(Ending.Kind.ANSWERED)),
        new Family(
            "nv_inference_request_failure",
            "Number of failed inference requests, all batch sizes",
            Kind.PLAIN_COUNTER,
            Unit.NONE,
            samples(models, TritonMetrics::failures)),
        count(
            models,
            "nv_inference_count",
            "Number of inferences performed (does not include cached requests)",
            model -> model.scheduler().batches().stream().mapToLong(BatchCount::allRows).sum()),
        count(
            models,
            "nv_inference_exec_count",
            "Number of model executions performed (does not include cached requests)",
            model -> model.scheduler().batches().stream().mapToLong(BatchCount::count).sum()),
        micros(
            models,
            "nv_inference_request_duration_us",
            "Cumulative inference request duration in microseconds (includes cached requests)",
            model -> model.tally().answered().sum()),
        micros(
            models,
            "nv_inference_queue_duration_us",
            "Cumulative inference queuing duration in microseconds (includes cached requests)",
            model -> model.tally().spread(Stage.QUEUE).sum()),
        micros(
            models,
            "nv_inference_compute_input_duration_us",
            "Cumulative compute input duration in microseconds (does not include cached requests)",
            model -> model.tally().spread(Stage.DECODE).sum()),
        micros(
            models,
            "nv_inference_compute_infer_duration_us",
            "Cumulative compute inference duration in microseconds (does not include cached"
                + " requests)",
            model -> model.tally().spread(Stage.COMPUTE).sum()),
        micros(
            models,
            "nv_inference_compute_output_duration_us",
            "Cumulative inference compute output duration in microseconds (does not include cached"
                + " requests)",
            model -> model.tally().spread(Stage.ENCODE).sum()),
        gauge(
            models,
            "nv_inference_pending_request_count",
            "Instantaneous number of pending requests awaiting execution per-model.",
            Unit.NONE,
            model -> model.scheduler().counts().waiting()),
        gauge(
            models,
            "nv_model_load_duration_secs",
            "Model load time in seconds",
            Unit.SECONDS,
            model -> model.model().loadNanos()));
  }

  private static Stream<Sample> failures(Served model) {
    long[] reasons = new long[4];
    for (Ending ending : Ending.values()) {
      int reason =
          switch (ending) {
            case QUEUE_FULL,
                DISPLACED,
                QUEUE_TOO_LONG,
                DEADLINE_TOO_SHORT,
                ARRIVED_LATE,
                DROPPED_LATE,
                NOT_READY ->
                0;
            case CLIENT_GONE -> 1;
            case ERROR, OUT_OF_MEMORY -> 2;
            case BAD_INPUT -> 3;
            case COMPUTED, KEPT -> -1;
          };
      if (reason >= 0) {
        reasons[reason] += model.tally().count(ending);
      }
    }
    return Stream.of(
        failure(model, "REJECTED", reasons[0]),
        failure(model, "CANCELED", reasons[1]),
        failure(model, "BACKEND", reasons[2]),
        failure(model, "OTHER", reasons[3]));
  }

  private static Sample failure(Served model, String reason, long count) {
    return new Sample.Count(labels(model, "reason", reason), count);
  }

  private static Family count(
      List<Served> models, String name, String help, ToLongFunction<Served> value) {
    return family(models, name, help, Kind.PLAIN_COUNTER, Unit.NONE, value);
  }

  private static Family micros(
      List<Served> models, String name, String help, ToLongFunction<Served> nanos) {
    return family(models, name, help, Kind.PLAIN_COUNTER, Unit.MICROSECONDS, nanos);
  }

  private static Family gauge(
      List<Served> models, String name, String help, Unit unit, ToLongFunction<Served> value) {
    return family(models, name, help, Kind.GAUGE, unit, value);
  }

  private static Family family(
      List<Served> models,
      String name,
      String help,
      Kind kind,
      Unit unit,
      ToLongFunction<Served> value) {
    return new Family(
        name,
        help,
        kind,
        unit,
        samples(
            models, model -> Stream.of(new Sample.Count(labels(model), value.applyAsLong(model)))));
  }
}
