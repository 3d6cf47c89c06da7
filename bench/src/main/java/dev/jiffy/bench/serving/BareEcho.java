package dev.jiffy.bench.serving;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.concurrent.TimeUnit;

/// A bare server of one event loop that answers every request with what it was asked, over HTTP/1.1
/// and over HTTP/2 as a gRPC call ends: what a server costs that does nothing.
final class BareEcho implements AutoCloseable {
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
  private final HttpServer server;

  /// Starts it on a free port of this machine.
  BareEcho() {
    server =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost("127.0.0.1")
                    .setPort(0)
                    .setHttp2ClearTextEnabled(true))
            .requestHandler(BareEcho::echo)
            .listen()
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  private static void echo(HttpServerRequest request) {
    request
        .body()
        .onSuccess(body -> {
          HttpServerResponse response = request.response();
          if (request.version() == HttpVersion.HTTP_2) {
            response.putHeader("content-type", "application/grpc");
            response.putTrailer("grpc-status", "0");
          }
          response.end(body);
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
