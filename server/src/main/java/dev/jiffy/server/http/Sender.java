package dev.jiffy.server.http;

import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.Pieces;
import dev.jiffy.server.grpc.Callers;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.server.watch.TraceContext;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sends replies, and tells of each request how it ended. Belongs to the event loop.
final class Sender {
  /// What is told of a request whose client has gone before it was answered.
  static final int CLIENT_GONE = 499;

  private static final CharSequence TRACE_PARENT = HttpHeaders.createOptimized("traceparent");
  private static final CharSequence TRACE_STATE = HttpHeaders.createOptimized("tracestate");
  private static final CharSequence SERVER_TIMING = HttpHeaders.createOptimized("server-timing");
  private static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized(Message.JSON_LENGTH_HEADER);
  private static final long LINGER_MILLIS = 1000;

  private final Vertx vertx;
  private final Connections connections;
  private final Watch watch;

  /// When requests came that are not answered yet, of those that are watched.
  private final Map<HttpServerRequest, Long> arrivals = new HashMap<>();

  Sender(Vertx vertx, Connections connections, Watch watch) {
    this.vertx = vertx;
    this.connections = connections;
    this.watch = watch;
  }

  /// The head of a request has come, which is to end in [#send] or [#abandoned].
  void arrived(HttpServerRequest request) {
    if (watch.isWanted()) {
      arrivals.put(request, System.nanoTime());
    }
  }

  /// {@return the path of a request}
  static String path(HttpServerRequest request) {
    String path = request.path();
    return path == null ? "" : path;
  }

  /// {@return whether HTTP/1.1 says that a request is its head}
  private static boolean hasNoBody(HttpServerRequest request) {
    return request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null
        && request.getHeader(HttpHeaders.CONTENT_LENGTH) == null;
  }

  /// Answers with an error before all of the request has arrived, and hangs up if the rest does not
  /// come soon.
  void refuse(HttpServerRequest request, ProtocolException e) {
    refuse(request, Failures.reply(path(request), e));
  }

  /// Answers with an error before all of the request has arrived, and hangs up if the rest does not
  /// come soon.
  void refuse(HttpServerRequest request, Reply reply) {
    boolean isAlone = request.version() != HttpVersion.HTTP_2;
    boolean whole = request.isEnded() || (isAlone && hasNoBody(request));
    if (!whole && isAlone) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    send(request, reply);
    if (!whole) {
      vertx.setTimer(
          LINGER_MILLIS,
          timer -> {
            if (isAlone) {
              request.connection().close();
            } else if (!request.isEnded()) {
              request.response().reset();
            }
          });
    }
  }

  /// Answers a request, unless its client has gone.
  void send(HttpServerRequest request, Reply reply) {
    HttpServerResponse response = request.response();
    if (response.ended()) {
      return;
    }
    if (response.closed()) {
      connections.idle(request);
      abandoned(request, reply.target(), reply.stopwatch());
      return;
    }
    boolean isHead = request.method().equals(HttpMethod.HEAD);
    Buffer body;
    try {
      body = isHead ? Buffer.buffer() : Buffer.buffer(reply.body());
    } catch (OutOfMemoryError e) {
      Reply failure = Failures.reply(path(request), e);
      send(request, failure, Buffer.buffer(failure.body()));
      return;
    }
    send(request, reply, body);
  }

  private void send(HttpServerRequest request, Reply reply, Buffer body) {
    HttpServerResponse response = request.response();
    response.setStatusCode(reply.status());
    response.putHeader(HttpHeaders.CONTENT_TYPE, reply.contentType());
    if (reply.jsonLength() >= 0) {
      response.putHeader(JSON_LENGTH, Integer.toString(reply.jsonLength()));
    }
    if (reply.retryAfterSeconds() > 0) {
      response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(reply.retryAfterSeconds()));
    }
    String policy = reply.policy();
    if (policy != null) {
      response.putHeader("Content-Security-Policy", policy);
      response.putHeader("X-Content-Type-Options", "nosniff");
      response.putHeader("Referrer-Policy", "no-referrer");
    }
    Stopwatch stopwatch = reply.stopwatch();
    if (stopwatch != null && reply.status() == 200) {
      response.putHeader(SERVER_TIMING, stopwatch.header());
    }
    boolean isHead = request.method().equals(HttpMethod.HEAD);
    int sent = body.length();
    watch.traffic().answered(Protocol.HTTP, reply.status(), request.bytesRead(), sent);
    tell(request, reply.status(), sent, reply.target(), stopwatch);
    connections.answering(request);
    connections.sending(request);
    if (isHead || body.length() > Pieces.BYTES) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(reply.body().length));
    }
    Future<Void> written =
        isHead ? response.end() : Pieces.end(response, body, () -> connections.sending(request));
    written.onComplete(over -> connections.idle(request));
  }

  /// Ends a request whose client has gone, unless it was answered.
  void abandoned(HttpServerRequest request) {
    abandoned(request, null, null);
  }

  private void abandoned(
      HttpServerRequest request, Account.@Nullable Target model, @Nullable Stopwatch stopwatch) {
    if (!request.response().ended()) {
      watch.traffic().abandoned(Protocol.HTTP, request.bytesRead());
      tell(request, CLIENT_GONE, 0, model, stopwatch);
    }
  }

  private void tell(
      HttpServerRequest request,
      int code,
      int sentBytes,
      Account.@Nullable Target model,
      @Nullable Stopwatch stopwatch) {
    long now = System.nanoTime();
    Long arrived = arrivals.remove(request);
    if (!watch.isWanted()) {
      return;
    }
    long since = arrived == null ? now : arrived;
    watch.ended(
        new Account(
            "http",
            Callers.address(request),
            request.method().name(),
            path(request),
            model,
            code,
            request.bytesRead(),
            sentBytes,
            Instant.now(),
            now - (stopwatch == null ? since : stopwatch.arrivedNanos()),
            stopwatch,
            TraceContext.of(request.getHeader(TRACE_PARENT), request.getHeader(TRACE_STATE))));
  }
}
