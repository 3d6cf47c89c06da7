package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// HTTP/2, frame by frame.
class Http2Test {
  private static final int GO_AWAY = 7;
  private static final int ENHANCE_YOUR_CALM = 11;
  private static final byte[] CANCEL = {0, 0, 0, 8};

  @TempDir static Path folder;
  private static Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = Server.start(TestServers.options(), List.of(TestModels.arithmetic(folder)));
    client = new Client(server.port());
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

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
          .frame(Http2Bytes.RST_STREAM, 0, stream, CANCEL);
    }
    bytes.frame(Http2Bytes.PING, 0, 0, new byte[8]);
    try (Socket socket = client.connect()) {
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
      if (type == GO_AWAY) {
        return new End(false, payload[7]);
      }
    }
  }

  /// Clients with deadlines take back many requests at once.
  @Test
  void aBurstOfRequestsThatAreTakenBack() throws Exception {
    assertEquals(new End(true, 0), takeBack(2000));
    client.checkThatTheServerAnswers();
  }

  /// CVE-2023-44487: requests that are taken back count against no limit of requests under way.
  @Test
  void requestsThatAreTakenBackWithoutEnd() throws Exception {
    End end = takeBack(100_000);
    assertEquals(new End(false, ENHANCE_YOUR_CALM), end);
    client.checkThatTheServerAnswers();
    String abandoned = "jiffy_protocol_abandoned_total{protocol=\"http\"}";
    double count = Scrape.of(Client.text(client.get("/metrics"))).valueOrZero(abandoned);
    assertTrue(count < 50_000, () -> count + " requests were taken");
  }

  private static End endOf(byte[] bytes) throws IOException {
    try (Socket socket = client.connect()) {
      socket.getOutputStream().write(bytes);
      return end(new DataInputStream(socket.getInputStream()));
    }
  }

  /// The answer and its trailers are on their way when the same packet takes the call back.
  @Test
  void anAnswerThatIsTakenBackBeforeItIsSent() throws Exception {
    byte[] bytes =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
            .serverLive(1)
            .frame(Http2Bytes.RST_STREAM, 0, 1, CANCEL)
            .frame(Http2Bytes.PING, 0, 0, new byte[8])
            .bytes();
    assertEquals(new End(true, 0), endOf(bytes));
  }

  /// gRPC's clients take back a call whose head they have not sent, and never send it.
  @Test
  void aCallIsTakenBackThatNeverCame() throws Exception {
    byte[] bytes =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
            .serverLive(1)
            .frame(Http2Bytes.RST_STREAM, 0, 3, CANCEL)
            .frame(Http2Bytes.PING, 0, 0, new byte[8])
            .bytes();
    assertEquals(new End(true, 0), endOf(bytes));
  }
}
