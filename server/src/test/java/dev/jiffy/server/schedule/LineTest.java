package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineTest {
  private final Line line = new Line(Policy.defaults().exact(false));

  private void offer(int rows) {
    offer(line, rows, Ticket.NEVER);
  }

  private static void offer(Line line, int rows, long deadlineNanos) {
    offer(line, rows, 0, deadlineNanos);
  }

  private static void offer(Line line, int rows, int length, long deadlineNanos) {
    Ticket ticket =
        new Ticket(
            new Question.Texts(List.of("x")), Ticket.NORMAL, 0, deadlineNanos, outcome -> {});
    ticket.bucket = new Bucket(new long[] {2}, length);
    ticket.rows = rows;
    assertEquals(null, line.offer(ticket, 0));
  }

  /// The shorter request that came first decided how many are padded to the length of the other.
  @Test
  void whatCannotBePaddedIsNotMadeAgain() {
    for (int size : new int[] {2, 1}) {
      offer(line, 1, 32, Ticket.NEVER);
      offer(line, 1, 33, Ticket.NEVER);
      Batch batch = line.next(0, new ArrayList<>());
      assertNotNull(batch);
      assertEquals(size, batch.tickets().size());
      batch.tickets().forEach(ticket -> ticket.finish(new Outcome.Cancelled()));
      line.finish(batch, Instance.Computed.none(Instance.Bits.OTHER));
    }
  }

  /// What the first run of a shape takes is mostly its plan.
  @Test
  void nobodyIsDroppedForOneSlowRun() {
    Line line = new Line(Policy.defaults().exact(false).latencyTarget(Duration.ofSeconds(1)));
    line.learn(new Bucket(new long[] {2}, 0), 1, 60_000_000);
    for (int i = 0; i < 5; i++) {
      offer(line, 1, 100_000_000);
    }
    List<Ticket> late = new ArrayList<>();
    Batch batch = line.next(0, late);
    assertNotNull(batch);
    assertEquals(List.of(), late);
    assertEquals(2, batch.rows());
  }

  /// A request of as many rows as there can be, of no elements, does not keep others apart.
  @Test
  void rowsDoNotOverflow() {
    for (int size : BucketCosts.sizes(8)) {
      for (int i = 0; i < 20; i++) {
        line.learn(new Bucket(new long[] {2}, 0), size, 1000);
      }
    }
    for (int rows : new int[] {1, 1, Integer.MAX_VALUE, Integer.MAX_VALUE}) {
      offer(rows);
    }
    for (int rows : new int[] {2, Integer.MAX_VALUE, Integer.MAX_VALUE}) {
      Batch batch = line.next(0, new ArrayList<>());
      assertNotNull(batch);
      assertEquals(rows, batch.rows());
    }
  }
}
