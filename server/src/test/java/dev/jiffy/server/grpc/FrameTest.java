package dev.jiffy.server.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.call.BodyMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class FrameTest {
  private static final byte[] MESSAGE = new byte[1000];

  private final BodyMemory memory = new BodyMemory(MESSAGE.length);

  private Frame compressed(int limit) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(MESSAGE);
    }
    return new Frame(bytes.toByteArray(), true, limit, memory.share());
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
