package dev.jiffy.server.schedule;

import java.util.List;

/// Requests that are computed together.
///
/// @param tickets at least one, all of which join
/// @param rows the rows of all together
/// @param isTrial whether some are also computed alone, to learn whether the bits are the same
/// @param startedNanos when it was taken out of the line
/// @param expectedNanos how long it is expected to take, 0 where nothing is known
record Batch(
    List<Ticket> tickets, int rows, boolean isTrial, long startedNanos, double expectedNanos) {
  /// So many requests of a trial are compared with single runs: the first, the middle, the last.
  static final int COMPARED = 3;

  /// {@return whether a request is one of those that a trial compares}
  boolean isCompared(int index) {
    return index == 0 || index == tickets.size() / 2 || index == tickets.size() - 1;
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
