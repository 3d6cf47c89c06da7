package dev.jiffy.server.schedule;

import java.util.BitSet;
import java.util.List;

/// Requests that are computed together.
///
/// @param tickets at least one, all of which join
/// @param rows the rows of all together
/// @param trial whether some are also computed alone, to learn whether the bits are the same
/// @param startedNanos when it was taken out of the line
/// @param expectedNanos how long it is expected to take, 0 where nothing is known
record Batch(List<Ticket> tickets, int rows, Trial trial, long startedNanos, double expectedNanos) {
  /// So many requests of a trial are compared with single runs where all have as many rows.
  static final int COMPARED = 3;

  /// Whether requests of a batch are also computed alone.
  enum Trial {
    NO,
    /// Where their inputs differ: those that are equal were compared before.
    OF_DIFFERENT,
    YES
  }

  /// {@return the rows of some requests together}
  static int rows(List<Ticket> tickets) {
    int rows = 0;
    for (Ticket ticket : tickets) {
      rows += ticket.rows;
    }
    return rows;
  }

  /// {@return which requests a trial compares with single runs: the first, the middle, the last,
  /// and the first of each number of rows}
  static BitSet compared(List<Ticket> tickets) {
    BitSet compared = new BitSet();
    compared.set(0);
    compared.set(tickets.size() / 2);
    compared.set(tickets.size() - 1);
    BitSet rows = new BitSet();
    for (int i = 0; i < tickets.size(); i++) {
      if (!rows.get(tickets.get(i).rows)) {
        rows.set(tickets.get(i).rows);
        compared.set(i);
      }
    }
    return compared;
  }

  /// {@return how many of its requests were answered well}
  int answered() {
    int answered = 0;
    for (Ticket ticket : tickets) {
      answered += ticket.outcome() instanceof Outcome.Done ? 1 : 0;
    }
    return answered;
  }

  /// {@return the length to which all are padded, 0 where nothing is padded}
  int length() {
    int length = 0;
    for (Ticket ticket : tickets) {
      length = Math.max(length, ticket.bucket.length());
    }
    return length;
  }

  /// {@return the tokens of its requests: rows times lengths, 0 where nothing may be padded}
  long tokens() {
    long tokens = 0;
    for (Ticket ticket : tickets) {
      tokens += (long) ticket.rows * Math.max(0, ticket.bucket.length());
    }
    return tokens;
  }
}
