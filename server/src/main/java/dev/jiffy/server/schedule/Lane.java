package dev.jiffy.server.schedule;

import org.jspecify.annotations.Nullable;

/// The waiting requests of one priority, first come, first served; any of them can leave at any
/// time. Guarded by the line's lock.
final class Lane {
  private @Nullable Ticket first;
  private @Nullable Ticket last;

  /// The time that computing what waits will take, in nanoseconds.
  private double work;

  @Nullable Ticket first() {
    return first;
  }

  @Nullable Ticket last() {
    return last;
  }

  double work() {
    return work;
  }

  void add(Ticket ticket) {
    ticket.before = last;
    if (last == null) {
      first = ticket;
    } else {
      last.after = ticket;
    }
    last = ticket;
    work += ticket.work;
  }

  /// Puts a request back to where it was taken from.
  void putBack(Ticket ticket) {
    Ticket next = first;
    while (next != null && next.number < ticket.number) {
      next = next.after;
    }
    if (next == null) {
      add(ticket);
      return;
    }
    Ticket previous = next.before;
    ticket.before = previous;
    ticket.after = next;
    next.before = ticket;
    if (previous == null) {
      first = ticket;
    } else {
      previous.after = ticket;
    }
    work += ticket.work;
  }

  void remove(Ticket ticket) {
    Ticket before = ticket.before;
    Ticket after = ticket.after;
    if (before == null) {
      first = after;
    } else {
      before.after = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.before = before;
    }
    ticket.before = null;
    ticket.after = null;
    work = first == null ? 0 : work - ticket.work;
  }
}
