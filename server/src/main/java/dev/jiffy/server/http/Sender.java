package dev.jiffy.server.http;

import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.grpc.Callers;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.server.watch.TraceContext;
import dev.jiffy.server.watch.Watch;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.time.Instant;

/// Sends replies. Belongs to the event loop.
final class Sender {
  private static final CharSequence TRACE_PARENT = HttpHeaders.createOptimized("traceparent");
  private static final CharSequence TRACE_STATE = HttpHeaders.createOptimized("tracestate");
  private static final CharSequence SERVER_TIMING = HttpHeaders.createOptimized("server-timing");
  private static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized(Message.JSON_LENGTH_HEADER);
  private static final long LINGER_MILLIS = 1000;

  private final Vertx vertx;
  private final Connections connections;
  private final Watch watch;

  Sender(Vertx vertx, Connections connections, Watch watch) {
    this.vertx = vertx;
    this.connections = connections;
    this.watch = watch;
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
    boolean isAlone = request.version() != HttpVersion.HTTP_2;
    boolean whole = request.isEnded() || (isAlone && hasNoBody(request));
    if (!whole && isAlone) {
      request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    send(request, Failures.reply(path(request), e));
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
    connections.idle(request);
    if (response.ended()) {
      return;
    }
    if (response.closed()) {
      abandoned(request);
      return;
    }
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
    watch
        .traffic()
        .answered(Protocol.HTTP, reply.status(), request.bytesRead(), reply.body().length);
    if (watch.isWanted()) {
      watch.ended(account(request, reply));
    }
    if (request.method().equals(HttpMethod.HEAD)) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(reply.body().length));
      response.end();
    } else {
      response.end(Buffer.buffer(reply.body()));
    }
  }

  /// Counts a request whose client has gone, unless it was answered.
  void abandoned(HttpServerRequest request) {
    if (!request.response().ended()) {
      watch.traffic().abandoned(Protocol.HTTP, request.bytesRead());
    }
  }

  private static Account account(HttpServerRequest request, Reply reply) {
    Stopwatch stopwatch = reply.stopwatch();
    return new Account(
        "http",
        Callers.address(request),
        request.method().name(),
        path(request),
        reply.target(),
        reply.status(),
        request.bytesRead(),
        reply.body().length,
        Instant.now(),
        stopwatch == null ? 0 : System.nanoTime() - stopwatch.arrivedNanos(),
        stopwatch,
        TraceContext.of(request.getHeader(TRACE_PARENT), request.getHeader(TRACE_STATE)));
  }
}
