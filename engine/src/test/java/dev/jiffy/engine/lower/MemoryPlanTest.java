package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.lower.MemoryPlan.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  @Test
  void buffersAliveTogetherDoNotOverlap() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      List<Buffer> buffers = new ArrayList<>();
      int count = random.nextInt(40);
      for (int i = 0; i < count; i++) {
        int first = random.nextInt(30);
        buffers.add(new Buffer(1 + random.nextInt(5000), first, first + random.nextInt(6)));
      }
      MemoryPlan plan = MemoryPlan.of(buffers);
      for (int i = 0; i < count; i++) {
        long begin = plan.offsets()[i];
        long end = begin + buffers.get(i).bytes();
        assertEquals(0, begin % 64);
        assertTrue(end <= plan.bytes());
        for (int j = 0; j < i; j++) {
          boolean together = buffers.get(i).overlaps(buffers.get(j));
          long otherEnd = plan.offsets()[j] + buffers.get(j).bytes();
          assertTrue(
              !together || end <= plan.offsets()[j] || otherEnd <= begin,
              buffers.get(i) + " and " + buffers.get(j) + " overlap");
        }
      }
    }
  }

  @Test
  void buffersThatFollowEachOtherShareMemory() {
    MemoryPlan plan =
        MemoryPlan.of(List.of(new Buffer(640, 0, 1), new Buffer(640, 1, 2), new Buffer(640, 2, 3)));
    assertEquals(1280, plan.bytes());
  }

  @Test
  void nothingNeedsNoMemory() {
    assertEquals(0, MemoryPlan.of(List.of()).bytes());
  }
}
