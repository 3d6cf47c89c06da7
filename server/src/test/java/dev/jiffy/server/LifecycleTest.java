package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.TraceSettings;
import dev.jiffy.server.metrics.Traffic.Event;
import dev.jiffy.server.metrics.Traffic.Protocol;
import dev.jiffy.server.schedule.HeldOwner;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Watcher;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LifecycleTest {
  private static final ServerOptions OPTIONS = TestServers.options();

  /// Bodies are to arrive soon.
  private static final HttpOptions SOON =
      OPTIONS.http().timeouts(Duration.ofMinutes(5), Duration.ofMillis(300));

  @TempDir Path folder;

  /// {@return a request that takes the model `slow` a while}
  private static String slowRequest() {
    int rows = 256;
    StringBuilder body =
        new StringBuilder(
            "{\"inputs\":[{\"name\":\"x0\",\"datatype\":\"FP32\",\"shape\":[%d,256],\"data\":[0"
                .formatted(rows));
    return body.repeat(",0", rows * 256 - 1).append("]}],\"outputs\":[]}").toString();
  }

  private static String status(Socket socket) throws IOException {
    return new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
  }

  @Test
  void readyWhenWarm() throws Exception {
    List<LoadedModel> models =
        List.of(TestModels.arithmetic(folder), TestModels.texts(folder), TestModels.picky(folder));
    try (Server server = Server.listening(OPTIONS, models);
        Client client = new Client(server.port())) {
      List<String> paths = List.of("/v2/health/ready", "/v2/models/arith/ready");
      for (String path : paths) {
        assertEquals(503, client.get(path).statusCode());
      }
      assertEquals(503, client.post("/v2/models/arith/infer", "{}").statusCode());
      assertEquals(200, client.get("/v2/health/live").statusCode());
      server.warmUp();
      for (String path : paths) {
        assertEquals(200, client.get(path).statusCode());
      }
      client.checkThatTheServerAnswers();
    }
  }

  /// Both protocols refuse the same, 403 or 7 for want of rights: the server would do it.
  @Test
  void whatCanBeHadBeforeTheServerIsReady() throws Exception {
    byte[] arith = GrpcClient.framed(GrpcClient.names("", "arith"));
    byte[] settings =
        GrpcClient.framed(new TraceSettings("", Map.of("trace_rate", List.of("5"))).toWire());
    try (Server server = Server.listening(OPTIONS, List.of(TestModels.arithmetic(folder)));
        Client client = new Client(server.port());
        GrpcClient grpc = new GrpcClient(server.port())) {
      for (boolean isReady : List.of(false, true)) {
        for (String change : List.of("load", "unload")) {
          String path = "/v2/repository/models/arith/" + change;
          assertEquals(isReady ? 403 : 503, client.post(path, "{}").statusCode());
        }
        for (String change : List.of("RepositoryModelLoad", "RepositoryModelUnload")) {
          assertEquals(
              isReady ? "7" : "14", grpc.call(GrpcClient.INFERENCE + change, arith).status());
        }
        assertEquals(200, client.post("/v2/repository/index", "{}").statusCode());
        assertEquals(403, client.post("/v2/trace/setting", "{}").statusCode());
        assertEquals(403, client.post("/v2/logging", "{}").statusCode());
        assertEquals("7", grpc.call(GrpcClient.INFERENCE + "TraceSetting", settings).status());
        server.warmUp();
      }
    }
  }

  @Test
  void aClosingServerAnswersWhatHasArrived() throws Exception {
    Server server = Server.start(OPTIONS, List.of(TestModels.slow(folder)));
    try (Client client = new Client(server.port())) {
      List<Socket> sockets = client.ask("slow", slowRequest(), 6);
      Await.until(() -> server.counts("slow").accepted() == 6);
      server.close();
      for (Socket socket : sockets) {
        assertEquals("HTTP/1.1 200", status(socket));
        socket.close();
      }
      assertThrows(ConnectException.class, client::connect);
    }
    server.close();
  }

  @Test
  void idleConnectionsDoNotHoldUpAClosingServer() throws Exception {
    Server server = Server.start(OPTIONS, List.of());
    try (Client client = new Client(server.port());
        Socket idle = client.connect()) {
      assertEquals(200, client.get("/v2/health/live").statusCode());
      server.close();
      assertEquals(-1, idle.getInputStream().read());
    }
  }

  @Test
  void moreThanMayWaitIsRefused() throws Exception {
    try (Server server =
            Server.start(
                OPTIONS.policy(OPTIONS.policy().queueCapacity(1)),
                List.of(TestModels.arithmetic(folder)));
        Client client = new Client(server.port())) {
      List<Socket> sockets;
      try (HeldOwner _ = new HeldOwner(server.scheduler("arith"), TestModels.arithmeticRow())) {
        sockets = client.ask("arith", Client.GOOD, 12);
        Await.until(() -> server.counts("arith").refused() == 11);
      }
      int answered = 0;
      for (Socket socket : sockets) {
        String status = status(socket);
        assertTrue(status.equals("HTTP/1.1 200") || status.equals("HTTP/1.1 503"), status);
        answered += status.equals("HTTP/1.1 200") ? 1 : 0;
        socket.close();
      }
      assertEquals(1, answered);
      assertEquals(200, client.get("/v2/health/ready").statusCode());
    }
  }

  @Test
  void clientsThatSayTooLittleAreSentAway() throws Exception {
    Duration soon = Duration.ofMillis(300);
    try (Server server =
            Server.start(
                OPTIONS.http(OPTIONS.http().timeouts(soon, soon)),
                List.of(TestModels.slow(folder)));
        Client client = new Client(server.port());
        Socket silent = client.connect();
        Socket dripping = client.connect();
        Socket unfinished = client.connect()) {
      unfinished
          .getOutputStream()
          .write(
              "POST /v2/models/slow/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
                  .getBytes(StandardCharsets.ISO_8859_1));
      Thread drip =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (true) {
                    dripping.getOutputStream().write('G');
                    Thread.sleep(50);
                  }
                } catch (IOException | InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      assertEquals("", Client.readAll(silent.getInputStream()));
      assertEquals("", Client.readAll(dripping.getInputStream()));
      assertEquals("", Client.readAll(unfinished.getInputStream()));
      drip.join();
      assertEquals(3, server.traffic().count(Event.TIMED_OUT));
    }
  }

  /// A request that is taken back, or given up, no longer counts as one that arrives.
  @Test
  void bodiesOverHttp2ThatNeverArrive() throws Exception {
    Duration idle = Duration.ofSeconds(2); // heads are to arrive before that
    byte[] head =
        Http2Bytes.headers(":method", "POST", ":path", "/v2/models/slow/infer", ":scheme", "http");
    try (Server server =
            Server.start(
                OPTIONS.http(OPTIONS.http().timeouts(idle, SOON.bodyTimeout())),
                List.of(TestModels.slow(folder)));
        Client client = new Client(server.port());
        Socket takingBack = client.connect();
        Socket stalling = client.connect()) {
      Http2Bytes bytes =
          new Http2Bytes()
              .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
              .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 1, head);
      stalling.getOutputStream().write(bytes.bytes());
      bytes.frame(Http2Bytes.RST_STREAM, 0, 1, Http2Bytes.CANCEL);
      takingBack.getOutputStream().write(bytes.bytes());
      Client.readAll(takingBack.getInputStream());
      Client.readAll(stalling.getInputStream());
      assertEquals(3, server.traffic().count(Event.TIMED_OUT));
      assertEquals(2, server.traffic().abandonedCount(Protocol.HTTP));
    }
  }

  /// A call of one message is to arrive in time; a stream takes as long as it likes.
  @Test
  void callsThatNeverArrive() throws Exception {
    try (Server server = Server.start(OPTIONS.http(SOON), List.of());
        Client client = new Client(server.port());
        Socket socket = client.connect()) {
      Http2Bytes bytes =
          new Http2Bytes()
              .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
              .frame(
                  Http2Bytes.HEADERS,
                  Http2Bytes.END_HEADERS,
                  1,
                  Http2Bytes.call("ModelStreamInfer"))
              .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 3, Http2Bytes.call("ModelInfer"));
      socket.getOutputStream().write(bytes.bytes());
      assertEquals(3, Http2Test.takenBack(new DataInputStream(socket.getInputStream())));
      Await.until(() -> server.traffic().abandonedCount(Protocol.GRPC) == 1);
    }
  }

  /// A request that is its head has arrived with it.
  @Test
  void answersToRequestsWithoutABodyMayTakeLong() throws Exception {
    Watcher slow =
        new Watcher() {
          @Override
          public void ended(Account account) {}

          @Override
          public long dropped() { // is asked for every scrape
            LockSupport.parkNanos(Duration.ofMillis(1500).toNanos());
            return 0;
          }
        };
    WatchOptions watch = WatchOptions.defaults().watchers(List.of(slow));
    try (Server server = Server.start(OPTIONS.http(SOON).watch(watch), List.of());
        Client client = new Client(server.port());
        GrpcClient http2 = new GrpcClient(server.port())) {
      String metrics = Client.text(client.get("/metrics"));
      String none = "jiffy_connection_events_total{event=\"timed_out\"} 0";
      assertTrue(metrics.contains(none), metrics);
      assertEquals(
          200,
          GrpcClient.await(
                  http2.http().request(HttpMethod.GET, "/metrics").compose(HttpClientRequest::send))
              .statusCode());
      assertEquals(0, server.traffic().count(Event.TIMED_OUT));
    }
  }

  @Test
  void tooManyWhoSayNothingAreTurnedAway() throws Exception {
    HttpOptions few =
        new HttpOptions(
            "127.0.0.1", 0, 1, 1 << 20, 1 << 14, 3, Duration.ofMinutes(5), Duration.ofMinutes(5));
    try (Server server = Server.start(OPTIONS.http(few), List.of());
        Client client = new Client(server.port())) {
      List<Socket> silent = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        silent.add(client.connect());
      }
      for (Socket other : client.connectUntilTurnedAway()) {
        other.close();
      }
      silent.getFirst().close();
      String turnedAway = "jiffy_connection_events_total{event=\"turned_away\"}";
      assertTrue(Scrape.of(untilAnswered(client, "/metrics")).value(turnedAway) >= 1);
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  /// {@return an answer, once there is a place for its connection}
  private static String untilAnswered(Client client, String path) throws Exception {
    for (int i = 0; i < 12000; i++) {
      try {
        return Client.text(client.get(path));
      } catch (IOException e) {
        Thread.sleep(20);
      }
    }
    throw new AssertionError("never answered");
  }

  /// An answer that takes longer than a connection may lie idle is waited for.
  @Test
  void whatIsWorkedOnIsNotIdle() throws Exception {
    Duration soon = Duration.ofSeconds(1);
    ExampleModels.times(folder.resolve("twice/model.onnx"), 2);
    AtomicBoolean isSlow = new AtomicBoolean();
    StoreOptions storage =
        TestServers.storage(folder)
            .open(true)
            .progress(line -> {
              if (isSlow.get() && line.startsWith("loading")) {
                LockSupport.parkNanos(Duration.ofMillis(1500).toNanos());
              }
            });
    try (Server server = Server.start(OPTIONS.http(OPTIONS.http().timeouts(soon, soon)), storage);
        Client client = new Client(server.port())) {
      isSlow.set(true);
      for (String body : List.of("{}", "")) {
        HttpResponse<byte[]> loaded = client.post("/v2/repository/models/twice/load", body);
        assertEquals(200, loaded.statusCode(), Client.text(loaded));
      }
    }
  }

  /// A client that takes long to read its answer is not idle meanwhile, unless it takes it back.
  @Test
  void whatIsSentIsNotIdle() throws Exception {
    Duration soon = Duration.ofSeconds(3); // heads are to arrive before that
    byte[] head = Http2Bytes.headers(":method", "GET", ":path", "/v2", ":scheme", "http");
    byte[] noWindow = ByteBuffer.allocate(6).putShort((short) 4).array();
    try (Server server =
            Server.start(OPTIONS.http(OPTIONS.http().timeouts(soon, soon)), List.of());
        Client client = new Client(server.port());
        Socket reading = client.connect();
        Socket takingBack = client.connect()) {
      byte[] asking =
          new Http2Bytes()
              .frame(Http2Bytes.SETTINGS, 0, 0, noWindow)
              .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS | Http2Bytes.END_STREAM, 1, head)
              .bytes();
      DataInputStream in = new DataInputStream(reading.getInputStream());
      reading.getOutputStream().write(asking);
      takingBack.getOutputStream().write(asking);
      awaitFrame(in, Http2Bytes.HEADERS);
      awaitFrame(new DataInputStream(takingBack.getInputStream()), Http2Bytes.HEADERS);
      takingBack
          .getOutputStream()
          .write(Http2Bytes.one(Http2Bytes.RST_STREAM, 0, 1, Http2Bytes.CANCEL));
      String idle = client.raw("GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n");
      assertTrue(idle.startsWith("HTTP/1.1 200"), idle);
      Client.readAll(takingBack.getInputStream());
      byte[] window = ByteBuffer.allocate(4).putInt(1 << 16).array();
      reading.getOutputStream().write(Http2Bytes.one(Http2Bytes.WINDOW_UPDATE, 0, 1, window));
      awaitFrame(in, Http2Bytes.DATA);
      assertEquals(2, server.traffic().count(Event.TIMED_OUT));
    }
  }

  /// A client that never reads its answer, and shows in another way that it is there.
  @Test
  void whatIsNeverReadIsGivenUp() throws Exception {
    Duration idle = Duration.ofMillis(500);
    byte[] head = Http2Bytes.headers(":method", "GET", ":path", "/v2", ":scheme", "http");
    byte[] noWindow = ByteBuffer.allocate(6).putShort((short) 4).array();
    try (Server server =
            Server.start(
                OPTIONS.http(OPTIONS.http().timeouts(idle, Duration.ofSeconds(60))), List.of());
        Client client = new Client(server.port());
        Socket socket = client.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          new Http2Bytes()
              .frame(Http2Bytes.SETTINGS, 0, 0, noWindow)
              .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS | Http2Bytes.END_STREAM, 1, head)
              .bytes());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      awaitFrame(in, Http2Bytes.HEADERS);
      AtomicBoolean isOver = new AtomicBoolean();
      Thread pings =
          Thread.startVirtualThread(() -> {
            try {
              for (int i = 0; i < 1200 && !isOver.get(); i++) { // or it would wait for ever
                out.write(Http2Bytes.one(Http2Bytes.PING, 0, 0, new byte[8]));
                Thread.sleep(50);
              }
            } catch (IOException | InterruptedException _) {
              return; // the server has hung up
            }
          });
      awaitFrame(in, Http2Bytes.RST_STREAM);
      isOver.set(true);
      pings.join();
    }
  }

  /// Reads until a frame of a type has come; no other may end the connection before.
  private static void awaitFrame(DataInputStream in, int wanted) throws IOException {
    int type;
    do {
      int lengthAndType = in.readInt();
      type = lengthAndType & 0xff;
      in.skipNBytes(5L + (lengthAndType >>> 8));
      assertTrue(type != Http2Bytes.GO_AWAY, "the server hangs up");
    } while (type != wanted);
  }

  @Test
  void aTakenPortIsAFailureThatLeavesTheModelsOpen() throws Exception {
    try (Server server = Server.start(OPTIONS, List.of())) {
      LoadedModel model = TestModels.arithmetic(folder);
      UncheckedIOException e =
          assertThrows(
              UncheckedIOException.class,
              () -> Server.start(OPTIONS.http(OPTIONS.http().port(server.port())), List.of(model)));
      assertTrue(
          String.valueOf(e.getMessage()).contains("cannot listen on 127.0.0.1"), e::toString);
      model.model().newSession().close();
      model.close();
    }
  }

  @Test
  void namesDiffer() throws Exception {
    try (LoadedModel one = TestModels.arithmetic(folder);
        LoadedModel two = TestModels.arithmetic(folder)) {
      assertThrows(IllegalArgumentException.class, () -> Server.start(OPTIONS, List.of(one, two)));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            LoadedModel.load(
                "../x", folder.resolve("arith.onnx"), dev.jiffy.engine.LoadOptions.defaults()));
    assertEquals("a-b", LoadedModel.nameOf(Path.of("a b.onnx")));
    assertEquals("folder", LoadedModel.nameOf(Path.of("/models/folder/model.onnx")));
  }
}
