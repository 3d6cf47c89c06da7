package dev.jiffy.server.telemetry;

import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.server.watch.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.TraceStateBuilder;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A span for each request, below the caller's where it names one, and one for each of its stages.
///
/// Source: OpenTelemetry's semantic conventions for HTTP and RPC.
final class Spans {
  private static final int HTTP_FAILURE = 500;

  private final Tracer tracer;

  Spans(Tracer tracer) {
    this.tracer = tracer;
  }

  void write(Account account) {
    Instant start = account.ended().minusNanos(account.nanos());
    Account.Target model = account.model();
    SpanBuilder builder =
        tracer
            .spanBuilder(account.method() + " " + (model == null ? "" : model.name()).strip())
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(start)
            .setAttribute("url.path", account.path())
            .setAttribute("client.address", account.client());
    builder.setParent(parent(account.trace()));
    boolean isHttp = account.protocol().equals("http");
    if (isHttp) {
      builder.setAttribute("http.request.method", account.method());
      builder.setAttribute("http.response.status_code", account.code());
    } else {
      builder.setAttribute("rpc.system", "grpc");
      builder.setAttribute("rpc.grpc.status_code", account.code());
    }
    if (model != null) {
      builder.setAttribute("jiffy.model", model.name());
      builder.setAttribute("jiffy.version", model.version());
    }
    Span span = builder.startSpan();
    if (span.isRecording() && account.stopwatch() != null) {
      stages(span, start, account.stopwatch());
    }
    if (isHttp ? account.code() >= HTTP_FAILURE : account.code() != 0) {
      span.setStatus(StatusCode.ERROR);
    }
    span.end(account.ended());
  }

  private void stages(Span span, Instant start, Stopwatch stopwatch) {
    span.setAttribute("jiffy.batch.rows", stopwatch.batchRows());
    Context below = Context.root().with(span);
    Instant begin = start;
    for (Stage stage : Stage.values()) {
      if (stopwatch.isTimed(stage)) {
        Instant end = begin.plusNanos(stopwatch.nanos(stage));
        tracer
            .spanBuilder(stage.label())
            .setParent(below)
            .setStartTimestamp(begin)
            .startSpan()
            .end(end);
        begin = end;
      }
    }
  }

  private static Context parent(@Nullable TraceContext trace) {
    if (trace == null) {
      return Context.root();
    }
    TraceFlags flags = trace.isSampled() ? TraceFlags.getSampled() : TraceFlags.getDefault();
    SpanContext caller =
        SpanContext.createFromRemoteParent(
            trace.traceId(), trace.spanId(), flags, state(trace.state()));
    return Context.root().with(Span.wrap(caller));
  }

  private static TraceState state(String header) {
    TraceStateBuilder state = TraceState.builder();
    String[] entries = header.split(",", -1);
    for (int i = entries.length - 1; i >= 0; i--) { // each put goes before those that are there
      int equals = entries[i].indexOf('=');
      if (equals > 0) {
        state.put(
            entries[i].substring(0, equals).strip(), entries[i].substring(equals + 1).strip());
      }
    }
    return state.build();
  }
}
