package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class DuelTest {
  private static final int BYTES = 10_000;

  /// Whose runs followed whose.
  private final List<String> turns = new ArrayList<>();

  @Test
  void enginesTakeTurnsInAlternatingOrder() {
    List<String> progress = new ArrayList<>();
    Duel duel = Duel.of(new Sleeper("a"), new Sleeper("b"), 80_000_000, progress::add);
    assertEquals(4, duel.rounds());
    // Warm-up, then the rounds ab, ba, ab, ba.
    assertEquals(List.of("a", "b", "a", "b", "a", "b", "a"), turns);
    assertTrue(duel.first().latency().count() >= 4, () -> "" + duel);
    assertTrue(duel.second().latency().count() >= 4, () -> "" + duel);
    assertTrue(duel.first().warmUpRuns() > 0, () -> "" + duel);
    assertTrue(duel.second().allocatedBytesPerRun() >= BYTES, () -> "" + duel);
    assertTrue(duel.ratioLow() <= duel.ratioHigh(), () -> "" + duel);
    assertEquals(List.of("warming up", "measuring 4 rounds of 20 ms each"), progress);
  }

  private final class Sleeper implements Runnable {
    private final String name;
    private byte[] garbage = {};

    Sleeper(String name) {
      this.name = name;
    }

    @Override
    public void run() {
      assertTrue(garbage.length == 0 || garbage.length == BYTES);
      if (turns.isEmpty() || !turns.getLast().equals(name)) {
        turns.add(name);
      }
      garbage = new byte[BYTES];
      LockSupport.parkNanos(500_000);
    }
  }
}
