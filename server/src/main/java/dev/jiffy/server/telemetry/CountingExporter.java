package dev.jiffy.server.telemetry;

import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.LongAdder;

/// Counts the requests whose spans a collector has not taken, before anybody learns that. Shared
/// between threads.
final class CountingExporter implements SpanExporter {
  private final SpanExporter exporter;
  private final LongAdder lost = new LongAdder();

  CountingExporter(SpanExporter exporter) {
    this.exporter = exporter;
  }

  /// {@return how many there are}
  long lostRequests() {
    return lost.sum();
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    long requests = spans.stream().filter(span -> span.getKind() == SpanKind.SERVER).count();
    CompletableResultCode result = exporter.export(spans);
    CompletableResultCode counted = new CompletableResultCode();
    result.whenComplete(() -> {
      if (result.isSuccess()) {
        counted.succeed();
      } else {
        lost.add(requests);
        counted.fail();
      }
    });
    return counted;
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
