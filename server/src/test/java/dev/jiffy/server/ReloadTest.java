package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.store.Repository;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models that are replaced while they are asked, and who may do so.
class ReloadTest {
  private static final int RELOADS = Integer.getInteger("server.reloads", 25);
  private static final String TOKEN = "open sesame, open sesame";
  private static final String BEARER = "Bearer " + TOKEN;
  private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
  private static final String INFER = "/v2/models/twice/infer";
  private static final String LOAD = "/v2/repository/models/twice/load";
  private static final String UNLOAD = "/v2/repository/models/twice/unload";
  private static final String BODY =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}";

  @TempDir Path folder;

  private Server server;
  private Client client;
  private Client admin;

  @BeforeEach
  void start() throws IOException {
    ExampleModels.times(folder.resolve("twice/model.onnx"), 1);
    server =
        Server.start(
            TestServers.options().admin(new AdminOptions("127.0.0.1", 0, Secret.of(TOKEN))),
            storage());
    client = new Client(server.port());
    admin = new Client(server.adminPort());
  }

  private StoreOptions storage() {
    return TestServers.storage(folder);
  }

  @AfterEach
  void stop() {
    admin.close();
    client.close();
    server.close();
  }

  private HttpResponse<byte[]> change(String path) throws Exception {
    return admin.post(path, "{}", "Authorization", BEARER);
  }

  private static void check(HttpResponse<byte[]> response, double factor) {
    assertEquals(200, response.statusCode(), text(response));
    String expected = "\"data\":[%s,%s]".formatted(factor, 2 * factor);
    assertTrue(text(response).contains(expected), text(response));
  }

  @Test
  void noRequestFailsWhileAModelIsReplaced() throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicLong answered = new AtomicLong();
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    List<Thread> askers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      askers.add(
          Thread.ofVirtual()
              .start(() -> {
                double last = 0;
                while (!isOver.get()) {
                  try {
                    HttpResponse<byte[]> response = client.post(INFER, BODY);
                    String data = text(response).replaceFirst(".*\"data\":\\[", "");
                    double factor =
                        response.statusCode() == 200
                            ? Double.parseDouble(data.substring(0, data.indexOf(',')))
                            : -1;
                    if (factor < last) {
                      wrong.add(last + " then " + response.statusCode() + " " + text(response));
                    }
                    last = factor;
                    answered.incrementAndGet();
                    Thread.sleep(1);
                  } catch (Exception e) {
                    wrong.add(e.toString());
                  }
                }
              }));
    }
    for (int i = 2; i < 2 + RELOADS; i++) {
      ExampleModels.times(folder.resolve("twice/model.onnx"), i);
      HttpResponse<byte[]> response = change(LOAD);
      assertEquals(200, response.statusCode(), text(response));
      check(client.post(INFER, BODY), i);
    }
    isOver.set(true);
    for (Thread asker : askers) {
      asker.join();
    }
    assertEquals(List.of(), List.copyOf(wrong));
    assertTrue(answered.get() >= RELOADS, answered + " answers");
  }

  @Test
  void aRequestWhoseBodyComesSlowlyFindsTheNewModel() throws Exception {
    try (Socket socket = client.connect()) {
      String head =
          "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n{"
              .formatted(INFER, BODY.length());
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      byte[] goOn = socket.getInputStream().readNBytes(CONTINUE.length());
      assertEquals(CONTINUE, new String(goOn, StandardCharsets.ISO_8859_1));
      ExampleModels.times(folder.resolve("twice/model.onnx"), 7);
      assertEquals(200, change(LOAD).statusCode());
      socket.getOutputStream().write(BODY.substring(1).getBytes(StandardCharsets.ISO_8859_1));
      String answer = Client.readAll(socket.getInputStream());
      assertTrue(answer.contains("\"data\":[7.0,14.0]"), answer);
    }
  }

  @Test
  void onlyTheAdminPortChangesModels() throws Exception {
    for (String path : List.of(LOAD, UNLOAD)) {
      assertEquals(403, client.post(path, "{}").statusCode());
      assertEquals(403, client.post(path, "{}", "Authorization", BEARER).statusCode());
      assertEquals(405, client.get(path).statusCode());
    }
    assertEquals(404, client.post("/v2/repository/models/twice/drop", "{}").statusCode());
    assertFalse(text(client.get("/v2")).contains("model_repository"));
    assertTrue(
        text(admin.send("GET", "/v2", new byte[0], "Authorization", BEARER))
            .contains("\"model_repository\""));
  }

  @Test
  void theAdminPortAnswersNobodyWithoutTheToken() throws Exception {
    for (String header : List.of("Bearer", "Bearer ", BEARER + "x", "Basic " + TOKEN, TOKEN)) {
      HttpResponse<byte[]> response = admin.post(UNLOAD, "{}", "Authorization", header);
      assertEquals(401, response.statusCode(), header);
      assertEquals("Bearer", response.headers().firstValue("www-authenticate").orElseThrow());
    }
    assertEquals(401, admin.get("/v2/health/live").statusCode());
    assertEquals(401, admin.post(INFER, BODY).statusCode());
    assertEquals(401, admin.get("/nowhere").statusCode());
    check(client.post(INFER, BODY), 1);
    check(admin.post(INFER, BODY, "authorization", "bearer " + TOKEN), 1);
  }

  @Test
  void theIndexFollows() throws Exception {
    assertEquals(200, change(UNLOAD).statusCode());
    assertEquals(503, client.post(INFER, BODY).statusCode());
    assertEquals(
        "[{\"name\":\"twice\",\"version\":\"\",\"state\":\"UNAVAILABLE\",\"reason\":\"\"}]",
        text(client.post("/v2/repository/index", "")));
    assertTrue(
        text(admin.post("/v2/repository/index", "", "Authorization", BEARER)).contains("unloaded"));
    assertEquals("[]", text(client.post("/v2/repository/index", "{\"ready\":true}")));
    Files.writeString(folder.resolve("twice/jiffy.yaml"), "thread: 1");
    HttpResponse<byte[]> response = change(LOAD);
    assertEquals(400, response.statusCode());
    assertTrue(text(response).contains("jiffy.yaml:1: thread: expected one of"), text(response));
    Files.delete(folder.resolve("twice/jiffy.yaml"));
    assertEquals(200, change(LOAD).statusCode());
    check(client.post(INFER, BODY), 1);
    assertEquals(404, change("/v2/repository/models/other/load").statusCode());
    assertEquals(404, change("/v2/repository/models/..%2Ftwice/load").statusCode());
    assertEquals(
        501,
        admin
            .post(LOAD, "{\"parameters\":{\"config\":\"{}\"}}", "Authorization", BEARER)
            .statusCode());
    assertEquals(400, admin.post(LOAD, "[", "Authorization", BEARER).statusCode());
  }

  @Test
  void anOpenRepositoryIsForThisMachineOnly() throws Exception {
    ServerOptions everywhere =
        ServerOptions.defaults().http(HttpOptions.defaults().host("0.0.0.0").port(0));
    assertThrows(
        IllegalArgumentException.class, () -> Server.start(everywhere, storage().open(true)));
    ServerOptions here = everywhere.http(HttpOptions.defaults().port(0));
    try (Server open = Server.start(here, storage().open(true));
        Client each = new Client(open.port())) {
      assertEquals(200, each.post(LOAD, "").statusCode());
      assertTrue(text(each.get("/v2")).contains("\"model_repository\""));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Server.start(
                here,
                StoreOptions.of(new Repository(List.of(folder.resolve("twice/.."))))
                    .poll(Duration.ZERO)));
    assertThrows(IllegalArgumentException.class, () -> Secret.of("short"));
    assertEquals("a secret", Secret.of(TOKEN).toString());
  }

  @Test
  void nothingToServeIsTold(@TempDir Path empty) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Server.start(
                    TestServers.options(), StoreOptions.of(new Repository(List.of(empty)))));
    assertTrue(String.valueOf(e.getMessage()).contains("got no model"), e::toString);
  }
}
