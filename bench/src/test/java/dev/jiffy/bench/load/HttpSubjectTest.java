package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recorder;
import dev.jiffy.bench.record.Recording;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpSubjectTest {
  private static final long SECOND = 1_000_000_000;
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private URI serve(Handler<HttpServerRequest> handler) {
    HttpServer server =
        vertx
            .createHttpServer()
            .requestHandler(handler)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    return URI.create("http://127.0.0.1:" + server.actualPort());
  }

  private static List<HttpMessage> messages(int count) {
    List<HttpMessage> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(
          new HttpMessage(
              "/" + i, Map.of("x-number", "" + i), ("body " + i).getBytes(StandardCharsets.UTF_8)));
    }
    return messages;
  }

  private static Recording run(URI server, int messages, @Nullable AnswerCheck check, Plan plan) {
    try (Subject subject =
        new HttpSubject("test", server, messages(messages), Carrier.HTTP, 8, 8, check)) {
      return subject.run(plan, issued -> {});
    }
  }

  private static Plan plan(Arrivals arrivals, Extent extent, int samples, long timeoutNanos) {
    return new Plan(arrivals, extent, new Order(samples, true, 0), 8, timeoutNanos);
  }

  @Test
  void everyRequestIsSentAndAnswered() {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    URI server =
        serve(request ->
            request
                .body()
                .onSuccess(body -> {
                  seen.add(request.path() + " " + request.getHeader("x-number") + " " + body);
                  request
                      .response()
                      .putHeader("server-timing", "a;dur=1.5, b;dur=0.25, batch;desc=3")
                      .end(body);
                }));
    Recording recording =
        run(
            server,
            3,
            null,
            plan(new Arrivals.Poisson(500, 1), Extent.requests(200), 3, 5 * SECOND));
    assertEquals(Set.of("/0 0 body 0", "/1 1 body 1", "/2 2 body 2"), seen);
    assertEquals(Map.of(Outcome.OK, 200L), recording.outcomes());
    assertEquals(List.of("a", "b"), recording.stages());
    assertEquals(1_500_000, recording.stageNanos("a", 7));
    assertEquals(3, recording.batch(7));
    for (int i = 0; i < 200; i++) {
      assertEquals(i % 3, recording.sample(i));
      assertTrue(recording.issuedNanos(i) >= recording.scheduledNanos(i));
      assertTrue(recording.firstByteNanos(i) > recording.issuedNanos(i));
      assertTrue(recording.completedNanos(i) >= recording.firstByteNanos(i));
    }
  }

  @Test
  void theServerIsToldWhatIsLeftOfTheDeadline() {
    Set<Double> left = ConcurrentHashMap.newKeySet();
    URI server =
        serve(request -> {
          String seconds = request.getHeader("request-timeout");
          left.add(seconds == null ? Double.NaN : Double.parseDouble(seconds));
          request.response().end();
        });
    Plan plan = plan(new Arrivals.Poisson(500, 1), Extent.requests(50), 3, 5 * SECOND);
    assertEquals(
        Map.of(Outcome.OK, 50L), run(server, 3, null, plan.deadline(60 * SECOND)).outcomes());
    assertTrue(left.size() > 1, "what is left differs from request to request");
    left.forEach(each -> assertTrue(each > 5 && each <= 60, () -> "left " + each));
  }

  @Test
  void everyKindOfEndIsTakenDown() {
    URI server =
        serve(request -> {
          switch (String.valueOf(request.path())) {
            case "/0" -> request.response().end("fine");
            case "/1" -> request.response().setStatusCode(400).end("no");
            case "/2" -> request.response().setStatusCode(503).end("busy");
            case "/3" -> request.response().setStatusCode(500).end("fault");
            case "/4" -> request.connection().close();
            default -> {} // never
          }
        });
    Arrivals arrivals = new Arrivals.Closed(8, 1);
    run(server, 5, null, plan(arrivals, Extent.requests(5), 5, 60 * SECOND)); // classes are loaded
    Recording recording = run(server, 6, null, plan(arrivals, Extent.requests(30), 6, 3 * SECOND));
    Map<Outcome, Long> expected = new HashMap<>();
    for (Outcome outcome :
        List.of(
            Outcome.OK,
            Outcome.BAD_REQUEST,
            Outcome.OVERLOADED,
            Outcome.SERVER_ERROR,
            Outcome.BROKEN,
            Outcome.TIMEOUT)) {
      expected.put(outcome, 5L);
    }
    assertEquals(expected, recording.outcomes());
  }

  /// A server that closes a connection with an answer, as it says in it, breaks nothing.
  @Test
  void connectionsThatAreClosedWithAnAnswerAreNotUsedAgain() {
    URI server =
        serve(request -> {
          if ("/0".equals(request.path())) {
            request.response().end("fine");
          } else {
            request
                .response()
                .putHeader("connection", "close")
                .end("fine")
                .onComplete(sent -> request.connection().close());
          }
        });
    for (int concurrency : new int[] {1, 3}) {
      Plan plan = plan(new Arrivals.Closed(concurrency, 1), Extent.requests(300), 2, 5 * SECOND);
      assertEquals(Map.of(Outcome.OK, 300L), run(server, 2, null, plan).outcomes());
    }
  }

  @Test
  void aScheduleThatIsTooLongIsRefused() {
    URI server = serve(request -> request.response().end());
    Plan plan = plan(new Arrivals.Poisson(1e9, 1), Extent.seconds(1000), 1, 5 * SECOND);
    assertThrows(IllegalArgumentException.class, () -> run(server, 1, null, plan));
  }

  @Test
  void answersAreHeldAgainstKnownOnes() {
    URI server = serve(request -> request.body().onSuccess(body -> request.response().end(body)));
    AnswerCheck check =
        (sample, jsonLength, body) ->
            sample != 1 && new String(body, StandardCharsets.UTF_8).equals("body " + sample);
    Recording recording =
        run(server, 2, check, plan(new Arrivals.Closed(1, 1), Extent.requests(10), 2, 5 * SECOND));
    assertEquals(Map.of(Outcome.OK, 5L, Outcome.WRONG_ANSWER, 5L), recording.outcomes());
  }

  @Test
  void anAnswersCheckIsNotItsTime() {
    URI server = serve(request -> request.response().end());
    List<Long> begins = new ArrayList<>();
    AnswerCheck check =
        (sample, jsonLength, body) -> {
          begins.add(System.nanoTime());
          return true;
        };
    Recording recording =
        run(server, 1, check, plan(new Arrivals.Closed(1, 1), Extent.requests(10), 1, 5 * SECOND));
    for (int i = 0; i < 10; i++) {
      assertTrue(recording.originNanos() + recording.completedNanos(i) <= begins.get(i));
    }
  }

  @Test
  void aQueryOfMoreRequestsThanConnectionsIsRefused() {
    URI nobody = URI.create("http://127.0.0.1:1");
    Plan plan = plan(new Arrivals.Closed(1, Scenario.PER_QUERY), Extent.requests(8), 1, 5 * SECOND);
    try (Subject four = new HttpSubject("test", nobody, messages(1), Carrier.HTTP, 4, 4, null)) {
      Load.Settings settings =
          new Load.Settings(
              Scenario.MULTI_STREAM, plan, null, false, plan.extent(), List.of(), 1, SECOND);
      String message =
          String.valueOf(
              assertThrows(
                      IllegalArgumentException.class,
                      () -> Load.run(four, settings, line -> {}, issued -> {}))
                  .getMessage());
      assertTrue(message.endsWith("at least as many connections, got 4"), message);
      assertThrows(IllegalArgumentException.class, () -> four.run(plan, issued -> {}));
    }
  }

  @Test
  void aServerThatIsNotThereIsTold() {
    URI nobody = URI.create("http://127.0.0.1:1");
    Plan plan = plan(new Arrivals.Closed(1, 1), Extent.requests(1), 1, 5 * SECOND);
    UncheckedIOException failure =
        assertThrows(UncheckedIOException.class, () -> run(nobody, 1, null, plan));
    assertTrue(String.valueOf(failure.getMessage()).contains("127.0.0.1:1"), failure::getMessage);
  }

  @Test
  void stagesAreReadFromTheHeader() {
    Recorder recorder = new Recorder();
    int row = recorder.begin(0, 0, 0, 0);
    ServerTiming.of(
            "queue;dur=0.021, miss, compute;desc=\"run\";dur=1.5;x=1,odd;dur=no, neg;dur=-1,;dur=1,"
                + " batch;desc=4, compute;dur=2")
        .tell(row, new Taker(recorder));
    recorder.end(row, 1, Outcome.OK);
    Recording recording = recorder.recording();
    assertEquals(List.of("queue", "compute"), recording.stages());
    assertEquals(21_000, recording.stageNanos("queue", row));
    assertEquals(3_500_000, recording.stageNanos("compute", row));
    assertEquals(4, recording.batch(row));
    assertEquals(new ServerTiming(Map.of(), 0), ServerTiming.of(""));
  }

  private record Taker(Recorder recorder) implements Target.Sink {
    @Override
    public void firstByte(int row) {}

    @Override
    public void stage(int row, String stage, long nanos) {
      recorder.stage(row, stage, nanos);
    }

    @Override
    public void batch(int row, int requests) {
      recorder.batch(row, requests);
    }

    @Override
    public void ended(int row, long nanos, Outcome outcome) {}
  }
}
