package dev.jiffy.server.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.Await;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.server.watch.Tracing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A collector that takes spans, or does not.
class TelemetryTest {
  private static final int TAKEN = 200;
  private static final int REFUSED = 400;

  private final Queue<String> traces = new ConcurrentLinkedQueue<>();
  private final Vertx vertx = Vertx.vertx();

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private Telemetry start(int status) throws Exception {
    HttpServer collector =
        await(
            vertx
                .createHttpServer()
                .requestHandler(request ->
                    request
                        .body()
                        .onSuccess(body -> {
                          if ("/v1/traces".equals(request.path())) {
                            traces.add(body.toString(StandardCharsets.ISO_8859_1));
                          }
                          request.response().setStatusCode(status).end();
                        }))
                .listen(0, "127.0.0.1"));
    return new Telemetry(
        TelemetryOptions.to(URI.create("http://127.0.0.1:" + collector.actualPort())),
        "1",
        List::of,
        Tracing.of(1));
  }

  @AfterEach
  void stop() throws Exception {
    await(vertx.close());
  }

  private static Account account(int number) {
    return new Account(
        "http",
        "127.0.0.1:5",
        "POST",
        "/number-%d/".formatted(number),
        new Account.Target("arith", "1"),
        200,
        10,
        20,
        Instant.now(),
        3_000_000,
        new Stopwatch(0),
        null);
  }

  @Test
  void aCollectorIsHandedEverySpan() throws Exception {
    Telemetry telemetry = start(TAKEN);
    for (int i = 0; i < 2000; i++) {
      telemetry.ended(account(i));
    }
    Await.until(() -> String.join("", traces).split("/number-", -1).length > 2000);
    telemetry.ended(account(2000));
    telemetry.close();
    assertEquals(0, telemetry.dropped());
    String all = String.join("", traces);
    for (int i = 0; i <= 2000; i++) {
      assertTrue(all.contains("/number-%d/".formatted(i)), "number " + i);
    }
    assertTrue(traces.size() > 1, "not all at once");
  }

  @Test
  void requestsWhoseSpansAreRefusedAreCounted() throws Exception {
    Telemetry telemetry = start(REFUSED);
    for (int i = 0; i < 600; i++) {
      telemetry.ended(account(i));
    }
    Await.until(() -> telemetry.dropped() == 600);
    telemetry.close();
    assertEquals(600, telemetry.dropped());
  }
}
