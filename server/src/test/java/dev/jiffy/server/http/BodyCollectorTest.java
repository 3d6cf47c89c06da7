package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.call.BodyMemory;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;

class BodyCollectorTest {
  private static final int LIMIT = 100;

  private final BodyMemory memory = new BodyMemory(2 * LIMIT);

  @Test
  void chunksBecomeABody() {
    for (long announced : new long[] {-1, 5}) {
      BodyCollector collector = new BodyCollector(announced, LIMIT, memory.share());
      assertTrue(collector.add(Buffer.buffer(new byte[] {1, 2})));
      assertTrue(collector.add(Buffer.buffer(new byte[] {3, 4, 5})));
      assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, collector.body());
    }
  }

  @Test
  void aChunkTooManyIsNotTaken() {
    BodyCollector collector = new BodyCollector(-1, LIMIT, memory.share());
    assertTrue(collector.add(Buffer.buffer(new byte[LIMIT])));
    assertFalse(collector.add(Buffer.buffer(new byte[1])));
  }

  @Test
  void aBodyThatLostAChunkIsNone() {
    BodyCollector collector = new BodyCollector(5, LIMIT, memory.share());
    assertTrue(collector.add(Buffer.buffer(new byte[] {1, 2})));
    assertThrows(IllegalStateException.class, collector::body);
  }

  @Test
  void bodiesTakeNoMoreMemoryThanThereIs() {
    BodyCollector one = new BodyCollector(-1, LIMIT, memory.share());
    BodyCollector two = new BodyCollector(-1, LIMIT, memory.share());
    BodyCollector three = new BodyCollector(-1, LIMIT, memory.share());
    assertTrue(one.add(Buffer.buffer(new byte[LIMIT])));
    assertTrue(two.add(Buffer.buffer(new byte[LIMIT])));
    assertFalse(three.add(Buffer.buffer(new byte[1])));
    assertTrue(three.isCrowded());
    one.release();
    one.release();
    assertEquals(LIMIT, memory.takenBytes());
    assertTrue(three.add(Buffer.buffer(new byte[LIMIT])));
    two.release();
    three.release();
    assertEquals(0, memory.takenBytes());
  }
}
