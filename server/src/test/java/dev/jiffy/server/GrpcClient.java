package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A client of gRPC over plain HTTP/2, byte by byte.
final class GrpcClient implements AutoCloseable {
  static final String INFERENCE = "/inference.GRPCInferenceService/";

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient http;
  private final int port;

  GrpcClient(int port) {
    this.port = port;
    this.http = http2(vertx, port);
  }

  /// {@return a client of HTTP/2 that begins with it}
  static HttpClientAgent http2(Vertx vertx, int port) {
    return vertx.createHttpClient(
        new HttpClientOptions()
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setHttp2ClearTextUpgrade(false)
            .setDefaultHost("127.0.0.1")
            .setDefaultPort(port));
  }

  /// What came back of a call.
  record Reply(String status, String message, List<byte[]> messages) {}

  HttpClient http() {
    return http;
  }

  Vertx vertx() {
    return vertx;
  }

  Reply call(String path, byte[] body, String... headers) throws Exception {
    return call(port, path, body, headers);
  }

  Reply call(int other, String path, byte[] body, String... headers) throws Exception {
    return await(
        http.request(HttpMethod.POST, other, "127.0.0.1", path)
            .compose(request -> {
              request.putHeader("content-type", "application/grpc");
              request.putHeader("te", "trailers");
              for (int i = 0; i < headers.length; i += 2) {
                request.putHeader(headers[i], headers[i + 1]);
              }
              // what is to be done with the answer must be said before it can come: it does not
              // wait
              Future<Reply> reply =
                  request
                      .response()
                      .compose(response -> response.body().map(whole -> reply(response, whole)));
              return request.end(Buffer.buffer(body)).compose(sent -> reply);
            }));
  }

  static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  static Reply reply(HttpClientResponse response, Buffer body) {
    assertEquals(200, response.statusCode());
    assertEquals("application/grpc+proto", response.getHeader("content-type"));
    String status = response.getTrailer("grpc-status");
    String message = response.getTrailer("grpc-message");
    if (status == null) {
      status = response.getHeader("grpc-status");
      message = response.getHeader("grpc-message");
    }
    List<byte[]> messages = new ArrayList<>();
    int at = 0;
    while (at < body.length()) {
      int length = body.getInt(at + 1);
      messages.add(body.getBytes(at + 5, at + 5 + length));
      at += 5 + length;
    }
    return new Reply(String.valueOf(status), String.valueOf(message), messages);
  }

  static byte[] framed(byte[]... messages) {
    Buffer all = Buffer.buffer();
    for (byte[] message : messages) {
      all.appendByte((byte) 0).appendInt(message.length).appendBytes(message);
    }
    return all.getBytes();
  }

  /// {@return a message whose fields 1, 2 and so on are texts}
  static byte[] names(String... texts) {
    Buffer message = Buffer.buffer();
    for (int i = 0; i < texts.length; i++) {
      message.appendByte((byte) ((i + 1) << 3 | 2));
      message.appendByte((byte) texts[i].length()).appendString(texts[i]);
    }
    return message.getBytes();
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
