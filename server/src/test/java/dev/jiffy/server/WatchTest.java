package dev.jiffy.server;

import static dev.jiffy.server.Client.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.schedule.HeldOwner;
import dev.jiffy.server.telemetry.TelemetryOptions;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What watchers are told of requests that are really sent.
class WatchTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00-" + TRACE + "-00f067aa0ba902b7-01";
  private static final String TRACES = "/v1/traces secret";
  private static final String METRICS = "/v1/metrics secret";

  @TempDir Path folder;

  private Server start(WatchOptions watch) throws IOException {
    return Server.start(TestServers.options().watch(watch), List.of(TestModels.arithmetic(folder)));
  }

  @Test
  void watchersAreToldOfEveryRequest() throws Exception {
    Queue<Account> told = new ConcurrentLinkedQueue<>();
    try (Server server = start(WatchOptions.defaults().watchers(List.of(told::add)));
        Client client = new Client(server.port())) {
      client.post("/v2/models/arith/infer", Client.GOOD, "traceparent", PARENT);
      client.post("/v2/models/arith/infer", "{");
      client.get("/v2/health/live");
      client.get("/v2/models/none");
    }
    assertEquals(List.of(200, 400, 200, 404), told.stream().map(Account::code).toList());
    Account answered = told.remove();
    assertEquals("http", answered.protocol());
    assertEquals("POST", answered.method());
    assertEquals("/v2/models/arith/infer", answered.path());
    assertEquals(new Account.Target("arith", "1"), answered.model());
    assertEquals(Client.GOOD.length(), answered.receivedBytes());
    assertNotNull(answered.trace());
    assertEquals(TRACE, answered.trace().traceId());
    Stopwatch stopwatch = answered.stopwatch();
    assertNotNull(stopwatch);
    long sum = 0;
    for (Stage stage : List.of(Stage.DECODE, Stage.QUEUE, Stage.COMPUTE, Stage.ENCODE)) {
      assertTrue(stopwatch.isTimed(stage), stage::label);
      sum += stopwatch.nanos(stage);
    }
    assertTrue(sum > 0 && sum <= answered.nanos(), sum + " of " + answered.nanos());
    assertEquals(1, stopwatch.batchRows());
    assertEquals(new Account.Target("arith", "1"), told.remove().model());
  }

  @Test
  void whatNoModelAnswersIsTimedToo() throws Exception {
    Queue<Account> told = new ConcurrentLinkedQueue<>();
    try (Server server = start(WatchOptions.defaults().watchers(List.of(told::add)));
        Client client = new Client(server.port())) {
      client.get("/v2/models/none");
      client.send("HEAD", "/v2", new byte[0]);
      client.post("/v2/repository/index", "{}");
      client.send("PUT", "/v2", new byte[0]);
    }
    assertEquals(List.of(404, 200, 200, 405), told.stream().map(Account::code).toList());
    assertTrue(told.stream().allMatch(account -> account.nanos() > 0), told::toString);
    assertEquals(
        List.of(false, true, false, false),
        told.stream().map(account -> account.sentBytes() == 0).toList());
  }

  @Test
  void whoeverGoesBeforeTheAnswerIsTold() throws Exception {
    BlockingQueue<Account> told = new LinkedBlockingQueue<>();
    String head =
        "POST /v2/models/arith/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"inputs\"";
    try (Server server = start(WatchOptions.defaults().watchers(List.of(told::add)));
        Client client = new Client(server.port())) {
      try (Socket socket = client.connect()) {
        socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      }
      Account gone = told.poll(60, TimeUnit.SECONDS);
      assertNotNull(gone);
      assertEquals(499, gone.code());
      assertEquals("/v2/models/arith/infer", gone.path());
      assertTrue(gone.client().startsWith("127.0.0.1:"), gone::client);
      assertEquals(0, gone.sentBytes());
      assertTrue(gone.nanos() > 0, gone::toString);
    }
    assertEquals(0, told.size());
  }

  @Test
  void theFlightRecorderIsTold() throws Exception {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jiffy.Request");
      recording.enable("jiffy.Batch");
      recording.start();
      try (Server server = start(WatchOptions.defaults());
          Client client = new Client(server.port())) {
        client.checkThatTheServerAnswers();
        client.get("/v2/health/live");
      } // closed, as a batch is told of once everyone in it has an answer
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    RecordedEvent request =
        events.stream()
            .filter(event -> event.getEventType().getName().equals("jiffy.Request"))
            .filter(event -> "arith".equals(event.getString("model")))
            .findFirst()
            .orElseThrow();
    assertEquals(200, request.getInt("code"));
    assertTrue(request.getDuration("computeNanos").toNanos() > 0);
    RecordedEvent batch =
        events.stream()
            .filter(event -> event.getEventType().getName().equals("jiffy.Batch"))
            .findFirst()
            .orElseThrow();
    assertEquals("arith", batch.getString("model"));
    assertEquals(1, batch.getInt("requests"));
    assertEquals(1, batch.getInt("answered"));
  }

  /// A request to the collector: its path, and its body as if each byte were a character.
  private record Sent(String path, String body) {}

  @Test
  void aCollectorIsSentTracesAndMetrics() throws Exception {
    Queue<Sent> sent = new ConcurrentLinkedQueue<>();
    Vertx vertx = Vertx.vertx();
    HttpServer collector =
        vertx
            .createHttpServer()
            .requestHandler(request ->
                request
                    .body()
                    .onSuccess(body -> {
                      sent.add(
                          new Sent(
                              request.path() + " " + request.getHeader("x-key"),
                              body.toString(StandardCharsets.ISO_8859_1)));
                      request.response().end();
                    }))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
    TelemetryOptions options =
        new TelemetryOptions(
            URI.create("http://127.0.0.1:" + collector.actualPort()),
            "my-service",
            0,
            Duration.ofMillis(100),
            Map.of("x-key", "secret"));
    try (Server server = start(WatchOptions.defaults().telemetry(options));
        Client client = new Client(server.port())) {
      client.post("/v2/models/arith/infer", Client.GOOD, "traceparent", PARENT);
      client.post("/v2/models/arith/infer", Client.GOOD); // not sampled: neither here nor there
      client.get("/v2/health/live");
      Await.until(() -> spans(sent) >= 5 && body(sent, METRICS).contains("answered"));
    } finally {
      vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
    String traces = body(sent, TRACES);
    for (String part : List.of("my-service", "POST arith", "decode", "queue", "compute")) {
      assertTrue(traces.contains(part), part);
    }
    assertEquals(5, spans(sent));
    String metrics = body(sent, METRICS);
    for (String part : List.of("jiffy_request_duration_seconds", "jiffy_requests", "answered")) {
      assertTrue(metrics.contains(part), part);
    }
  }

  /// {@return how many spans of the trace were sent}
  private static int spans(Queue<Sent> sent) {
    StringBuilder traceId = new StringBuilder();
    for (int i = 0; i < TRACE.length(); i += 2) {
      traceId.append((char) Integer.parseInt(TRACE.substring(i, i + 2), 16));
    }
    return body(sent, TRACES).split(Pattern.quote(traceId.toString()), -1).length - 1;
  }

  private static String body(Queue<Sent> sent, String path) {
    StringBuilder body = new StringBuilder();
    sent.stream().filter(each -> each.path().equals(path)).forEach(each -> body.append(each.body));
    return body.toString();
  }

  @Test
  void healthAnswersWhileTheQueueIsFull() throws Exception {
    try (Server server =
            Server.start(
                TestServers.options()
                    .policy(ServerOptions.defaults().policy().queueCapacity(4).maxBatch(1))
                    .warmUpTime(Duration.ofMillis(1)),
                List.of(TestModels.arithmetic(folder)));
        Client client = new Client(server.port());
        HeldOwner _ = new HeldOwner(server.scheduler("arith"), TestModels.arithmeticRow())) {
      List<Socket> sockets = client.ask("arith", Client.GOOD, 8);
      Await.until(() -> server.counts("arith").refused() == 4);
      assertEquals(200, client.get("/v2/health/live").statusCode());
      assertEquals(200, client.get("/v2/health/ready").statusCode());
      String waiting = "jiffy_queue_length{model=\"arith\",version=\"1\"}";
      assertEquals(4, Scrape.of(text(client.get("/metrics"))).value(waiting));
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
