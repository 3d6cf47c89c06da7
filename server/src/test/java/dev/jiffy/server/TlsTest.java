package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemTrustOptions;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
  @TempDir static Path folder;
  private static Certificates server;
  private static Certificates friend;
  private static Certificates stranger;

  @BeforeAll
  static void certificates() throws Exception {
    server = Certificates.make(folder, "server");
    friend = Certificates.make(folder, "friend");
    stranger = Certificates.make(folder, "stranger");
  }

  private static Server start(Tls tls) throws IOException {
    return Server.start(
        TestServers.options().warmUpTime(Duration.ZERO).safety(SafetyOptions.defaults().tls(tls)),
        List.of(TestModels.arithmetic(folder)));
  }

  private static HttpResponse<String> ask(
      Server running, SSLContext context, HttpClient.Version version)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newBuilder().sslContext(context).version(version).build()) {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("https://127.0.0.1:" + running.port() + "/v2/models/arith/infer"))
              .POST(BodyPublishers.ofString(Client.GOOD))
              .timeout(Duration.ofSeconds(60))
              .build(),
          BodyHandlers.ofString());
    }
  }

  @Test
  void encrypted() throws Exception {
    try (Server running = start(new Tls(server.certificate(), server.key(), null))) {
      SSLContext context = server.client(server);
      for (HttpClient.Version version : HttpClient.Version.values()) {
        if (version == HttpClient.Version.HTTP_1_1 || version == HttpClient.Version.HTTP_2) {
          HttpResponse<String> response = ask(running, context, version);
          assertEquals(200, response.statusCode());
          assertEquals(version, response.version());
          assertTrue(response.body().contains("\"model_name\":\"arith\""), response.body());
        }
      }
      assertThrows(
          SSLException.class,
          () -> ask(running, SSLContext.getDefault(), HttpClient.Version.HTTP_1_1));
    }
  }

  @Test
  void plainTextIsNotAnswered() throws Exception {
    try (Server running = start(new Tls(server.certificate(), server.key(), null));
        Client client = new Client(running.port())) {
      assertEquals(
          "", client.raw("GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n").replaceAll("(?s)[^\0-~].*", ""));
    }
  }

  @Test
  void grpcIsEncryptedToo() throws Exception {
    Vertx vertx = Vertx.vertx();
    try (Server running = start(new Tls(server.certificate(), server.key(), null))) {
      HttpClientAgent client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setProtocolVersion(HttpVersion.HTTP_2)
                  .setSsl(true)
                  .setUseAlpn(true)
                  .setTrustOptions(
                      new PemTrustOptions().addCertPath(server.certificate().toString()))
                  .setDefaultHost("127.0.0.1")
                  .setDefaultPort(running.port()));
      String status =
          client
              .request(HttpMethod.POST, "/inference.GRPCInferenceService/ServerLive")
              .compose(request -> {
                request.putHeader("content-type", "application/grpc");
                var answer =
                    request
                        .response()
                        .compose(response ->
                            response
                                .body()
                                .map(body -> String.valueOf(response.getTrailer("grpc-status"))));
                return request.end(Buffer.buffer(new byte[5])).compose(sent -> answer);
              })
              .toCompletionStage()
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      assertEquals("0", status);
      client.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void aCallIsTakenBackThatNeverCame() throws Exception {
    try (Server running = start(new Tls(server.certificate(), server.key(), null));
        SSLSocket socket =
            (SSLSocket)
                server
                    .client(server)
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), running.port())) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(Http2Bytes.resetting(3, Http2Bytes.WINDOW));
      assertEquals(
          new Http2Test.End(true, 0), Http2Test.end(new DataInputStream(socket.getInputStream())));
    }
  }

  @Test
  void clientsNeedACertificateThatIsVouchedFor() throws Exception {
    try (Server running =
        start(new Tls(server.certificate(), server.key(), friend.certificate()))) {
      assertEquals(
          200, ask(running, server.client(friend), HttpClient.Version.HTTP_2).statusCode());
      for (Certificates other : List.of(stranger, server)) {
        SSLContext context = server.client(other);
        assertThrows(IOException.class, () -> ask(running, context, HttpClient.Version.HTTP_1_1));
      }
      assertEquals(
          200, ask(running, server.client(friend), HttpClient.Version.HTTP_1_1).statusCode());
    }
  }

  @Test
  void aHandshakeThatNeverEndsIsGivenUp() throws Exception {
    Duration soon = Duration.ofMillis(300);
    try (Server running =
            Server.start(
                ServerOptions.defaults()
                    .http(HttpOptions.defaults().port(0).timeouts(soon, soon))
                    .safety(
                        SafetyOptions.defaults()
                            .tls(new Tls(server.certificate(), server.key(), null))),
                List.of());
        Client client = new Client(running.port());
        Socket silent = client.connect();
        Socket half = client.connect()) {
      half.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1});
      assertEquals("", Client.readAll(silent.getInputStream()));
      assertEquals("", Client.readAll(half.getInputStream()));
    }
  }

  private static Server startFew() {
    HttpOptions few =
        new HttpOptions(
            "127.0.0.1", 0, 1, 1 << 20, 1 << 14, 3, Duration.ofMinutes(5), Duration.ofMinutes(5));
    return Server.start(
        ServerOptions.defaults()
            .http(few)
            .safety(
                SafetyOptions.defaults().tls(new Tls(server.certificate(), server.key(), null))),
        List.of());
  }

  private static void checkThatNoneHasGone(Socket... silent) throws IOException {
    for (Socket socket : silent) {
      socket.setSoTimeout(1);
      assertThrows(
          SocketTimeoutException.class,
          () -> socket.getInputStream().transferTo(OutputStream.nullOutputStream()));
    }
  }

  /// A handshake that is over counts no longer among those that are expected.
  @Test
  void tooManyWhoBeginNoHandshakeAreTurnedAway() throws Exception {
    SSLContext context = server.client(server);
    try (Server running = startFew();
        Client client = new Client(running.port());
        Socket first = client.connect();
        Socket second = client.connect()) {
      try (SSLSocket one = greeted(context, running.port());
          SSLSocket another = greeted(context, running.port())) {
        assertEquals("h2", one.getApplicationProtocol());
        assertEquals("h2", another.getApplicationProtocol());
      }
      try (Socket third = client.connect()) {
        for (Socket other : client.connectUntilTurnedAway()) {
          other.close();
        }
        checkThatNoneHasGone(first, second, third);
      }
      try (SSLSocket last = untilGreeted(context, running.port())) {
        assertEquals("h2", last.getApplicationProtocol());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"h2", "http/1.1"})
  void tooManyWhoSayNothingAfterTheirHandshakeAreTurnedAway(String protocol) throws Exception {
    SSLContext context = server.client(server);
    try (Server running = startFew();
        SSLSocket first = shaken(context, running.port(), protocol);
        SSLSocket second = shaken(context, running.port(), protocol);
        SSLSocket third = shaken(context, running.port(), protocol)) {
      assertTrue(isTurnedAway(context, running.port(), protocol));
      checkThatNoneHasGone(first, second, third);
    }
  }

  /// {@return whether a connection is closed, be it before its handshake is over}
  private static boolean isTurnedAway(SSLContext context, int port, String protocol) {
    try (SSLSocket socket = shaken(context, port, protocol)) {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException e) {
      return !(e instanceof SocketTimeoutException);
    }
  }

  /// {@return a connection whose handshake is over, and over which HTTP/2 has begun}
  private static SSLSocket greeted(SSLContext context, int port) throws IOException {
    SSLSocket socket = shaken(context, port, "h2");
    socket
        .getOutputStream()
        .write(
            new Http2Bytes()
                .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
                .frame(Http2Bytes.PING, 0, 0, new byte[8])
                .bytes());
    assertEquals(
        new Http2Test.End(true, 0), Http2Test.end(new DataInputStream(socket.getInputStream())));
    return socket;
  }

  private static SSLSocket shaken(SSLContext context, int port, String protocol)
      throws IOException {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(60_000);
    socket.setTcpNoDelay(true); // or the server learns later that the handshake is over
    socket.startHandshake();
    return socket;
  }

  private static SSLSocket untilGreeted(SSLContext context, int port) throws Exception {
    for (int i = 0; i < 500; i++) {
      try {
        return greeted(context, port);
      } catch (IOException e) {
        Thread.sleep(20);
      }
    }
    throw new AssertionError("never greeted");
  }

  @Test
  void filesThatAreNoPemAreAFailure() throws Exception {
    Path wrong = Files.writeString(folder.resolve("wrong.pem"), "no PEM", StandardCharsets.UTF_8);
    for (Tls tls :
        List.of(
            new Tls(wrong, server.key(), null),
            new Tls(server.certificate(), wrong, null),
            new Tls(server.certificate(), folder.resolve("absent"), null),
            new Tls(server.certificate(), server.key(), wrong))) {
      assertThrows(UncheckedIOException.class, () -> start(tls).close());
    }
  }
}
