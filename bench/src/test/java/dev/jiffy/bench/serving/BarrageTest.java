package dev.jiffy.bench.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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

  /// {@return the bytes of messages in what a dialect writes next}
  private static int written(Dialect dialect) {
    ByteBuffer out = ByteBuffer.allocate(1 << 18);
    assertFalse(dialect.write(out));
    out.flip();
    int data = 0;
    while (out.hasRemaining()) {
      int head = out.getInt();
      out.position(out.position() + 5 + (head >>> 8));
      assertTrue(head >>> 8 <= 16_384, "" + (head >>> 8));
      data += (head & 255) == 0 ? head >>> 8 : 0;
    }
    return data;
  }

  private static byte[] number(int type, int stream, int value) {
    return ByteBuffer.allocate(13)
        .putInt(4 << 8 | type)
        .put((byte) 0)
        .putInt(stream)
        .putInt(value)
        .array();
  }

  @Test
  void callsKeepToTheServersWindows() {
    Dialect dialect = new Dialect.Grpc("/", new byte[99_995]);
    dialect.request(1);
    assertEquals(65_535, written(dialect));
    ended(dialect, number(8, 0, 1_000_000), 1000);
    assertEquals(0, written(dialect));
    ended(dialect, number(8, 1, 1000), 1000);
    assertEquals(1000, written(dialect));
    byte[] window = ByteBuffer.allocate(6).putShort((short) 4).putInt(70_000).array();
    ended(dialect, ByteBuffer.allocate(15).putInt(6 << 8 | 4).put(9, window).array(), 1000);
    assertEquals(70_000 - 65_535, written(dialect));
    dialect.request(1);
    assertEquals(70_000, written(dialect));
    ended(dialect, number(8, 1, 1 << 20), 1000);
    ended(dialect, number(8, 3, 1 << 20), 1000);
    assertEquals(200_000 - 71_000 - 70_000, written(dialect));
    dialect.request(0);
    assertEquals(0, written(dialect));
  }

  /// An answer of several frames hides no later call that ends without one.
  @Test
  void callsWithoutAnAnswerAreTold() {
    ByteBuffer calls = ByteBuffer.allocate(200);
    calls.put(frame(1, 4, 20)).put(frame(0, 0, 30)).put(frame(0, 0, 30)).put(frame(1, 5, 10));
    Dialect dialect = new Dialect.Grpc("/", new byte[1]);
    assertEquals(1, ended(dialect, calls.slice(0, calls.position()), 1000));
    assertThrows(IllegalStateException.class, () -> ended(dialect, frame(1, 5, 20), 1000));
  }

  @Test
  void requestsMayBeLargerThanBuffersAndWindows() throws Exception {
    byte[] image = new byte[4 * 3 * 224 * 224];
    Supplier<Dialect> http = () -> new Dialect.Http("/", "", image);
    Supplier<Dialect> grpc = () -> new Dialect.Grpc("/a.B/C", image);
    try (BareServer echo = new BareServer(UnaryOperator.identity());
        Barrage requests = new Barrage(echo.port(), 2, http);
        Barrage calls = new Barrage(echo.port(), 2, grpc)) {
      Histogram times = new Histogram(1_000_000_000_000L, 3);
      requests.oneByOne(1_000_000, times);
      calls.oneByOne(1_000_000, times);
      assertTrue(times.getTotalCount() >= 2);
      requests.sideBySide(1_000_000, 1);
      calls.sideBySide(1_000_000, 4);
    }
  }

  @Test
  void theEchoAnswersOverBothProtocols() throws Exception {
    Supplier<Dialect> http = () -> new Dialect.Http("/", "", bytes("abc"));
    Supplier<Dialect> grpc = () -> new Dialect.Grpc("/a.B/C", bytes("abc"));
    try (BareServer echo = new BareServer(UnaryOperator.identity());
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
