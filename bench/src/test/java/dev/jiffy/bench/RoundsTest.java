package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.bench.record.Time;
import dev.jiffy.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoundsTest {
  /// Allocates what is asked for at each run.
  private static final class Allocating implements Engine {
    private final int bytes;
    private byte[] garbage = {};
    private int runs;

    Allocating(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public void prepare(Map<String, Tensor> inputs) {}

    @Override
    public String version() {
      return "1";
    }

    @Override
    public void run() {
      runs += garbage.length == bytes ? 1 : 0;
      garbage = new byte[bytes];
    }

    @Override
    public Map<String, Tensor> outputs() {
      return Map.of();
    }

    @Override
    public void close() {}
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
    Rounds rounds = new Rounds(new Allocating(0), 0);
    rounds.leadIn(5_000_000);
    rounds.round(50_000_000);
    long empty = rounds.warm().allocatedBytesPerRun();
    assertTrue(empty <= 24, () -> "" + empty);
    Rounds filled = new Rounds(new Allocating(10_000), 0);
    filled.leadIn(5_000_000);
    filled.round(1_000_000);
    long full = filled.warm().allocatedBytesPerRun();
    assertTrue(full >= 10_000 && full <= 10_100, () -> "" + full);
  }
}
