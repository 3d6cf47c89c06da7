package dev.jiffy.server.call;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.protocol.ProtocolException;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;

class BodyCollectorTest {
  private static final int LIMIT = 100;

  private final BodyMemory memory = new BodyMemory(2 * LIMIT);

  private BodyCollector collector(long announced) {
    return new BodyCollector(announced, LIMIT, memory);
  }

  private static void add(BodyCollector collector, int... bytes) {
    byte[] chunk = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      chunk[i] = (byte) bytes[i];
    }
    collector.add(Buffer.buffer(chunk), 0, chunk.length);
  }

  private static int refusal(BodyCollector collector, int length) {
    return assertThrows(ProtocolException.class, () -> add(collector, new int[length])).status();
  }

  @Test
  void chunksBecomeABody() {
    for (long announced : new long[] {-1, 5}) {
      BodyCollector collector = collector(announced);
      add(collector, 1, 2);
      collector.add(Buffer.buffer(new byte[] {0, 3, 4, 5, 0}), 1, 4);
      Body body = collector.body();
      assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, body.bytes());
      collector.release();
      assertEquals(5, memory.takenBytes());
      body.share().release();
      assertEquals(0, memory.takenBytes());
    }
  }

  @Test
  void aChunkTooManyIsNotTaken() {
    BodyCollector collector = collector(-1);
    add(collector, new int[LIMIT]);
    assertEquals(413, refusal(collector, 1));
    BodyCollector crumbled = collector(-1);
    for (int i = 0; i < BodyCollector.MAX_CHUNKS; i++) {
      add(crumbled);
    }
    assertEquals(413, refusal(crumbled, 0));
  }

  @Test
  void aBodyThatLostAChunkIsNone() {
    BodyCollector collector = collector(5);
    add(collector, 1, 2);
    assertThrows(IllegalStateException.class, collector::body);
  }

  /// What was announced takes nothing before it comes, and what is there for it counts from then
  /// on.
  @Test
  void whatIsAnnouncedTakesLittle() {
    BodyMemory large = new BodyMemory(1 << 20);
    BodyCollector collector = new BodyCollector(500_000, 1 << 20, large);
    assertEquals(0, large.takenBytes());
    add(collector, 1);
    assertEquals(16 << 10, large.takenBytes());
    add(collector, new int[16 << 10]);
    assertEquals(32 << 10, large.takenBytes());
    add(collector, new int[200_000]);
    assertEquals(216_385, large.takenBytes());
    add(collector, new int[100_000]);
    assertEquals(432_770, large.takenBytes());
    collector.release();
    assertEquals(0, large.takenBytes());
  }

  @Test
  void bodiesTakeNoMoreMemoryThanThereIs() {
    BodyCollector one = collector(-1);
    BodyCollector two = collector(-1);
    BodyCollector three = collector(-1);
    add(one, new int[LIMIT]);
    add(two, new int[LIMIT]);
    assertEquals(503, refusal(three, 1));
    one.release();
    one.release();
    assertEquals(LIMIT, memory.takenBytes());
    add(three, new int[LIMIT]);
    two.release();
    three.release();
    assertEquals(0, memory.takenBytes());
  }

  /// It would never fit, however often it is sent.
  @Test
  void aBodyLargerThanAllMayBeIsTooLarge() {
    BodyCollector collector = new BodyCollector(-1, 10 * LIMIT, memory);
    add(collector, new int[LIMIT]);
    assertEquals(413, refusal(collector, LIMIT + 1));
    assertEquals(2 * LIMIT, memory.largest(10 * LIMIT));
    assertEquals(LIMIT, memory.largest(LIMIT));
  }
}
