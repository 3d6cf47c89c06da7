package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BucketCostsTest {
  private static BucketCosts settled() {
    BucketCosts costs = new BucketCosts();
    for (int i = 0; i < 20; i++) {
      costs.took(1, 2000);
    }
    return costs;
  }

  /// A thread that lost its core for 10 ms does not make a run of 2 µs one of 600.
  @Test
  void oneHiccupIsNoCost() {
    BucketCosts costs = settled();
    costs.took(1, 10_000_000);
    assertTrue(costs.expected(1) < 3000, () -> costs.expected(1) + " ns");
  }

  /// The first batch of four makes a plan, which takes thousands of times as long as a batch.
  @Test
  void oneSlowRunRulesNoSizeOut() {
    BucketCosts costs = settled();
    for (int i = 0; i < BucketCosts.EXPLORED; i++) {
      costs.took(2, 2500);
      costs.took(3, 3000);
    }
    costs.took(4, 9_000_000);
    assertEquals(4, costs.best(64, 64, 1e8));
  }

  @Test
  void whatBecameSlowIsLearned() {
    BucketCosts costs = settled();
    for (int i = 0; i < 100; i++) {
      costs.took(1, 1_000_000);
    }
    assertEquals(1_000_000, costs.expected(1), 10_000);
  }
}
