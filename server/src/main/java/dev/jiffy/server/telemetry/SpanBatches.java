package dev.jiffy.server.telemetry;

import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Hands spans over to a collector, many at a time, and waits until it has taken them. Used by one
/// thread at a time, save for [#lostRequests].
///
/// The batches of OpenTelemetry do not wait, and drop spans without a word to whoever made them;
/// where one waits, the queue before it is the only place at which requests are dropped.
final class SpanBatches implements SpanProcessor {
  private static final int MOST_SPANS = 512;
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PATIENCE_SECONDS = 30;

  private final SpanExporter exporter;
  private final LongAdder lost = new LongAdder();
  private List<SpanData> gathered = new ArrayList<>();
  private long sinceNanos;

  SpanBatches(SpanExporter exporter) {
    this.exporter = exporter;
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {}

  @Override
  public boolean isStartRequired() {
    return false;
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    if (gathered.isEmpty()) {
      sinceNanos = System.nanoTime();
    }
    gathered.add(span.toSpanData());
  }

  /// Hands over what has gathered, if it is much, or has waited for a while.
  void sendIfDue() {
    if (gathered.size() >= MOST_SPANS
        || (!gathered.isEmpty() && System.nanoTime() - sinceNanos > MOST_NANOS)) {
      send();
    }
  }

  /// Hands over what has gathered.
  void send() {
    List<SpanData> batch = gathered;
    if (batch.isEmpty()) {
      return;
    }
    gathered = new ArrayList<>();
    if (!exporter.export(batch).join(PATIENCE_SECONDS, TimeUnit.SECONDS).isSuccess()) {
      lost.add(batch.stream().filter(span -> span.getKind() == SpanKind.SERVER).count());
    }
  }

  /// {@return how many requests the collector has not taken the spans of}
  long lostRequests() {
    return lost.sum();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
