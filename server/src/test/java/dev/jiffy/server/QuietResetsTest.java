package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A client cannot fill the log: it asks over many streams of HTTP/2 whose answers have no window,
/// and takes them back while the answers wait.
class QuietResetsTest {
  private static final int STREAMS = 200;
  private static final Pattern FROM =
      Pattern.compile(
          "io\\.netty|io\\.vertx(?!.*BlockedThreadChecker)|dev\\.jiffy\\.server\\.(http|grpc)");
  private static final byte[] NO_WINDOW = {0, 4, 0, 0, 0, 0};

  @RegisterExtension static final Running RUNNING = Running.arithmetic();

  /// What the server and the libraries below it say, as a program hears it around the server; what
  /// Vert.x says where a machine is slow does not come from a client.
  private static final class Heard extends Handler implements AutoCloseable {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Logger root = Logger.getLogger("");

    Heard() {
      root.addHandler(this);
    }

    @Override
    public void publish(LogRecord message) {
      if (message.getLevel().intValue() >= Level.INFO.intValue()
          && FROM.matcher(message.getLoggerName()).lookingAt()) {
        lines.add(message.getLoggerName() + ": " + message.getMessage() + message.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      root.removeHandler(this);
    }
  }

  /// Waits for the first block of headers of each stream.
  private static void awaitHeads(DataInputStream in) throws IOException {
    boolean[] seen = new boolean[2 * STREAMS];
    int missing = STREAMS;
    while (missing > 0) {
      int lengthAndType = in.readInt();
      in.readByte();
      int stream = in.readInt();
      in.skipNBytes(lengthAndType >>> 8);
      int type = lengthAndType & 0xff;
      assertTrue(type != Http2Bytes.RST_STREAM && type != Http2Bytes.GO_AWAY, () -> "type " + type);
      if (type == Http2Bytes.HEADERS && !seen[stream]) {
        seen[stream] = true;
        missing--;
      }
    }
  }

  /// @param hangsUp whether the client goes with its connection instead
  private static void takeBack(byte[] head, byte[] body, boolean hangsUp) throws Exception {
    Http2Bytes asked = new Http2Bytes().frame(Http2Bytes.SETTINGS, 0, 0, NO_WINDOW);
    ByteArrayOutputStream takenBack = new ByteArrayOutputStream();
    for (int stream = 1; stream < 2 * STREAMS; stream += 2) {
      asked
          .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, stream, head)
          .frame(Http2Bytes.DATA, Http2Bytes.END_STREAM, stream, body);
      takenBack.writeBytes(Http2Bytes.one(Http2Bytes.RST_STREAM, 0, stream, Http2Bytes.CANCEL));
    }
    takenBack.writeBytes(Http2Bytes.one(Http2Bytes.PING, 0, 0, new byte[8]));
    try (Heard heard = new Heard()) {
      try (Socket socket = RUNNING.client().connect()) {
        socket.getOutputStream().write(asked.bytes());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        awaitHeads(in);
        if (!hangsUp) {
          socket.getOutputStream().write(takenBack.toByteArray());
          assertEquals(new Http2Test.End(true, 0), Http2Test.end(in));
        }
      }
      awaitOneConnection();
      assertEquals(List.of(), List.copyOf(heard.lines));
    }
    RUNNING.client().checkThatTheServerAnswers();
  }

  /// Waits until the server has done with all connections but the one that asks.
  private static void awaitOneConnection() throws Exception {
    AtomicReference<String> told = new AtomicReference<>("");
    Await.until(
        () -> {
          told.set(Client.text(RUNNING.client().get("/metrics")));
          return Scrape.of(told.get()).value("jiffy_connections") == 1;
        },
        told::get);
  }

  private static byte[] post(String... more) {
    String[] head = {
      ":method", "POST", ":path", "/v2/models/arith/infer", ":scheme", "http", ":authority", "x"
    };
    return Http2Bytes.headers(Stream.of(head, more).flatMap(Stream::of).toArray(String[]::new));
  }

  @Test
  void callsWhoseTrailersWait() throws Exception {
    takeBack(Http2Bytes.call("ServerLive"), new byte[5], false);
  }

  @Test
  void callsWhoseTrailersWaitWhenTheClientHangsUp() throws Exception {
    takeBack(Http2Bytes.call("ServerLive"), new byte[5], true);
  }

  @Test
  void answersWhoseBodiesWait() throws Exception {
    takeBack(post(), "{".getBytes(StandardCharsets.UTF_8), false);
  }

  @Test
  void answersThatAreAskedToGoOn() throws Exception {
    takeBack(post("expect", "100-continue"), "{".getBytes(StandardCharsets.UTF_8), false);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "GE",
        "GET /v2 HTTP/1.1\r\nHo",
        "PRI * HTT",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      })
  void connectionsThatAreResetAtTheirBegin(String begin) throws Exception {
    try (Heard heard = new Heard()) {
      for (int i = 0; i < 5; i++) {
        try (Socket socket = RUNNING.client().connect()) {
          socket.getOutputStream().write(begin.getBytes(StandardCharsets.UTF_8));
          Thread.sleep(20); // until the connection is there
          socket.setSoLinger(true, 0);
        }
      }
      awaitOneConnection();
      RUNNING.client().checkThatTheServerAnswers();
      assertEquals(List.of(), List.copyOf(heard.lines));
    }
  }

  /// Clients hang up with a reset instead of an end, within a request and behind it.
  @Test
  void connectionsThatAreReset() throws Exception {
    String head = "POST /v2/models/arith/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
    try (Heard heard = new Heard()) {
      for (int i = 0; i < 20; i++) {
        try (Socket socket = RUNNING.client().connect()) {
          socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
          if (i % 2 == 0) {
            socket.getOutputStream().write("\"inputs\"".getBytes(StandardCharsets.UTF_8));
            assertTrue(socket.getInputStream().read() >= 0);
          } else {
            Thread.sleep(20); // until the connection is there
          }
          socket.setSoLinger(true, 0);
        }
      }
      awaitOneConnection();
      assertEquals(List.of(), List.copyOf(heard.lines));
    }
  }
}
