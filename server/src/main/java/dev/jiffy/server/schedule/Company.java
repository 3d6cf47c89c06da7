package dev.jiffy.server.schedule;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Which of the requests that wait are computed together with one of them. Belongs to whoever holds
/// the lock of their line.
///
/// @param lanes the requests that wait
/// @param isExact whether none may be padded
record Company(Lanes lanes, boolean isExact) {
  /// {@return the rows that wait and could be computed together with a request, with its own, and
  /// no more than a limit}
  int rows(Ticket head, int most) {
    if (most == 1) {
      return 1;
    }
    int rows = 0;
    for (int lane = Ticket.FIRST; lane <= Ticket.LAST; lane++) {
      for (Ticket each = lanes.first(lane); each != null; each = each.after) {
        if (each == head || joins(head, each)) {
          if (each.rows >= most - rows) {
            return most;
          }
          rows += each.rows;
        }
      }
    }
    return rows;
  }

  /// Takes a request and those that join it out of their lanes, in the order of their classes and
  /// arrival.
  ///
  /// @param size the most rows of all together, where the first has no more
  /// @param isDropped drops a request that would be late, and tells whether it did
  List<Ticket> take(Ticket head, int size, Predicate<Ticket> isDropped) {
    List<Ticket> tickets = new ArrayList<>(Math.min(size, 64));
    lanes.remove(head);
    tickets.add(head);
    int rows = head.rows;
    for (int lane = Ticket.FIRST; lane <= Ticket.LAST && rows < size; lane++) {
      Ticket next;
      for (Ticket each = lanes.first(lane); each != null && rows < size; each = next) {
        next = each.after;
        if (!joins(head, each)) {
          continue;
        }
        if (each.rows > size - rows) {
          return tickets;
        }
        if (!isDropped.test(each)) {
          lanes.remove(each);
          tickets.add(each);
          rows += each.rows;
        }
      }
    }
    return tickets;
  }

  private boolean joins(Ticket head, Ticket other) {
    return head.bucket.joins(other.bucket)
        && (head.bucket.length() == other.bucket.length()
            || (!isExact && isSimilar(head.bucket.length(), other.bucket.length())));
  }

  /// {@return whether padding the shorter to the longer costs little}
  private static boolean isSimilar(int one, int other) {
    return 16L * Math.abs(one - other) <= Math.max(one, other);
  }

  /// {@return how many of the first of some requests, fewer than all, need no trial; one never
  /// does}
  static int untried(List<Ticket> tickets, BucketCosts known) {
    Map<Integer, Integer> requestsByRows = new HashMap<>();
    tickets.forEach(ticket -> requestsByRows.merge(ticket.rows, 1, Integer::sum));
    int count = tickets.size();
    int rows = Batch.rows(tickets);
    do {
      count--;
      int gone = tickets.get(count).rows;
      rows -= gone;
      requestsByRows.merge(gone, -1, (some, less) -> some == 1 ? null : some + less);
    } while (count > 1 && known.isTrialDue(rows, requestsByRows.keySet()));
    return count;
  }
}
