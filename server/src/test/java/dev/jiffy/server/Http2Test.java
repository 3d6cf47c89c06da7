package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.server.watch.AccessLog;
import dev.jiffy.server.watch.LogFormat;
import dev.jiffy.server.watch.ServerLog;
import dev.jiffy.server.watch.ServerLog.Verbosity;
import dev.jiffy.tensor.Tensor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// HTTP/2, frame by frame.
class Http2Test {
  private static final int ENHANCE_YOUR_CALM = 11;

  /// What Vert.x says where a machine is slow.
  private static final Logger BLOCKED_THREADS =
      Logger.getLogger("io.vertx.core.impl.BlockedThreadChecker");

  @RegisterExtension static final Running RUNNING = Running.arithmetic();

  /// What came of what was sent: whether a ping at its end was answered, and the code with which
  /// the server hung up.
  record End(boolean isPingAnswered, int code) {}

  private static End takeBack(int requests) throws Exception {
    byte[] head =
        Http2Bytes.headers(
            ":method",
            "POST",
            ":path",
            "/v2/models/arith/infer",
            ":scheme",
            "http",
            ":authority",
            "x");
    Http2Bytes bytes = new Http2Bytes().frame(Http2Bytes.SETTINGS, 0, 0, new byte[0]);
    for (int i = 0; i < requests; i++) {
      int stream = 2 * i + 1;
      bytes
          .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, stream, head)
          .frame(Http2Bytes.RST_STREAM, 0, stream, Http2Bytes.CANCEL);
    }
    bytes.frame(Http2Bytes.PING, 0, 0, new byte[8]);
    try (Socket socket = RUNNING.client().connect()) {
      Thread sender =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  socket.getOutputStream().write(bytes.bytes());
                } catch (IOException e) {
                  // the server has hung up
                }
              });
      End end = end(new DataInputStream(socket.getInputStream()));
      sender.join();
      return end;
    }
  }

  static End end(DataInputStream in) throws IOException {
    while (true) {
      int lengthAndType = in.readInt();
      int flags = in.readByte();
      in.readInt();
      byte[] payload = in.readNBytes(lengthAndType >>> 8);
      int type = lengthAndType & 0xff;
      if (type == Http2Bytes.PING && flags == 1) {
        return new End(true, 0);
      }
      if (type == Http2Bytes.GO_AWAY) {
        return new End(false, payload[7]);
      }
    }
  }

  /// {@return the stream that the server takes back}
  static int takenBack(DataInputStream in) throws IOException {
    while (true) {
      int lengthAndType = in.readInt();
      in.readByte();
      int stream = in.readInt();
      in.skipNBytes(lengthAndType >>> 8);
      if ((lengthAndType & 0xff) == Http2Bytes.RST_STREAM) {
        return stream;
      }
    }
  }

  @Test
  void aRefusedRequestWithoutEndIsTakenBack() throws Exception {
    byte[] head = Http2Bytes.headers(":method", "POST", ":path", "/nowhere", ":scheme", "http");
    Http2Bytes bytes =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
            .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 1, head);
    try (Socket socket = RUNNING.client().connect()) {
      socket.getOutputStream().write(bytes.bytes());
      assertEquals(1, takenBack(new DataInputStream(socket.getInputStream())));
    }
  }

  /// Clients with deadlines take back many requests at once.
  @Test
  void aBurstOfRequestsThatAreTakenBack() throws Exception {
    assertEquals(new End(true, 0), takeBack(2000));
    RUNNING.client().checkThatTheServerAnswers();
  }

  /// CVE-2023-44487: requests that are taken back count against no limit of requests under way.
  @Test
  void requestsThatAreTakenBackWithoutEnd() throws Exception {
    End end = takeBack(100_000);
    assertEquals(new End(false, ENHANCE_YOUR_CALM), end);
    RUNNING.client().checkThatTheServerAnswers();
    String abandoned = "jiffy_protocol_abandoned_total{protocol=\"http\"}";
    double count = Scrape.of(Client.text(RUNNING.client().get("/metrics"))).valueOrZero(abandoned);
    assertTrue(count < 50_000, () -> count + " requests were taken");
  }

  /// 1: the answer and its trailers are on their way when the same packet takes the call back. 3:
  /// the head of the call has not been sent, and never is, as gRPC's clients do.
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aCallThatIsTakenBackInTheSamePacket(int stream) throws Exception {
    try (Socket socket = RUNNING.client().connect()) {
      socket.getOutputStream().write(Http2Bytes.resetting(stream, Http2Bytes.WINDOW));
      assertEquals(new End(true, 0), end(new DataInputStream(socket.getInputStream())));
    }
  }

  /// {@return a stream of requests whose answers have no window}
  private static Http2Bytes streaming(int requests) {
    byte[] message =
        InferWire.request(
            new InferWire.Call(
                "arith",
                "",
                new InferRequest(
                    "",
                    Map.of(),
                    List.of(
                        new InferTensor("a", Tensor.of(new float[3], 1, 3), true),
                        new InferTensor("b", Tensor.of(new long[1], 1), true)),
                    List.of())));
    Buffer frame = Buffer.buffer(new byte[1]).appendInt(message.length).appendBytes(message);
    byte[] noWindow = ByteBuffer.allocate(6).putShort((short) 4).array();
    Http2Bytes bytes =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, noWindow)
            .frame(
                Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 1, Http2Bytes.call("ModelStreamInfer"));
    for (int i = 1; i <= requests; i++) {
      bytes.frame(Http2Bytes.DATA, i == requests ? Http2Bytes.END_STREAM : 0, 1, frame.getBytes());
    }
    return bytes;
  }

  /// {@return how many messages come over a stream until it ends}
  private static int messages(DataInputStream in) throws IOException {
    Buffer messages = Buffer.buffer();
    int type;
    int flags;
    do {
      int lengthAndType = in.readInt();
      type = lengthAndType & 0xff;
      flags = in.readByte();
      in.readInt();
      byte[] payload = in.readNBytes(lengthAndType >>> 8);
      if (type == Http2Bytes.DATA) {
        messages.appendBytes(payload);
      }
    } while (type != Http2Bytes.HEADERS || (flags & Http2Bytes.END_STREAM) == 0);
    int count = 0;
    for (int at = 0; at < messages.length(); at += 5 + messages.getInt(at + 1)) {
      count++;
    }
    return count;
  }

  /// Answers of many pieces come as a whole, over each protocol.
  @Test
  void largeAnswers() throws Exception {
    int rows = 30_000;
    String body =
        """
        {"inputs":[{"name":"a","shape":[%d,3],"datatype":"FP32","data":[1%s]},
          {"name":"b","shape":[%d],"datatype":"INT64","data":[1%s]}]}\
        """
            .formatted(rows, ",1".repeat(3 * rows - 1), rows, ",1".repeat(rows - 1));
    String path = "/v2/models/arith/infer";
    String answer = Client.text(RUNNING.client().post(path, body));
    assertTrue(answer.contains("[-1.0" + ",-1.0".repeat(3 * rows - 1) + "]"), answer);
    assertTrue(answer.endsWith("[1.0" + ",1.0".repeat(rows - 1) + "]}]}"), answer);
    InferRequest request =
        new InferRequest(
            "",
            Map.of(),
            List.of(
                new InferTensor("a", Tensor.of(new float[3 * rows], rows, 3), true),
                new InferTensor("b", Tensor.of(new long[rows], rows), true)),
            List.of());
    byte[] message = GrpcClient.framed(InferWire.request(new InferWire.Call("arith", "", request)));
    try (GrpcClient http2 = new GrpcClient(RUNNING.server().port())) {
      Buffer same =
          GrpcClient.await(
              http2
                  .http()
                  .request(HttpMethod.POST, path)
                  .compose(
                      asked -> asked.send(Buffer.buffer(body)).compose(HttpClientResponse::body)));
      assertEquals(answer, same.toString());
      for (String method : List.of("ModelInfer", "ModelStreamInfer")) {
        GrpcClient.Reply reply = http2.call(GrpcClient.INFERENCE + method, message);
        assertEquals("0", reply.status(), reply.message());
        assertTrue(reply.messages().getFirst().length > 16 * rows, method);
      }
    }
  }

  private static double accepted() throws Exception {
    return Scrape.of(Client.text(RUNNING.client().get("/metrics")))
        .value("jiffy_accepted_total{model=\"arith\",version=\"1\"}");
  }

  /// Of a caller who reads no answers, no more requests are read.
  @Test
  void aStreamWhoseAnswersAreNotRead() throws Exception {
    int requests = 400;
    double before = accepted();
    try (Socket socket = RUNNING.client().connect()) {
      socket
          .getOutputStream()
          .write(streaming(requests).frame(Http2Bytes.PING, 0, 0, new byte[8]).bytes());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      assertEquals(new End(true, 0), end(in));
      double taken = accepted() - before;
      assertTrue(2 * taken < requests, () -> taken + " were taken");
      byte[] window = ByteBuffer.allocate(4).putInt(1 << 20).array();
      socket.getOutputStream().write(Http2Bytes.one(Http2Bytes.WINDOW_UPDATE, 0, 1, window));
      assertEquals(requests, messages(in));
    }
  }

  /// Answers wait for the window of a stream that is taken back: nobody is told of a failure.
  private static void takeBackQuietly(byte[] stream) throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    AccessLog requests = AccessLog.silent(said);
    BLOCKED_THREADS.setLevel(Level.OFF);
    try (ServerLog log = ServerLog.start(said, Verbosity.INFO, LogFormat.DEFAULT, requests, false);
        Socket socket = RUNNING.client().connect()) {
      socket.getOutputStream().write(stream);
      assertEquals(new End(true, 0), end(new DataInputStream(socket.getInputStream())));
      assertEquals("", said.toString(StandardCharsets.UTF_8), log.settings()::toString);
    } finally {
      BLOCKED_THREADS.setLevel(null);
      requests.close();
    }
  }

  @Test
  void anAnswerThatWaitsIsTakenBack() throws Exception {
    takeBackQuietly(Http2Bytes.resetting(1, 0));
  }

  @Test
  void aStreamThatIsNotReadFurtherIsTakenBack() throws Exception {
    takeBackQuietly(
        streaming(400)
            .frame(Http2Bytes.RST_STREAM, 0, 1, Http2Bytes.CANCEL)
            .frame(Http2Bytes.PING, 0, 0, new byte[8])
            .bytes());
  }
}
