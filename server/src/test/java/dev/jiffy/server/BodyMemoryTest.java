package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static dev.jiffy.server.GrpcClient.INFERENCE;
import static dev.jiffy.server.GrpcClient.framed;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.call.BodyMemory;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the bodies of all requests together take, and that they give it back however they end.
class BodyMemoryTest {
  private static final String INFER = "/v2/models/arith/infer";
  private static final int MAX_BODY = 1 << 20;

  @TempDir Path folder;

  private Server server;
  private Client client;
  private GrpcClient grpc;

  @BeforeEach
  void start() throws Exception {
    HttpOptions http =
        HttpOptions.defaults()
            .port(0)
            .maxBodyBytes(MAX_BODY)
            .timeouts(Duration.ofMinutes(5), Duration.ofSeconds(2));
    server = Server.start(TestServers.options().http(http), List.of(TestModels.arithmetic(folder)));
    client = new Client(server.port());
    grpc = new GrpcClient(server.port());
  }

  @AfterEach
  void stop() {
    grpc.close();
    client.close();
    server.close();
  }

  private static byte[] gzip(byte[] content) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  private void awaitNothingTaken() throws Exception {
    Await.until(
        () -> server.bodies().takenBytes() == 0, () -> server.bodies().takenBytes() + " bytes");
  }

  @Test
  void beyondItRequestsAreRefused() throws Exception {
    BodyMemory memory = server.bodies();
    BodyMemory.Share others = memory.share();
    others.add(memory.mostBytes() - 10);
    HttpResponse<byte[]> refused = client.post(INFER, Client.GOOD);
    assertEquals(503, refused.statusCode(), text(refused));
    assertEquals("1", refused.headers().firstValue("retry-after").orElseThrow());
    byte[] message = framed(GrpcTest.request("arith", "7", 1));
    assertEquals("14", grpc.call(INFERENCE + "ModelInfer", message).status());
    byte[] service = framed(GrpcClient.names("inference.GRPCInferenceService"));
    assertEquals("0", grpc.call("/grpc.health.v1.Health/Check", service).status());
    others.release();
    awaitNothingTaken();
    client.checkThatTheServerAnswers();
    assertEquals("0", grpc.call(INFERENCE + "ModelInfer", message).status());
  }

  @Test
  void bodiesGiveItBack() throws Exception {
    String large = Client.GOOD + " ".repeat(200_000);
    assertEquals(200, client.post(INFER, large).statusCode());
    assertEquals(400, client.post(INFER, large.substring(1)).statusCode());
    assertEquals(400, client.post(INFER, "{").statusCode());
    assertEquals(415, client.post(INFER, "x", "Content-Encoding", "br").statusCode());
    byte[] bomb = gzip(new byte[4 * MAX_BODY]);
    assertEquals(413, client.send("POST", INFER, bomb, "Content-Encoding", "gzip").statusCode());
    byte[] good = gzip(large.getBytes(StandardCharsets.UTF_8));
    assertEquals(200, client.send("POST", INFER, good, "Content-Encoding", "gzip").statusCode());
    awaitNothingTaken();
  }

  @Test
  void bodiesOfClientsThatGoOrDawdleGiveItBack() throws Exception {
    byte[] begun =
        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"inputs\""
            .formatted(INFER)
            .getBytes(StandardCharsets.ISO_8859_1);
    try (Socket dawdling = client.connect()) {
      try (Socket going = client.connect()) {
        going.getOutputStream().write(begun);
        Await.until(() -> server.bodies().takenBytes() == 50);
      }
      dawdling.getOutputStream().write(begun);
      assertEquals("", Client.readAll(dawdling.getInputStream()));
    }
    awaitNothingTaken();
  }

  @Test
  void messagesGiveItBack() throws Exception {
    byte[] message = GrpcTest.request("arith", "7", 1);
    byte[] unknown = new byte[8192];
    new Random(3).nextBytes(unknown);
    byte[] compressed = framed(gzip(message));
    compressed[0] = 1;
    byte[] broken = framed(unknown);
    broken[0] = 1;
    String[] gzip = {"grpc-encoding", "gzip"};
    for (String method : List.of("ModelInfer", "ModelStreamInfer")) {
      grpc.call(INFERENCE + method, framed(message));
      grpc.call(INFERENCE + method, framed(message, message));
      grpc.call(INFERENCE + method, framed(unknown));
      grpc.call(INFERENCE + method, compressed, gzip);
      grpc.call(INFERENCE + method, broken, gzip);
      grpc.call(INFERENCE + method, new byte[] {0, 0, 0, 0, 9, 1});
      awaitNothingTaken();
    }
    grpc.call(INFERENCE + "ModelReady", framed(message));
    Http2Bytes begun =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
            .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 1, Http2Bytes.call("ModelInfer"))
            .frame(Http2Bytes.DATA, 0, 1, framed(message))
            .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 3, Http2Bytes.call("ModelInfer"))
            .frame(Http2Bytes.DATA, 0, 3, new byte[] {0, 0, 0, 0, 9, 1});
    try (Socket going = client.connect()) {
      going.getOutputStream().write(begun.bytes());
      Await.until(() -> server.bodies().takenBytes() == message.length + 9);
    }
    awaitNothingTaken();
    assertTrue(server.bodies().mostBytes() > MAX_BODY, "so that one body fits");
  }
}
