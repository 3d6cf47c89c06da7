package dev.jiffy.server.http;

import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;

/// Sends replies. Belongs to the event loop.
final class Sender {
  private static final CharSequence SERVER_TIMING = HttpHeaders.createOptimized("server-timing");
  private static final CharSequence JSON_LENGTH =
      HttpHeaders.createOptimized(Message.JSON_LENGTH_HEADER);
  private static final long LINGER_MILLIS = 1000;

  private final Vertx vertx;
  private final Connections connections;

  Sender(Vertx vertx, Connections connections) {
    this.vertx = vertx;
    this.connections = connections;
  }

  /// {@return the path of a request}
  static String path(HttpServerRequest request) {
    String path = request.path();
    return path == null ? "" : path;
  }

  private static boolean hasNoBody(HttpServerRequest request) {
    return request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null
        && request.getHeader(HttpHeaders.CONTENT_LENGTH) == null;
  }

  /// Answers with an error before all of the request has arrived, and hangs up if the rest does not
  /// come soon.
  void refuse(HttpServerRequest request, ProtocolException e) {
    boolean whole = request.isEnded() || hasNoBody(request);
    boolean isAlone = request.version() != HttpVersion.HTTP_2;
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
    if (response.closed() || response.ended()) {
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
    if (reply.timing() != null) {
      response.putHeader(SERVER_TIMING, reply.timing());
    }
    if (request.method().equals(HttpMethod.HEAD)) {
      response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(reply.body().length));
      response.end();
    } else {
      response.end(Buffer.buffer(reply.body()));
    }
  }
}
