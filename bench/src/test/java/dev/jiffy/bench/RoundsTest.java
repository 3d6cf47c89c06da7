package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Time;
import org.junit.jupiter.api.Test;

class RoundsTest {
  /// Allocates what is asked for at each run.
  private static final class Allocating implements Runnable {
    private final int bytes;
    private byte[] garbage = {};
    private int runs;

    Allocating(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public void run() {
      runs += garbage.length == bytes ? 1 : 0;
      garbage = new byte[bytes];
    }
  }

  @Test
  void everyRunOfEveryRoundIsTakenDown() {
    Allocating engine = new Allocating(5000);
    Rounds rounds = new Rounds(engine, 7);
    rounds.leadIn(1_000_000);
    int before = engine.runs;
    for (int i = 0; i < 3; i++) {
      rounds.round(2_000_000);
    }
    Warm warm = rounds.warm();
    Recording all = warm.recording();
    assertEquals(engine.runs - before, all.size());
    assertEquals(3, warm.rounds().size());
    assertEquals(all.size(), warm.rounds().stream().mapToInt(Percentiles::count).sum());
    assertEquals(0, all.issuedNanos(0), "the first round is the begin");
    for (int i = 1; i < all.size(); i++) {
      assertTrue(all.issuedNanos(i) >= all.completedNanos(i - 1));
    }
    Figures figures = warm.figures("1", 2, 3);
    assertEquals(all.size(), figures.latency().count());
    assertEquals(
        Percentiles.of(all.nanos(Time.SERVICE, 0)).at(0.99) / 1e6, figures.latency().p99Ms());
    assertEquals(3, figures.p50Interval().count());
    assertEquals(7, figures.warmUpRuns());
    assertEquals(1000 / figures.latency().meanMs(), figures.runsPerSecond(), 0.01);
  }

  /// What is taken down takes memory, which is not the engine's.
  @Test
  void onlyTheEnginesAllocationCounts() {
    assertAllocates(0, 24, 0);
    assertAllocates(10_000, 10_100, 10_000);
  }

  /// Now and then other threads allocate meanwhile, which counts as well.
  private static void assertAllocates(long least, long most, int bytes) {
    long end = System.nanoTime() + 60_000_000_000L;
    long allocated;
    do {
      Rounds rounds = new Rounds(new Allocating(bytes), 0);
      rounds.leadIn(5_000_000);
      rounds.round(50_000_000);
      allocated = rounds.warm().allocatedBytesPerRun();
    } while ((allocated < least || allocated > most) && System.nanoTime() < end);
    assertTrue(allocated >= least && allocated <= most, "" + allocated);
  }
}
