package dev.jiffy.server.schedule;

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

  /// {@return whether a trial compares a request with a single run: the first, the middle, the
  /// last, and the first of each number of rows}
  static boolean isCompared(List<Ticket> tickets, int index) {
    if (index == 0 || index == tickets.size() / 2 || index == tickets.size() - 1) {
      return true;
    }
    for (Ticket before : tickets.subList(0, index)) {
      if (before.rows == tickets.get(index).rows) {
        return false;
      }
    }
    return true;
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
