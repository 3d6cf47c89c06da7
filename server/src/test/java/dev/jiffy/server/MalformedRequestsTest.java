package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.server.schedule.Counts;
import dev.jiffy.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Damaged requests of each protocol: whatever comes, the server answers with a proper error or
/// hangs up, and afterwards it is as before.
///
/// `-Dfuzz.requests=N` sends N of each protocol, `-Dfuzz.seed=N` others.
class MalformedRequestsTest {
  private static final String[] CONNECTIONS = {"socket:", "anon_inode:"};
  private static final int REQUESTS = Integer.getInteger("fuzz.requests", 200);
  private static final long SEED = Long.getLong("fuzz.seed", 1);
  private static final int AT_A_TIME = 40;
  private static final String MODEL = "/v2/models/arith/infer";

  /// What clients may be told; not that the server failed.
  private static final Set<Integer> STATUSES =
      Set.of(100, 200, 400, 404, 405, 411, 413, 414, 415, 417, 431, 501, 503, 504, 505);

  @TempDir static Path folder;
  private static Server server;
  private static Client client;
  private static Assault assault;
  private static long files;
  private static int threads;

  @BeforeAll
  static void start() throws Exception {
    server =
        Server.start(
            TestServers.options().http(HttpOptions.defaults().port(0).maxBodyBytes(100_000)),
            List.of(TestModels.arithmetic(folder)));
    client = new Client(server.port());
    assault = new Assault(server.port());
    client.checkThatTheServerAnswers();
    assault.all(List.of(bytes("GET / HTTP/1.1\r\n\r\n"), http2(inferMessage())));
    for (int i = 0; i < 2; i++) { // each makes a worker thread
      assertEquals(200, client.get("/metrics").statusCode());
    }
    files = Footprint.open(CONNECTIONS);
    threads = Footprint.threads();
  }

  /// The server is as before, and has lost count of nothing.
  @AfterAll
  static void stop() throws Exception {
    client.checkThatTheServerAnswers();
    Await.until(
        () -> Footprint.open(CONNECTIONS) <= files + 2 && Footprint.threads() <= threads,
        () ->
            "%d files after %d, %d threads after %d"
                .formatted(Footprint.open(CONNECTIONS), files, Footprint.threads(), threads));
    Running.awaitQuiet(server, "arith");
    Counts counts = server.counts("arith");
    assertEquals(counts.accepted(), counts.finished(), counts::toString);
    assertTrue(counts.done() > 0, counts::toString);
    client.close();
    server.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static InferRequest inferRequest() {
    return new InferRequest(
        "7",
        Map.of("timing", new Parameter.Flag(true), "priority", new Parameter.Whole(3)),
        List.of(
            new InferTensor("a", Tensor.of(new float[] {1, 2, -0.5f}, 1, 3), true),
            new InferTensor("b", Tensor.of(new long[] {4}, 1), true)),
        List.of());
  }

  private static byte[] inferMessage() {
    byte[] message = InferWire.request(new InferWire.Call("arith", "", inferRequest()));
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static final String JSON =
      """
      {"id":"7","parameters":{"priority":2,"timeout":5000000,"timing":true},"inputs":[
      {"name":"a","shape":[1,3],"datatype":"FP32","data":[[1,2.5e-1,-0.5]]},
      {"name":"b","shape":[1],"datatype":"INT64","data":[4]}],
      "outputs":[{"name":"y","parameters":{"classification":2}},{"name":"c"}]}\
      """;

  private static byte[] post(byte[] body, String... headers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        bytes(
            "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n"
                .formatted(MODEL, body.length, String.join("\r\n", headers) + "\r\n")
                .replace("\r\n\r\n\r\n", "\r\n\r\n")));
    out.writeBytes(body);
    return out.toByteArray();
  }

  private static byte[] http2(byte[] message) {
    return new Http2Bytes()
        .frame(Http2Bytes.SETTINGS, 0, 0, new byte[] {0, 4, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9})
        .frame(Http2Bytes.WINDOW_UPDATE, 0, 0, new byte[] {0, 1, 0, 0})
        .frame(
            Http2Bytes.HEADERS,
            Http2Bytes.END_HEADERS,
            1,
            Http2Bytes.call("ModelInfer", "grpc-timeout", "5S"))
        .frame(Http2Bytes.PRIORITY, 0, 1, new byte[] {0, 0, 0, 0, 9})
        .frame(Http2Bytes.DATA, 0, 1, Arrays.copyOf(message, 20))
        .frame(
            Http2Bytes.DATA,
            Http2Bytes.END_STREAM,
            1,
            Arrays.copyOfRange(message, 20, message.length))
        .frame(Http2Bytes.PING, 0, 0, new byte[8])
        .frame(
            Http2Bytes.HEADERS,
            Http2Bytes.END_STREAM,
            3,
            Http2Bytes.headers(":method", "GET", ":path", "/v2/models/arith"))
        .frame(
            Http2Bytes.CONTINUATION,
            Http2Bytes.END_HEADERS,
            3,
            Http2Bytes.headers(":scheme", "http", ":authority", "x"))
        .frame(Http2Bytes.RST_STREAM, 0, 3, new byte[] {0, 0, 0, 8})
        .bytes();
  }

  /// Sends requests, and tells what comes back.
  private interface Sender {
    List<byte[]> send(List<byte[]> requests) throws IOException;
  }

  /// {@return what comes back from a server that is asked to hang up}
  private static List<byte[]> closing(List<byte[]> requests) throws IOException {
    return assault.whole(requests, answer -> false);
  }

  private static boolean hasStatus(byte[] answer) {
    return new String(answer, StandardCharsets.ISO_8859_1).contains("grpc-status");
  }

  /// Sends what is made, and looks at what comes back.
  private static void send(Sender sender, Supplier<byte[]> source, Consumer<byte[]> check)
      throws Exception {
    int answered = 0;
    for (int sent = 0; sent < REQUESTS; sent += AT_A_TIME) {
      List<byte[]> requests = new ArrayList<>();
      for (int i = 0; i < Math.min(AT_A_TIME, REQUESTS - sent); i++) {
        requests.add(source.get());
      }
      List<byte[]> answers = sender.send(requests);
      for (int i = 0; i < requests.size(); i++) {
        answered += answers.get(i).length > 0 ? 1 : 0;
        try {
          check.accept(answers.get(i));
        } catch (AssertionError e) {
          throw new AssertionError(
              "%s%nto the request%n%s%n%s%nwith the seed %d"
                  .formatted(
                      e.getMessage(),
                      new String(requests.get(i), StandardCharsets.ISO_8859_1),
                      HexFormat.of().formatHex(requests.get(i)),
                      SEED),
              e);
        }
      }
      client.checkThatTheServerAnswers();
    }
    assertTrue(2 * answered > REQUESTS, answered + " of " + REQUESTS + " were answered");
  }

  /// {@return how many whole answers of HTTP/1.1 there are}
  private static int checkHttp(byte[] answer) {
    String rest = new String(answer, StandardCharsets.ISO_8859_1);
    int count = 0;
    while (!rest.isEmpty()) {
      // what is no version of HTTP is refused with the same words
      assertTrue(rest.matches("(?s)(HTTP/1\\.[01] \\d{3}|\\S+ (400|501)) .*"), rest);
      int status = Integer.parseInt(rest.substring(rest.indexOf(' ') + 1, rest.indexOf(' ') + 4));
      assertTrue(STATUSES.contains(status), rest);
      int body = rest.indexOf("\r\n\r\n") + 4;
      assertTrue(body >= 4, rest);
      String head = rest.substring(0, body).toLowerCase(Locale.ROOT);
      int at = head.indexOf("content-length: ");
      assertTrue(at > 0 || status == 100, rest);
      int length =
          status == 100
              ? 0
              : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)).strip());
      assertTrue(rest.length() >= body + length, rest);
      if (head.contains("application/json") && status != 200) {
        assertTrue(rest.startsWith("{\"error\":", body), rest);
      }
      rest = rest.substring(body + length);
      count++;
    }
    return count;
  }

  private static void checkAnswered(byte[] answer) {
    assertNotEquals(0, checkHttp(answer), "no answer came");
  }

  /// Whole frames.
  private static void checkFrames(byte[] answer) {
    ByteBuffer in = ByteBuffer.wrap(answer);
    while (in.hasRemaining()) {
      assertTrue(in.remaining() >= 9, () -> HexFormat.of().formatHex(answer));
      int head = in.getInt();
      int type = head & 255;
      in.get();
      in.getInt();
      assertTrue(type <= 9, () -> HexFormat.of().formatHex(answer));
      assertTrue((head >>> 8) <= in.remaining(), () -> HexFormat.of().formatHex(answer));
      in.position(in.position() + (head >>> 8));
    }
  }

  @Test
  void framing() throws Exception {
    Damage damage = new Damage(new Random(SEED));
    Random random = new Random(~SEED);
    byte[] json = bytes(JSON);
    List<byte[]> whole =
        List.of(
            post(json, "Content-Type: application/json"),
            bytes("GET /v2/models/arith/versions/1/config HTTP/1.1\r\nHost: x\r\n\r\n"),
            bytes(
                "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n40\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\nTrailer: z\r\n\r\n"
                    .formatted(MODEL, JSON.substring(0, 64), json.length - 64, JSON.substring(64))),
            bytes("GET /v2/health/ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".repeat(3)));
    send(
        assault::all,
        () -> damage.of(whole.get(random.nextInt(whole.size())), 0),
        MalformedRequestsTest::checkHttp);
  }

  @Test
  void json() throws Exception {
    Damage damage = new Damage(new Random(SEED));
    send(
        MalformedRequestsTest::closing,
        () -> post(damage.of(bytes(JSON), 0), "Connection: close"),
        MalformedRequestsTest::checkAnswered);
  }

  @Test
  void binary() throws Exception {
    Damage damage = new Damage(new Random(SEED));
    Random random = new Random(~SEED);
    Message message = InferWriter.request(inferRequest());
    send(
        MalformedRequestsTest::closing,
        () -> {
          byte[] body = damage.of(message.body(), random.nextBoolean() ? message.jsonLength() : 0);
          int length =
              random.nextInt(4) == 0 ? random.nextInt(2 * body.length + 1) : message.jsonLength();
          return post(body, "Connection: close", "Inference-Header-Content-Length: " + length);
        },
        MalformedRequestsTest::checkAnswered);
  }

  @Test
  void frames() throws Exception {
    Damage damage = new Damage(new Random(SEED));
    byte[] whole = http2(inferMessage());
    send(assault::all, () -> damage.of(whole, 24), MalformedRequestsTest::checkFrames);
  }

  @Test
  void messages() throws Exception {
    Damage damage = new Damage(new Random(SEED));
    byte[] whole = inferMessage();
    Random random = new Random(~SEED);
    send(
        requests -> assault.whole(requests, MalformedRequestsTest::hasStatus),
        () -> {
          byte[] damaged = damage.of(whole, random.nextInt(3) == 0 ? 0 : 5);
          return http2(damaged.length < 20 ? Arrays.copyOf(damaged, 20) : damaged);
        },
        answer -> {
          checkFrames(answer);
          assertTrue(hasStatus(answer), "no status came");
        });
  }
}
