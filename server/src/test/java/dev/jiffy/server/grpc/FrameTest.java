package dev.jiffy.server.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.Body;
import dev.jiffy.server.call.BodyMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class FrameTest {
  private static final byte[] MESSAGE = new byte[1000];

  private final BodyMemory memory = new BodyMemory(MESSAGE.length);

  private static byte[] gzip(byte[] message) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(message);
    }
    return bytes.toByteArray();
  }

  private Frame compressed(int limit) throws IOException {
    return new Frame(new Body(gzip(MESSAGE), memory.share()), true, limit);
  }

  /// That its end is broken is not seen: it is not read as far.
  @Test
  void whatDoesNotFitIsNotReadToItsEnd() throws IOException {
    byte[] bytes = gzip(new byte[1 << 20]);
    bytes[bytes.length - 8] ^= 1;
    BodyMemory small = new BodyMemory(100_000);
    Frame frame = new Frame(new Body(bytes, small.share()), true, Integer.MAX_VALUE);
    assertEquals(413, assertThrows(ProtocolException.class, frame::message).status());
    frame.release();
    assertEquals(0, small.takenBytes());
    Frame broken = new Frame(new Body(bytes, new BodyMemory(2 << 20).share()), true, 2 << 20);
    assertEquals(400, assertThrows(ProtocolException.class, broken::message).status());
  }

  @Test
  void blocksAreJoined() throws IOException {
    byte[] message = new byte[200_000];
    for (int i = 0; i < message.length; i++) {
      message[i] = (byte) (i % 251);
    }
    BodyMemory large = new BodyMemory(1 << 20);
    Frame frame = new Frame(new Body(gzip(message), large.share()), true, message.length);
    assertArrayEquals(message, frame.message());
  }

  @Test
  void anyLimitWillDo() throws IOException {
    for (int limit : new int[] {MESSAGE.length, Integer.MAX_VALUE}) {
      Frame frame = compressed(limit);
      assertArrayEquals(MESSAGE, frame.message());
      frame.release();
    }
    Frame large = compressed(MESSAGE.length - 1);
    assertEquals(413, assertThrows(ProtocolException.class, large::message).status());
  }

  @Test
  void whatIsCompressedTakesTheMemoryOfAllOfIt() throws IOException {
    Frame one = compressed(MESSAGE.length);
    Frame two = compressed(MESSAGE.length);
    one.message();
    assertEquals(MESSAGE.length, memory.takenBytes());
    assertEquals(503, assertThrows(ProtocolException.class, two::message).status());
    one.release();
    assertArrayEquals(MESSAGE, two.message());
    two.release();
    assertEquals(0, memory.takenBytes());
  }
}
