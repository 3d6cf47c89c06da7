package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tensors in this machine's shared memory, asked for over HTTP. What is in them: a at 0, b at 16;
/// y is to be at 32, and c at 48.
class SharedMemoryTest {
  private static final String INFER = "/v2/models/arith/infer";
  private static final String REGION = "/v2/systemsharedmemory/region/r/";

  @TempDir Path folder;

  private Path shared;
  private Server server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    shared = Files.createTempFile(Path.of("/dev/shm"), "jiffy-test-", "");
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(0, 1).putFloat(4, 2).putFloat(8, -0.5f).putLong(16, 4);
    Files.write(shared, bytes.array());
    server =
        Server.start(
            ServerOptions.defaults()
                .http(HttpOptions.defaults().port(0))
                .warmUpTime(Duration.ofMillis(50))
                .sharing(true),
            List.of(TestModels.arithmetic(folder)));
    client = new Client(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    server.close();
    Files.deleteIfExists(shared);
  }

  private void register() throws Exception {
    String key = "{\"key\":\"/%s\",\"byte_size\":64}".formatted(shared.getFileName());
    check(200, "{}", client.post(REGION + "register", key));
  }

  private static void check(int status, String says, HttpResponse<byte[]> response) {
    assertEquals(status, response.statusCode(), text(response));
    assertTrue(text(response).contains(says), text(response));
  }

  private static String at(long offset, long bytes) {
    return """
    "parameters":{"shared_memory_region":"r","shared_memory_offset":%d,\
    "shared_memory_byte_size":%d}\
    """
        .formatted(offset, bytes);
  }

  private static String request(String a, String outputs) {
    return """
    {"inputs":[{"name":"a","shape":[1,3],"datatype":"FP32",%s},
      {"name":"b","shape":[1],"datatype":"INT64",%s}]%s}\
    """
        .formatted(a, at(16, 8), outputs);
  }

  private static String outputs(String y, String c) {
    return ",\"outputs\":[{\"name\":\"y\",%s},{\"name\":\"c\",%s}]".formatted(y, c);
  }

  private float[] floats(int offset, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(shared)).order(ByteOrder.LITTLE_ENDIAN);
    float[] floats = new float[count];
    bytes.slice(offset, 4 * count).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
    return floats;
  }

  @Test
  void inputsAreReadThere() throws Exception {
    register();
    HttpResponse<byte[]> response = client.post(INFER, request(at(0, 12), ""));
    check(200, "\"data\":[-1.0,-2.0,0.5]", response);
    check(200, "\"data\":[4.0]", response);
  }

  @Test
  void outputsAreWrittenThere() throws Exception {
    register();
    HttpResponse<byte[]> response =
        client.post(INFER, request(at(0, 12), outputs(at(32, 16), "\"parameters\":{}")));
    check(200, "\"shared_memory_byte_size\":12", response);
    check(200, "\"data\":[4.0]", response);
    assertFalse(text(response).contains("-1.0"), text(response));
    assertEquals(
        List.of(-1f, -2f, 0.5f), List.of(floats(32, 3)[0], floats(32, 3)[1], floats(32, 3)[2]));
    response = client.post(INFER, request(at(0, 12), outputs(at(0, 12), at(48, 4))));
    check(200, "\"shared_memory_offset\":48", response);
    assertEquals(-1f, floats(0, 1)[0], "an output may take the place of an input");
    assertEquals(4f, floats(48, 1)[0]);
  }

  @Test
  void whatCannotBeIsToldAndCounted() throws Exception {
    register();
    String fine = outputs(at(32, 12), at(48, 4));
    check(
        400,
        "has 64 bytes, fewer than the offset 56",
        client.post(INFER, request(at(56, 12), fine)));
    check(400, "3 elements of 4 bytes", client.post(INFER, request(at(0, 16), fine)));
    check(
        400,
        "no region 's'",
        client.post(INFER, request(at(0, 12).replace("\"r\"", "\"s\""), fine)));
    check(
        400,
        "output 'c' and another one overlap",
        client.post(INFER, request(at(0, 12), outputs(at(32, 12), at(40, 4)))));
    check(
        400,
        "fewer than the offset 60",
        client.post(INFER, request(at(0, 12), outputs(at(60, 12), at(48, 4)))));
    check(
        400,
        "output 'y' takes 12 bytes",
        client.post(INFER, request(at(0, 12), outputs(at(32, 8), at(48, 4)))));
    check(200, "outputs", client.post(INFER, request(at(0, 12), fine)));
    String bad =
        "jiffy_requests_total{model=\"arith\",outcome=\"refused\",reason=\"bad_input\",version=\"1\"}";
    assertEquals(6, Scrape.of(text(client.get("/metrics"))).value(bad));
  }

  @Test
  void aFileThatBecomesSmaller() throws Exception {
    register();
    try (RandomAccessFile file = new RandomAccessFile(shared.toFile(), "rw")) {
      file.setLength(40);
    }
    String fine = outputs(at(32, 12), at(48, 4));
    check(400, "its shared memory has 40 bytes", client.post(INFER, request(at(0, 12), fine)));
    check(200, "outputs", client.post(INFER, request(at(0, 12), "")));
    Files.delete(shared);
    check(200, "outputs", client.post(INFER, request(at(0, 12), "")));
    client.checkThatTheServerAnswers();
  }

  @Test
  void regionsComeAndGo() throws Exception {
    assertEquals("[]", text(client.get("/v2/systemsharedmemory/status")));
    check(404, "no region 'r'", client.get(REGION + "status"));
    register();
    String told =
        "[{\"name\":\"r\",\"key\":\"/%s\",\"offset\":0,\"byte_size\":64}]"
            .formatted(shared.getFileName());
    assertEquals(told, text(client.get("/v2/systemsharedmemory/status")));
    assertEquals(told, text(client.get(REGION + "status")));
    check(409, "already", client.post(REGION + "register", "{\"key\":\"k\",\"byte_size\":1}"));
    check(200, "{}", client.post(REGION + "unregister", ""));
    check(400, "no region 'r'", client.post(INFER, request(at(0, 12), "")));
    register();
    check(200, "{}", client.post("/v2/systemsharedmemory/unregister", ""));
    assertEquals("[]", text(client.get("/v2/systemsharedmemory/status")));
    for (String key : List.of("../etc/passwd", "/../etc/passwd", "/etc/passwd", "", "no such")) {
      String body = "{\"key\":\"%s\",\"byte_size\":1}".formatted(key);
      assertEquals(400, client.post(REGION + "register", body).statusCode(), key);
    }
  }

  /// Clients first make sure that nothing of a GPU is registered.
  @Test
  void thereIsNoMemoryOfAGpu() throws Exception {
    assertEquals("[]", text(client.get("/v2/cudasharedmemory/status")));
    check(200, "{}", client.post("/v2/cudasharedmemory/unregister", ""));
    check(501, "GPU", client.post("/v2/cudasharedmemory/region/r/register", "{}"));
  }

  @Test
  void itIsOffUnlessAskedFor() throws Exception {
    assertTrue(text(client.get("/v2")).contains("\"system_shared_memory\""));
    try (Server plain =
            Server.start(
                ServerOptions.defaults().http(HttpOptions.defaults().port(0)),
                List.of(TestModels.arithmetic(folder)));
        Client other = new Client(plain.port())) {
      assertFalse(text(other.get("/v2")).contains("system_shared_memory"));
      check(501, "not on", other.get("/v2/systemsharedmemory/status"));
      check(501, "not on", other.post(REGION + "register", "{\"key\":\"k\",\"byte_size\":1}"));
    }
  }

  @Test
  void callersElsewhereShareNothing() {
    ServerOptions sharing =
        ServerOptions.defaults().http(HttpOptions.defaults().port(0)).sharing(true);
    AdminOptions everywhere = new AdminOptions("0.0.0.0", 0, Secret.of("a token of 16 bytes"));
    for (ServerOptions options :
        List.of(sharing.http(sharing.http().host("0.0.0.0")), sharing.admin(everywhere))) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> Server.start(options, List.of()));
      assertTrue(String.valueOf(e.getMessage()).endsWith("got 0.0.0.0"), e::getMessage);
    }
  }

  /// A region may go while a request that named it computes: its answer has no place then.
  @Test
  void aRegionThatComesAndGoesUnderLoad() throws Exception {
    String fine = request(at(0, 12), outputs(at(32, 12), at(48, 4)));
    AtomicBoolean isOver = new AtomicBoolean();
    CompletableFuture<Void> changing =
        CompletableFuture.runAsync(() -> {
          while (!isOver.get()) {
            try {
              register();
              check(200, "{}", client.post(REGION + "unregister", ""));
            } catch (Exception e) {
              throw new CompletionException(e);
            }
          }
        });
    for (int i = 0; i < 200; i++) {
      HttpResponse<byte[]> response = client.post(INFER, fine);
      if (response.statusCode() != 200) {
        assertEquals(400, response.statusCode(), text(response));
        assertTrue(text(response).contains("region 'r'"), text(response));
      }
    }
    isOver.set(true);
    changing.join();
    assertEquals("[]", text(client.get("/v2/systemsharedmemory/status")));
    client.checkThatTheServerAnswers();
  }
}
