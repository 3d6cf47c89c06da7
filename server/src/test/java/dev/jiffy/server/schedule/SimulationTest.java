package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimulationTest {
  private static final double MILLI = 1e6;

  /// Thousands of lines of all kinds: what must always hold is checked after every event.
  @Test
  void whatMustAlwaysHold() {
    for (long seed = 0; seed < 4000; seed++) {
      Random random = new Random(seed);
      Policy policy =
          Policy.defaults()
              .queueCapacity(1 + random.nextInt(60))
              .maxBatch(1 + random.nextInt(40))
              .latencyTarget(Duration.ofMillis(5 + random.nextInt(100)))
              .exact(random.nextBoolean());
      double fixed = random.nextDouble() * 4 * MILLI;
      double row = (0.05 + random.nextDouble()) * MILLI;
      double load = 0.3 + 1.7 * random.nextDouble();
      new Simulation(seed, policy, fixed, row, 0.1 * random.nextDouble())
          .run(
              120,
              (fixed / 4 + row) / load,
              1 + random.nextInt(3),
              1 + random.nextInt(9),
              -(long) ((5 + random.nextInt(50)) * MILLI),
              0.2 * random.nextDouble());
    }
  }

  /// Beyond capacity nearly all of the capacity goes to requests that are answered in time, whether
  /// batching pays much or little.
  @ParameterizedTest
  @CsvSource({
    "4.0, 0.2, 1.2, false",
    "4.0, 0.2, 1.5, false",
    "4.0, 0.2, 5, false",
    "0.5, 2.0, 1.2, false",
    "0.5, 2.0, 1.5, false",
    "0.5, 2.0, 5, false",
    "4.0, 0.2, 1.2, true",
    "4.0, 0.2, 1.5, true",
    "4.0, 0.2, 5, true",
    "0.5, 2.0, 1.2, true",
    "0.5, 2.0, 1.5, true",
    "0.5, 2.0, 5, true",
  })
  void goodputHoldsUnderOverload(
      double fixedMillis, double rowMillis, double load, boolean isExact) {
    double targetNanos = 25 * MILLI;
    Policy policy =
        Policy.defaults().latencyTarget(Duration.ofMillis(25)).queueCapacity(1000).exact(isExact);
    int best = 1;
    for (int size : new int[] {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}) {
      best = 2 * (fixedMillis + rowMillis * size) * MILLI <= targetNanos ? size : best;
    }
    double capacity = best / ((fixedMillis + rowMillis * best) * MILLI);
    Simulation simulation = new Simulation(7, policy, fixedMillis * MILLI, rowMillis * MILLI, 0.02);
    long good = 0;
    long elapsed = 0;
    for (int i = isExact ? 0 : 1; i < 2; i++) { // trials are made while it learns
      good = -simulation.good();
      elapsed = -simulation.elapsedNanos();
      simulation.run(20_000, 1 / (capacity * load), 1, 1, (long) targetNanos, 0);
      good += simulation.good();
      elapsed += simulation.elapsedNanos();
    }
    double goodput = good / (double) elapsed / capacity;
    assertTrue(goodput > 0.85, () -> "goodput is " + goodput + " of the capacity");
  }

  /// Of a machine that was slow for a while nobody is shut out when it is as fast as before.
  @Test
  void goodputComesBackAfterASlowSpell() {
    Policy policy = Policy.defaults().latencyTarget(Duration.ofMillis(25)).exact(false);
    Simulation simulation = new Simulation(7, policy, 4 * MILLI, 0.2 * MILLI, 0.02);
    long before = 0;
    for (double slowness : new double[] {1, 50, 1, 1}) {
      before = simulation.good();
      simulation.slow(slowness);
      simulation.run(2000, 5 * MILLI, 1, 1, (long) (25 * MILLI), 0);
    }
    long good = simulation.good() - before;
    assertTrue(good > 2000, () -> good + " rows of the last 2000 requests were in time");
  }
}
