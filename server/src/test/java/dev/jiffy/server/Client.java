package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A client of one server, over HTTP and over raw sockets.
final class Client implements AutoCloseable {
  /// A request that the model `arith` answers.
  static final String GOOD =
      """
      {"id":"7","inputs":[
        {"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,-0.5]},
        {"name":"b","shape":[1],"datatype":"INT64","data":[4]}]}\
      """;

  private final int port;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  Client(int port) {
    this.port = port;
  }

  HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofByteArray());
  }

  HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
    return send("GET", path, new byte[0]);
  }

  HttpResponse<byte[]> post(String path, String body, String... headers)
      throws IOException, InterruptedException {
    return send("POST", path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  /// Asks the model `arith` and checks what it says.
  void checkThatTheServerAnswers() throws IOException, InterruptedException {
    HttpResponse<byte[]> response = post("/v2/models/arith/infer", GOOD);
    assertEquals(200, response.statusCode(), text(response));
    assertEquals(
        """
        {"model_name":"arith","model_version":"1","id":"7","outputs":[\
        {"name":"y","datatype":"FP32","shape":[1,3],"data":[-1.0,-2.0,0.5]},\
        {"name":"c","datatype":"FP32","shape":[1],"data":[4.0]}]}\
        """,
        text(response));
  }

  static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    return socket;
  }

  /// {@return connections over each of which a request was sent}
  List<Socket> ask(String model, String body, int count) throws IOException {
    String request =
        "POST /v2/models/%s/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(model, body.length(), body);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = connect();
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      sockets.add(socket);
    }
    return sockets;
  }

  /// Connects until one is turned away: those before it may not be counted yet.
  ///
  /// @return the others, which stay open
  List<Socket> connectUntilTurnedAway() throws IOException {
    List<Socket> others = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      Socket socket = connect();
      socket.setSoTimeout(500);
      try {
        assertEquals("", readAll(socket.getInputStream()));
        socket.close();
        return others;
      } catch (SocketTimeoutException e) {
        others.add(socket);
      }
    }
    throw new AssertionError("nobody is turned away");
  }

  /// {@return all that comes back for bytes until the server hangs up}
  String raw(String bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      return readAll(socket.getInputStream());
    }
  }

  /// {@return all that comes until the server hangs up, or resets after its answer}
  static String readAll(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketException e) {
      return all.toString(StandardCharsets.ISO_8859_1);
    }
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    http.close();
  }
}
