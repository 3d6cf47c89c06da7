package dev.jiffy.server.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchTest {
  private static Ticket ticket(int rows, int length) {
    Ticket ticket =
        new Ticket(new Question.Tensors(Map.of()), Ticket.NORMAL, 0, Ticket.NEVER, outcome -> {});
    ticket.rows = rows;
    ticket.bucket = new Bucket(new long[] {2, 0, 0}, length);
    return ticket;
  }

  private static Batch batch(Ticket... tickets) {
    int rows = Arrays.stream(tickets).mapToInt(ticket -> ticket.rows).sum();
    return new Batch(List.of(tickets), rows, Batch.Trial.NO, 0, 0);
  }

  @Test
  void lengthsAndTokens() {
    Batch texts = batch(ticket(2, 30), ticket(1, 32), ticket(3, 31));
    assertEquals(32, texts.length());
    assertEquals(2 * 30 + 32 + 3 * 31, texts.tokens());
    for (int length : new int[] {0, -1}) { // no length, or always alone
      Batch others = batch(ticket(5, length));
      assertEquals(0, others.length());
      assertEquals(0, others.tokens());
    }
  }

  @Test
  void everyNumberOfRowsIsCompared() {
    List<Ticket> tickets =
        IntStream.of(1, 1, 2, 1, 1, 1, 1, 2, 3, 1).mapToObj(rows -> ticket(rows, 0)).toList();
    assertEquals(List.of(0, 2, 5, 8, 9), Batch.compared(tickets).stream().boxed().toList());
  }

  @Test
  void countsAddUp() {
    BatchCount one = BatchCount.of(2, 10, 63, 1);
    assertEquals(
        new BatchCount(2, 3, 6, 40, 163, 4), one.plus(new BatchCount(2, 2, 4, 30, 100, 3)));
  }

  @Test
  void clientsCannotMakeCountsWithoutEnd() {
    assertEquals(256, BatchCount.of(256, 10, 0, 0).rows());
    assertEquals(new BatchCount(512, 1, 257, 10, 0, 0), BatchCount.of(257, 10, 0, 0));
    assertEquals(512, BatchCount.of(512, 10, 0, 0).rows());
    assertEquals(1 << 30, BatchCount.of(1 << 30, 10, 0, 0).rows());
    assertEquals(Integer.MAX_VALUE, BatchCount.of((1 << 30) + 1, 10, 0, 0).rows());
  }
}
