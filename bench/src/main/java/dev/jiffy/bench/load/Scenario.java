package dev.jiffy.bench.load;

import dev.jiffy.bench.record.EarlyStopping;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Slo;
import dev.jiffy.bench.record.Summary;
import dev.jiffy.bench.record.Time;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a run is to find out. The first four are those of MLPerf Inference.
public enum Scenario {
  /// One request after the other; the 90th percentile of latency.
  SINGLE_STREAM,
  /// Queries of eight requests, one after the other; the 99th percentile of their latency.
  MULTI_STREAM,
  /// Poisson arrivals at a rate, timed from the schedule; the rate while the SLO holds.
  SERVER,
  /// All requests at once; requests per second.
  OFFLINE,
  /// Some requests at a time, in a closed loop; requests per second.
  CLOSED,
  /// Any other schedule.
  OPEN;

  /// The requests of a query of [#MULTI_STREAM].
  public static final int PER_QUERY = 8;

  /// The one number that a scenario is about.
  ///
  /// @param name what it is
  /// @param value the number; null where there are too few requests to say
  /// @param unit its unit
  public record Metric(String name, @Nullable Double value, String unit) {}

  /// {@return the name in reports, such as `single-stream`}
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// {@return the number that this scenario is about}
  ///
  /// @param recording what happened
  /// @param summary its figures
  /// @param slo what was asked, or null
  /// @param timeoutNanos what a request counts as at least that was not answered
  public Metric metric(Recording recording, Summary summary, @Nullable Slo slo, long timeoutNanos) {
    return switch (this) {
      case SINGLE_STREAM -> latency(recording, 0.9, timeoutNanos);
      case MULTI_STREAM -> latency(recording, 0.99, timeoutNanos);
      case SERVER, OPEN ->
          slo == null
              ? new Metric("throughput", summary.throughput(), "requests/s")
              : new Metric("goodput", summary.goodput(), "requests/s");
      case OFFLINE, CLOSED -> new Metric("throughput", summary.throughput(), "requests/s");
    };
  }

  private static Metric latency(Recording recording, double p, long timeoutNanos) {
    Percentiles queries = Percentiles.of(recording.queryNanos(Time.RESPONSE, timeoutNanos));
    Long estimate = EarlyStopping.estimate(queries, p).estimateNanos();
    return new Metric(
        Slo.percentile(p) + " latency, early-stopping estimate",
        estimate == null ? null : (Double) (estimate / 1e6),
        "ms");
  }
}
