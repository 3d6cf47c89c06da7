package dev.jiffy.bench.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Outcome;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.ServiceWire;
import dev.jiffy.protocol.TensorMetadata;
import dev.jiffy.tensor.DType;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Calls of gRPC to a server that is written byte by byte.
class GrpcTest {
  private static final long SECOND = 1_000_000_000;
  private final Vertx vertx = Vertx.vertx();
  private final AtomicInteger connections = new AtomicInteger();

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private URI serve(Handler<HttpServerRequest> handler) {
    HttpServer server =
        vertx
            .createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(true))
            .connectionHandler(connection -> connections.incrementAndGet())
            .requestHandler(handler)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    return URI.create("http://127.0.0.1:" + server.actualPort());
  }

  private static Recording run(
      URI server, int messages, int channels, @Nullable AnswerCheck check, Plan plan) {
    List<HttpMessage> all = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      all.add(new HttpMessage("/" + i, Map.of(), GrpcFrame.of(new byte[] {(byte) i})));
    }
    try (Subject subject = new HttpSubject("test", server, all, Carrier.GRPC, 8, channels, check)) {
      return subject.run(plan, issued -> {});
    }
  }

  private static Plan plan(Arrivals arrivals, Extent extent, int samples, long timeoutNanos) {
    return new Plan(arrivals, extent, new Order(samples, true, 0), 8, timeoutNanos);
  }

  private static void answer(HttpServerRequest request, Buffer frame, String status) {
    request.response().putHeader("content-type", "application/grpc");
    request.response().putTrailer("grpc-status", status);
    request.response().end(frame);
  }

  @Test
  void callsShareConnections() {
    Set<String> headers = ConcurrentHashMap.newKeySet();
    URI server =
        serve(request -> {
          headers.add(request.getHeader("content-type") + " " + request.getHeader("grpc-timeout"));
          request.response().putTrailer("server-timing", "compute;dur=2.5, batch;desc=2");
          request.body().onSuccess(body -> vertx.setTimer(3, timer -> answer(request, body, "0")));
        });
    AnswerCheck check =
        (sample, jsonLength, body) -> GrpcFrame.message(body)[0] == sample && sample != 2;
    Recording recording =
        run(
            server,
            3,
            2,
            check,
            plan(new Arrivals.Closed(8, 1), Extent.requests(90), 3, 5 * SECOND));
    assertEquals(Map.of(Outcome.OK, 60L, Outcome.WRONG_ANSWER, 30L), recording.outcomes());
    assertEquals(2, connections.get());
    assertEquals(Set.of("application/grpc 5000000u"), headers);
    assertEquals(2_500_000, recording.stageNanos("compute", 4));
    assertEquals(2, recording.batch(4));
  }

  @Test
  void theServerIsToldWhatIsLeftOfTheDeadline() {
    Set<String> left = ConcurrentHashMap.newKeySet();
    URI server =
        serve(request -> {
          left.add(String.valueOf(request.getHeader("grpc-timeout")));
          request.body().onSuccess(body -> answer(request, body, "0"));
        });
    Plan plan = plan(new Arrivals.Poisson(500, 1), Extent.requests(50), 3, 5 * SECOND);
    assertEquals(
        Map.of(Outcome.OK, 50L), run(server, 3, 2, null, plan.deadline(60 * SECOND)).outcomes());
    left.forEach(each -> assertTrue(each.matches("[1-5]\\d{7}u"), () -> "left " + each));
  }

  @Test
  void everyStatusIsTakenDown() {
    URI server =
        serve(request -> {
          switch (String.valueOf(request.path())) {
            case "/0" -> request.body().onSuccess(body -> answer(request, body, "0"));
            case "/1" -> request.response().putHeader("grpc-status", "3").end();
            case "/2" -> request.response().putHeader("grpc-status", "14").end();
            case "/3" -> answer(request, Buffer.buffer(), "13");
            case "/4" -> answer(request, Buffer.buffer(), "4");
            case "/5" -> request.response().end();
            case "/6" -> request.response().reset(2);
            case "/7" -> request.response().setStatusCode(429).end();
            default -> {} // never
          }
        });
    Arrivals arrivals = new Arrivals.Closed(8, 1);
    run(
        server,
        8,
        1,
        null,
        plan(arrivals, Extent.requests(8), 8, 60 * SECOND)); // classes are loaded
    connections.set(0);
    Recording recording =
        run(server, 9, 1, null, plan(arrivals, Extent.requests(45), 9, 3 * SECOND));
    Map<Outcome, Long> expected = new HashMap<>();
    expected.put(Outcome.OK, 5L);
    expected.put(Outcome.BAD_REQUEST, 5L);
    expected.put(Outcome.OVERLOADED, 10L);
    expected.put(Outcome.SERVER_ERROR, 5L);
    expected.put(Outcome.TIMEOUT, 10L);
    expected.put(Outcome.BROKEN, 10L);
    assertEquals(expected, recording.outcomes());
    assertEquals(1, connections.get(), "a call that fails leaves the connection to the others");
  }

  /// Those who shared a connection that has broken share the next one.
  @Test
  void aBrokenConnectionIsReplacedByOne() {
    AtomicInteger asked = new AtomicInteger();
    URI server =
        serve(request -> {
          int number = asked.incrementAndGet();
          if (number == 50 || number == 100) {
            request.connection().close();
          } else {
            request.body().onSuccess(body -> answer(request, body, "0"));
          }
        });
    Recording recording =
        run(
            server,
            1,
            1,
            null,
            plan(new Arrivals.Closed(8, 1), Extent.requests(160), 1, 5 * SECOND));
    assertEquals(160, recording.size());
    assertEquals(3, connections.get());
  }

  @Test
  void theModelIsAskedFor() {
    ModelMetadata metadata =
        new ModelMetadata(
            "m",
            List.of("1"),
            "onnx",
            List.of(new TensorMetadata("x", DType.F32, List.of(-1L, 3L))),
            List.of());
    URI server =
        serve(request ->
            request
                .body()
                .onSuccess(body -> {
                  String name = ServiceWire.names(GrpcFrame.message(body.getBytes())).first();
                  if (name.equals("m")) {
                    byte[] frame = GrpcFrame.of(ServiceWire.metadata(metadata));
                    answer(request, Buffer.buffer(frame), "0");
                  } else {
                    request.response().putHeader("grpc-message", "no such model");
                    request.response().putHeader("grpc-status", "5").end();
                  }
                }));
    Served served = Served.ask(server, "m", ServerApi.V2_GRPC);
    assertEquals("x", served.inputs().getFirst().name());
    assertEquals(DType.F32, served.inputs().getFirst().dtype());
    UncheckedIOException failure =
        assertThrows(UncheckedIOException.class, () -> Served.ask(server, "n", ServerApi.V2_GRPC));
    assertTrue(String.valueOf(failure.getMessage()).contains("no such model"), failure::toString);
  }

  @Test
  void framesAreChecked() {
    byte[] message = {1, 2, 3};
    assertArrayEquals(message, GrpcFrame.message(GrpcFrame.of(message)));
    for (byte[] wrong :
        new byte[][] {{}, {0, 0, 0, 0}, {0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 9}}) {
      assertThrows(ProtocolException.class, () -> GrpcFrame.message(wrong));
    }
    assertEquals("1n", Carrier.timeout(1));
    assertEquals("10000000u", Carrier.timeout(10 * SECOND));
    assertEquals("3600000m", Carrier.timeout(3600 * SECOND));
  }
}
