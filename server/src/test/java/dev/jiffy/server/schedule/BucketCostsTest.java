package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  private static Ticket ticket(int rows) {
    Ticket ticket = new Ticket(new Question.Texts(List.of("x")), 0, 0, Ticket.NEVER, outcome -> {});
    ticket.rows = rows;
    return ticket;
  }

  /// Eight rows of two requests tell nothing of eight rows of eight, nor of seven.
  @Test
  void bitsAreOfOneComposition() {
    BucketCosts costs = new BucketCosts();
    costs.tried(8, List.of(ticket(4), ticket(4)), Instance.Bits.SAME);
    assertEquals(Batch.Trial.NO, costs.trial(8, 4));
    assertEquals(Batch.Trial.YES, costs.trial(8, 1));
    assertEquals(Batch.Trial.YES, costs.trial(7, 4));
    costs.tried(2, List.of(ticket(1), ticket(1)), Instance.Bits.SAME_OF_EQUAL);
    assertEquals(Batch.Trial.OF_DIFFERENT, costs.trial(2, 1));
    costs.tried(2, List.of(ticket(1), ticket(1)), Instance.Bits.UNKNOWN);
    assertEquals(Batch.Trial.OF_DIFFERENT, costs.trial(2, 1));
    costs.tried(2, List.of(ticket(1), ticket(1)), Instance.Bits.SAME);
    assertEquals(Batch.Trial.NO, costs.trial(2, 1));
    costs.tried(8, List.of(ticket(4), ticket(4)), Instance.Bits.OTHER);
    assertEquals(7, costs.most(64));
  }

  @Test
  void whatFailsTwiceInTurnIsNotMadeAgain() {
    BucketCosts costs = new BucketCosts();
    List<Ticket> eight = List.of(ticket(4), ticket(4));
    costs.tried(8, eight, Instance.Bits.FAILED);
    costs.tried(8, eight, Instance.Bits.SAME);
    costs.tried(8, eight, Instance.Bits.FAILED);
    costs.tried(4, List.of(ticket(4)), Instance.Bits.UNKNOWN);
    assertEquals(64, costs.most(64));
    costs.tried(8, eight, Instance.Bits.FAILED);
    assertEquals(7, costs.most(64));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void requestsOfSeveralRowsAreJoinedAsWell(int rows) {
    BucketCosts costs = new BucketCosts();
    int largest = 0;
    for (int i = 0; i < 200; i++) {
      int made = Math.max(1, costs.choose(rows, 64, 64, 1e9) / rows) * rows;
      costs.took(made, 1_000_000 + 1000.0 * made);
      largest = Math.max(largest, made);
    }
    assertEquals(64 / rows * rows, largest);
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
    assertEquals(4, costs.best(1, 64, 64, 1e8));
  }

  @Test
  void whatBecameSlowIsLearned() {
    BucketCosts costs = settled();
    for (int i = 0; i < 100; i++) {
      costs.took(1, 1_000_000);
    }
    assertEquals(1_000_000, costs.expected(1), 10_000);
  }

  /// A size that looked slow while it was explored, or in its first run, is measured again.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void aSizeThatLookedSlowGetsAnotherChance(int slowRun) {
    BucketCosts costs = settled();
    int runsOfTwo = 0;
    int largest = 0;
    for (int i = 0; i < 2000; i++) {
      int rows = costs.choose(1, 64, 4, 1e8);
      boolean isSlow = rows == 2 && runsOfTwo++ == slowRun;
      costs.took(rows, isSlow ? 3e8 : 2000 + 500 * rows);
      largest = i < 1000 ? 0 : Math.max(largest, rows);
    }
    assertEquals(4, largest);
  }

  /// Not every size can be made of requests of several rows: the next one that can is measured.
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void batchesThatBecameCheapAreMadeAgain(int rows) {
    BucketCosts costs = new BucketCosts();
    int largest = 0;
    for (int i = 0; i < 4000; i++) {
      int made = Math.max(1, costs.choose(rows, 64, 64, 1e9) / rows) * rows;
      boolean isDear = i < 1000 && made > rows;
      costs.took(made, isDear ? 1_000_000.0 * made : 2000 + made);
      largest = i < 1000 ? 0 : Math.max(largest, made);
    }
    assertTrue(largest > rows, () -> "never more than one request of " + rows);
  }

  /// Requests of more rows than any batch that is made have costs too.
  @Test
  void largeRequestsAreLearned() {
    BucketCosts costs = new BucketCosts();
    for (int i = 0; i < 20; i++) {
      costs.took(10_000, 5_000_000);
    }
    assertEquals(5_000_000, costs.expected(10_000), 1);
  }

  /// A clock that stood still does not make a model free of charge for ever.
  @Test
  void nothingTakesNoTime() {
    BucketCosts costs = new BucketCosts();
    for (int i = 0; i < 20; i++) {
      costs.took(1, 0);
    }
    for (int i = 0; i < 200; i++) {
      costs.took(1, 1_000_000);
    }
    assertEquals(1_000_000, costs.expected(1), 10_000);
  }
}
