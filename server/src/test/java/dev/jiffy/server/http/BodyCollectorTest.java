package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;

class BodyCollectorTest {
  private static final int LIMIT = 100;

  @Test
  void chunksBecomeABody() {
    for (long announced : new long[] {-1, 5}) {
      BodyCollector collector = new BodyCollector(announced, LIMIT);
      assertTrue(collector.add(Buffer.buffer(new byte[] {1, 2})));
      assertTrue(collector.add(Buffer.buffer(new byte[] {3, 4, 5})));
      assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, collector.body());
    }
  }

  @Test
  void aChunkTooManyIsNotTaken() {
    BodyCollector collector = new BodyCollector(-1, LIMIT);
    assertTrue(collector.add(Buffer.buffer(new byte[LIMIT])));
    assertFalse(collector.add(Buffer.buffer(new byte[1])));
  }

  @Test
  void aBodyThatLostAChunkIsNone() {
    BodyCollector collector = new BodyCollector(5, LIMIT);
    assertTrue(collector.add(Buffer.buffer(new byte[] {1, 2})));
    assertThrows(IllegalStateException.class, collector::body);
  }
}
