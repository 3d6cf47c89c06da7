package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.Limits;
import dev.jiffy.server.guard.ApiKeys;
import dev.jiffy.server.watch.Account;
import dev.jiffy.tensor.Tensor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server behind a Unix domain socket.
class UnixSocketTest {
  private static final String READY =
      "GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

  @TempDir Path folder;

  private ServerOptions options(Path socket) {
    return ServerOptions.defaults()
        .http(HttpOptions.defaults().port(0).eventLoops(2))
        .warmUpTime(Duration.ofMillis(20))
        .unix(UnixOptions.of(socket));
  }

  private Server start(ServerOptions options) throws IOException {
    return Server.start(options, List.of(TestModels.arithmetic(folder)));
  }

  private static String ask(Path socket, String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      ByteBuffer answer = ByteBuffer.allocate(64 << 10);
      while (channel.read(answer) >= 0) {
        assertTrue(answer.hasRemaining());
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  private static String permissions(Path socket) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(socket));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.toString().endsWith(".onnx")).toList();
    }
  }

  @Test
  void httpOverASocket() throws Exception {
    Path socket = folder.resolve("s");
    Queue<Account> told = new ConcurrentLinkedQueue<>();
    try (Server server =
        start(
            options(socket)
                .sharing(true)
                .watch(WatchOptions.defaults().watchers(List.of(told::add))))) {
      assertEquals(socket, server.unix());
      assertEquals("rw-------", permissions(socket));
      assertEquals(List.of(socket), files());
      for (int i = 0; i < 4; i++) { // both event loops
        assertTrue(ask(socket, READY).startsWith("HTTP/1.1 200"));
      }
      String ofPage = READY.replace("localhost", "any.name\r\nOrigin: http://another");
      assertTrue(ask(socket, ofPage).startsWith("HTTP/1.1 200"));
      String infer =
          "POST /v2/models/arith/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              + "Content-Length: "
              + Client.GOOD.length()
              + "\r\n\r\n"
              + Client.GOOD;
      String answer = ask(socket, infer);
      assertTrue(answer.contains("\"data\":[-1.0,-2.0,0.5]"), answer);
    }
    assertEquals("unix", told.remove().client());
    assertEquals(List.of(), files(), "it is removed");
  }

  @Test
  void callsOverASocket() throws Exception {
    Path socket = folder.resolve("s");
    Vertx vertx = Vertx.vertx();
    try (Server server = start(options(socket))) {
      HttpClient client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setHttp2ClearTextUpgrade(false));
      InferRequest request =
          new InferRequest(
              List.of(
                  new InferTensor("a", Tensor.of(new float[] {1, 2, 3}, 1, 3), true),
                  new InferTensor("b", Tensor.of(new long[] {4}, 1), true)));
      byte[] message = InferWire.request(new InferWire.Call("arith", "", request));
      Buffer body =
          client
              .request(
                  new RequestOptions()
                      .setServer(SocketAddress.domainSocketAddress(String.valueOf(server.unix())))
                      .setHost("localhost")
                      .setMethod(HttpMethod.POST)
                      .setURI("/inference.GRPCInferenceService/ModelInfer")
                      .putHeader("content-type", "application/grpc"))
              .compose(sent -> {
                Future<Buffer> whole = sent.response().compose(HttpClientResponse::body);
                return sent.end(
                        Buffer.buffer()
                            .appendByte((byte) 0)
                            .appendInt(message.length)
                            .appendBytes(message))
                    .compose(done -> whole);
              })
              .toCompletionStage()
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      InferResponse response =
          new InferWire(Limits.defaults())
              .readResponse(body.getBytes(5, body.length()), Arena.ofAuto());
      assertEquals(-1, response.outputs().getFirst().tensor().getDouble(0));
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void othersMayBeLetIn() throws Exception {
    Path socket = folder.resolve("s");
    UnixOptions open = new UnixOptions(socket, PosixFilePermissions.fromString("rw-rw----"));
    try (Server server = start(options(socket).unix(open))) {
      assertEquals("rw-rw----", permissions(socket));
      assertTrue(ask(socket, READY).startsWith("HTTP/1.1 200"), () -> "" + server.unix());
    }
  }

  @Test
  void keysCountHereAsWell() throws Exception {
    Path socket = folder.resolve("s");
    Path keys = Files.writeString(folder.resolve("keys"), "open sesame, open sesame\n");
    ServerOptions guarded = options(socket).safety(SafetyOptions.defaults().keys(ApiKeys.in(keys)));
    try (Server server = start(guarded)) {
      assertTrue(ask(socket, READY).startsWith("HTTP/1.1 200"), () -> "" + server.unix());
      String asked = READY.replace("/v2/health/ready", "/v2");
      assertTrue(ask(socket, asked).startsWith("HTTP/1.1 401"));
    }
  }

  @Test
  void aSocketThatNobodyListensOnIsReplaced() throws Exception {
    Path socket = folder.resolve("s");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(socket));
    }
    assertTrue(Files.exists(socket), "as after kill -9");
    try (Server server = start(options(socket))) {
      assertTrue(ask(socket, READY).startsWith("HTTP/1.1 200"), () -> "" + server.unix());
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void aSocketInUseIsLeftAlone() throws Exception {
    Path socket = folder.resolve("s");
    try (Server server = start(options(socket))) {
      UncheckedIOException e =
          assertThrows(UncheckedIOException.class, () -> start(options(socket)));
      assertTrue(
          String.valueOf(e.getMessage()).contains("another process listens on it"), e::toString);
      assertTrue(ask(socket, READY).startsWith("HTTP/1.1 200"), () -> "" + server.unix());
    }
  }

  @Test
  void otherFilesAreLeftAlone() throws Exception {
    Path file = Files.writeString(folder.resolve("s"), "precious");
    UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> start(options(file)));
    assertTrue(String.valueOf(e.getMessage()).contains("another kind of file"), e::toString);
    assertEquals("precious", Files.readString(file));
    Path nowhere = folder.resolve("none/s");
    e = assertThrows(UncheckedIOException.class, () -> start(options(nowhere)));
    assertTrue(String.valueOf(e.getMessage()).contains("no such folder"), e::toString);
    Path deep = folder.resolve("x".repeat(200));
    assertThrows(IllegalArgumentException.class, () -> start(options(deep)));
    assertEquals(List.of(file), files(), "nothing is left behind");
  }

  @Test
  void aSuccessorsSocketIsNotRemoved() throws Exception {
    Path socket = folder.resolve("s");
    Server server = start(options(socket));
    Files.delete(socket);
    try (ServerSocketChannel successor = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      successor.bind(UnixDomainSocketAddress.of(socket));
      server.close();
      assertTrue(Files.exists(socket), Map.of("left", files())::toString);
    }
  }
}
