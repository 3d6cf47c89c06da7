package dev.jiffy.server.grpc;

import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// What is done again and again: all of it by one timer, which ends with the last of it. Belongs to
/// an event loop.
final class Rounds {
  private final Vertx vertx;
  private final long everyMillis;
  private final List<BooleanSupplier> tasks = new ArrayList<>();

  /// @param vertx the event loop
  /// @param everyMillis the time from one round to the next
  Rounds(Vertx vertx, long everyMillis) {
    this.vertx = vertx;
    this.everyMillis = everyMillis;
  }

  /// Has something done in every round from now on.
  ///
  /// @param task says whether it is to be done once more; adds nothing
  void add(BooleanSupplier task) {
    if (tasks.isEmpty()) {
      vertx.setPeriodic(everyMillis, this::round);
    }
    tasks.add(task);
  }

  private void round(long timer) {
    tasks.removeIf(task -> !task.getAsBoolean());
    if (tasks.isEmpty()) {
      vertx.cancelTimer(timer);
    }
  }
}
