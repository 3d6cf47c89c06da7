package dev.jiffy.server.telemetry;

import dev.jiffy.server.metrics.Family;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Backlog;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Tracing;
import dev.jiffy.server.watch.Watcher;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporterBuilder;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Sends traces and metrics to a collector. Requests never wait for it: what it cannot take in time
/// is dropped and counted.
public final class Telemetry implements Watcher {
  private static final long CLOSE_SECONDS = 5;
  private static final long FLUSH_SECONDS = 60;
  private static final int QUEUED_SPANS = 2048;

  /// So many requests are handed over before they are waited for: then the queue of spans, which
  /// drops without counting, never overflows.
  private static final int QUEUED_REQUESTS = QUEUED_SPANS / (1 + Stage.values().length);

  private final SdkTracerProvider traces;
  private final SdkMeterProvider metrics;
  private final CountingExporter exporter;
  private final Spans spans;
  private final Backlog backlog;
  private final Tracing tracing;

  /// Used by the thread of the backlog alone.
  private int handedOver;

  /// Starts sending.
  ///
  /// @param options where to
  /// @param version the server's version
  /// @param families what is counted, read whenever it is sent
  /// @param tracing which requests are traced
  public Telemetry(
      TelemetryOptions options, String version, Supplier<List<Family>> families, Tracing tracing) {
    this.tracing = tracing;
    Resource resource =
        Resource.getDefault()
            .merge(
                Resource.create(
                    Attributes.of(
                        AttributeKey.stringKey("service.name"),
                        options.service(),
                        AttributeKey.stringKey("service.version"),
                        version)));
    OtlpHttpSpanExporterBuilder spanExporter =
        OtlpHttpSpanExporter.builder().setEndpoint(options.url("traces"));
    OtlpHttpMetricExporterBuilder metricExporter =
        OtlpHttpMetricExporter.builder().setEndpoint(options.url("metrics"));
    options
        .headers()
        .forEach((name, value) -> {
          spanExporter.addHeader(name, value);
          metricExporter.addHeader(name, value);
        });
    this.exporter = new CountingExporter(spanExporter.build());
    this.traces =
        SdkTracerProvider.builder()
            .setResource(resource)
            .setSampler(Sampler.alwaysOn()) // those that are not traced never come here
            .addSpanProcessor(
                BatchSpanProcessor.builder(exporter)
                    .setMaxQueueSize(QUEUED_SPANS)
                    .setScheduleDelay(1, TimeUnit.SECONDS)
                    .build())
            .build();
    this.metrics =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(
                PeriodicMetricReader.builder(metricExporter.build())
                    .setInterval(options.interval())
                    .build())
            .registerMetricProducer(new FamilyProducer(families))
            .build();
    this.spans = new Spans(traces.get("dev.jiffy.server"));
    this.backlog = new Backlog("telemetry", this::write);
  }

  private void write(List<Account> accounts) {
    for (Account account : accounts) {
      spans.write(account);
      handedOver++;
      if (handedOver == QUEUED_REQUESTS) {
        traces.forceFlush().join(FLUSH_SECONDS, TimeUnit.SECONDS);
        handedOver = 0;
      }
    }
  }

  @Override
  public void ended(Account account) {
    if (account.stopwatch() != null && tracing.takes(account)) {
      backlog.ended(account);
    }
  }

  @Override
  public boolean isOn() {
    return tracing.isOn();
  }

  @Override
  public long dropped() {
    return backlog.dropped() + exporter.lostRequests();
  }

  /// Sends what is there, for a few seconds at most. Idempotent.
  @Override
  public void close() {
    backlog.close();
    CompletableResultCode.ofAll(List.of(traces.shutdown(), metrics.shutdown()))
        .join(CLOSE_SECONDS, TimeUnit.SECONDS);
  }
}
