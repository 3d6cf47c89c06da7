package dev.jiffy.bench.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class BarrageTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /// {@return the answers that have ended when bytes come in parts of a size}
  private static int ended(Dialect dialect, byte[] bytes, int size) {
    int count = 0;
    for (int at = 0; at < bytes.length; at += size) {
      count += dialect.ended(ByteBuffer.wrap(bytes, at, Math.min(size, bytes.length - at)));
    }
    return count;
  }

  @Test
  void answersOfHttpAreCounted() {
    byte[] two = bytes("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc".repeat(2));
    for (int size : new int[] {1, 7, 1000}) {
      assertEquals(2, ended(new Dialect.Http("/", "", new byte[0]), two, size));
    }
    Dialect dialect = new Dialect.Http("/", "", new byte[0]);
    assertThrows(
        IllegalStateException.class,
        () -> ended(dialect, bytes("HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n"), 1000));
  }

  private static byte[] frame(int type, int flags, int length) {
    return ByteBuffer.allocate(9 + length)
        .putInt(length << 8 | type)
        .put((byte) flags)
        .putInt(1)
        .array();
  }

  @Test
  void answersOfCallsAreCounted() {
    ByteBuffer call = ByteBuffer.allocate(200);
    call.put(frame(4, 0, 6)).put(frame(1, 4, 20)).put(frame(0, 0, 30)).put(frame(1, 5, 10));
    for (int size : new int[] {1, 7, 1000}) {
      assertEquals(
          1, ended(new Dialect.Grpc("/", new byte[1]), call.slice(0, call.position()), size));
    }
    Dialect dialect = new Dialect.Grpc("/", new byte[1]);
    assertThrows(IllegalStateException.class, () -> ended(dialect, frame(1, 5, 20), 1000));
  }

  private static int ended(Dialect dialect, ByteBuffer bytes, int size) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return ended(dialect, copy, size);
  }

  @Test
  void theEchoAnswersOverBothProtocols() throws Exception {
    Supplier<Dialect> http = () -> new Dialect.Http("/", "", bytes("abc"));
    Supplier<Dialect> grpc = () -> new Dialect.Grpc("/a.B/C", bytes("abc"));
    try (BareEcho echo = new BareEcho();
        Barrage requests = new Barrage(echo.port(), 3, http);
        Barrage calls = new Barrage(echo.port(), 2, grpc)) {
      Histogram times = new Histogram(1_000_000_000_000L, 3);
      requests.oneByOne(10_000_000, times);
      calls.oneByOne(10_000_000, times);
      assertTrue(times.getTotalCount() >= 2);
      assertTrue(requests.sideBySide(50_000_000, 1) > 0);
      assertTrue(calls.sideBySide(50_000_000, 4) > 0);
    }
  }
}
