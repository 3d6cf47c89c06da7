package dev.jiffy.bench.serving;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/// A bare server of one event loop that answers over HTTP/1.1, and over HTTP/2 as a gRPC call ends,
/// without looking at what it is asked: what a server costs that does nothing else.
final class BareServer implements AutoCloseable {
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
  private final HttpServer server;

  /// Starts it on a free port of this machine.
  ///
  /// @param answer makes the body of an answer of that of a request, on the event loop
  BareServer(UnaryOperator<Buffer> answer) {
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost("127.0.0.1")
                    .setPort(0)
                    .setHttp2ClearTextEnabled(true))
            .requestHandler(request -> answer(request, answer))
            .listen()
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  private static void answer(HttpServerRequest request, UnaryOperator<Buffer> answer) {
    request
        .body()
        .onSuccess(body -> {
          HttpServerResponse response = request.response();
          if (request.version() == HttpVersion.HTTP_2) {
            response.putHeader("content-type", "application/grpc");
            response.putTrailer("grpc-status", "0");
          }
          response.end(answer.apply(body));
        });
  }

  int port() {
    return server.actualPort();
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
