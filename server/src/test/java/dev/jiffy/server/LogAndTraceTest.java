package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.telemetry.TelemetryOptions;
import dev.jiffy.server.watch.AccessLog;
import dev.jiffy.server.watch.LogFormat;
import dev.jiffy.server.watch.ServerLog;
import dev.jiffy.server.watch.ServerLog.Verbosity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The protocol's extensions `logging` and `trace` over HTTP, and who may change settings.
class LogAndTraceTest {
  private static final String TOKEN = "open sesame, open sesame";
  private static final String[] BEARER = {"Authorization", "Bearer " + TOKEN};
  private static final String INFER = "/v2/models/twice/infer";
  private static final String BODY =
      "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}";
  private static final String QUIET =
      """
      {"log_file":"","log_info":true,"log_warning":true,"log_error":true,\
      "log_verbose_level":0,"log_format":"default"}\
      """;

  @TempDir Path folder;

  private final ByteArrayOutputStream told = new ByteArrayOutputStream();
  private ServerLog log;
  private Server server;
  private Client client;
  private Client admin;

  @BeforeEach
  void start() throws IOException {
    ExampleModels.times(folder.resolve("twice.onnx"), 2);
    AccessLog requests = AccessLog.silent(told);
    log = ServerLog.start(told, Verbosity.INFO, LogFormat.DEFAULT, requests, false);
    server =
        Server.start(
            TestServers.options()
                .admin(new AdminOptions("127.0.0.1", 0, Secret.of(TOKEN)))
                .watch(
                    WatchOptions.defaults()
                        .watchers(List.of(requests))
                        .log(log)
                        .telemetry(TelemetryOptions.to(URI.create("http://127.0.0.1:9")))),
            TestServers.storage(folder));
    client = new Client(server.port());
    admin = new Client(server.adminPort());
  }

  @AfterEach
  void stop() {
    admin.close();
    client.close();
    server.close();
    log.close();
  }

  private static void check(int status, String says, HttpResponse<byte[]> response) {
    assertEquals(status, response.statusCode(), text(response));
    assertTrue(text(response).contains(says), text(response));
  }

  @Test
  void requestsAreLoggedWhileThatIsAskedFor() throws Exception {
    assertEquals(QUIET, text(client.get("/v2/logging")));
    check(200, "outputs", client.post(INFER, BODY));
    String loud = QUIET.replace("level\":0", "level\":1");
    HttpResponse<byte[]> changed = admin.post("/v2/logging", "{\"log_verbose_level\":1}", BEARER);
    assertEquals(loud, text(changed));
    assertEquals(loud, text(client.get("/v2/logging")));
    check(200, "outputs", client.post(INFER, BODY));
    check(200, QUIET, admin.post("/v2/logging", "{\"log_verbose_level\":0}", BEARER));
    check(200, "outputs", client.post(INFER, BODY));
    stop(); // all lines are written then
    String lines = told.toString(StandardCharsets.UTF_8);
    assertEquals(
        1,
        lines.lines().filter(line -> line.contains("\"path\":\"" + INFER + "\"")).count(),
        lines);
  }

  @Test
  void onlyTheAdminPortChangesSettings() throws Exception {
    String refusal = "settings are not changed by this port";
    check(403, refusal, client.post("/v2/logging", "{\"log_info\":false}"));
    check(403, refusal, client.post("/v2/trace/setting", "{\"trace_rate\":\"2\"}"));
    check(403, refusal, client.post("/v2/models/twice/trace/setting", "{}"));
    check(401, "", admin.post("/v2/logging", "{\"log_info\":false}"));
    assertEquals(405, client.send("PUT", "/v2/logging", new byte[0]).statusCode());
    assertEquals(QUIET, text(client.get("/v2/logging")));
    String described = text(admin.send("GET", "/v2", new byte[0], BEARER));
    for (String extension : List.of("\"logging\"", "\"trace\"")) {
      assertTrue(described.contains(extension), described);
      assertFalse(text(client.get("/v2")).contains(extension));
    }
  }

  @Test
  void tracesOfAllModelsAndOfOne() throws Exception {
    String every =
        """
        {"trace_level":["TIMESTAMPS"],"trace_rate":"1","trace_count":"-1","trace_file":"",\
        "log_frequency":"0","trace_mode":"opentelemetry"}\
        """;
    assertEquals(every, text(client.get("/v2/trace/setting")));
    String fifth = every.replace("rate\":\"1\"", "rate\":\"5\"");
    String own = "/v2/models/twice/trace/setting";
    check(200, fifth, admin.post(own, "{\"trace_rate\":\"5\"}", BEARER));
    assertEquals(fifth, text(client.get("/v2/models/twice/versions/1/trace/setting")));
    assertEquals(every, text(client.get("/v2/trace/setting")));
    check(404, "no model 'none'", client.get("/v2/models/none/trace/setting"));
    check(
        404,
        "no model 'none'",
        admin.post("/v2/models/none/trace/setting", "{\"trace_rate\":\"5\"}", BEARER));
    check(400, "'trace_count'", admin.post(own, "{\"trace_count\":\"few\"}", BEARER));
    check(501, "tensors", admin.post(own, "{\"trace_level\":[\"TENSORS\"]}", BEARER));
    check(200, every, admin.post(own, "{\"trace_rate\":null}", BEARER));
  }
}
