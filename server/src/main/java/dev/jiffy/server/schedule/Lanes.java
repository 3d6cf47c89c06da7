package dev.jiffy.server.schedule;

import org.jspecify.annotations.Nullable;

/// The requests that wait, by class: each class in the order of arrival. Belongs to whoever holds
/// the lock of its line.
final class Lanes {
  private final Lane[] lanes = new Lane[Ticket.LAST + 1];
  private int size;

  Lanes() {
    for (int i = Ticket.FIRST; i < lanes.length; i++) {
      lanes[i] = new Lane();
    }
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /// {@return the first of a class, null where none waits}
  @Nullable Ticket first(int lane) {
    return lanes[lane].first();
  }

  /// {@return what those of a class and of the more urgent ones will take together}
  double work(int priority) {
    double work = 0;
    for (int lane = Ticket.FIRST; lane <= priority; lane++) {
      work += lanes[lane].work();
    }
    return work;
  }

  /// Adds a request behind those of its class.
  void add(Ticket ticket) {
    lanes[ticket.priority()].add(ticket);
    size++;
  }

  /// Puts a request where it was before it was removed.
  void putBack(Ticket ticket) {
    lanes[ticket.priority()].putBack(ticket);
    size++;
  }

  /// Takes a request out.
  void remove(Ticket ticket) {
    lanes[ticket.priority()].remove(ticket);
    size--;
  }

  /// {@return who is next, where somebody waits: the first of the highest class, or the oldest of
  /// all}
  ///
  /// @param oldest whether it is to be the oldest
  Ticket head(boolean oldest) {
    Ticket head = null;
    for (int lane = Ticket.FIRST; lane < lanes.length; lane++) {
      Ticket first = lanes[lane].first();
      if (first != null && (head == null || (oldest && first.number < head.number))) {
        head = first;
      }
    }
    if (head == null) {
      throw new IllegalStateException(size + " requests wait in no lane");
    }
    return head;
  }

  /// {@return who came last of the least urgent class that waits and is less urgent than another,
  /// null for nobody}
  @Nullable Ticket lastLessUrgent(int priority) {
    for (int lane = Ticket.LAST; lane > priority; lane--) {
      Ticket last = lanes[lane].last();
      if (last != null) {
        return last;
      }
    }
    return null;
  }
}
