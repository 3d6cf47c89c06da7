package dev.jiffy.bench.load;

import dev.jiffy.bench.record.Recording;
import java.util.function.IntConsumer;

/// What is measured: a model in this process, a server, or something simulated.
public interface Subject extends AutoCloseable {
  /// {@return what to call it in reports}
  String name();

  /// {@return the number of different inputs that it can be asked with}
  int samples();

  /// {@return the most requests that it takes at a time}
  int slots();

  /// Checks that runs of a kind can be made, before anything is.
  ///
  /// @param plan one of them
  /// @throws IllegalArgumentException if it cannot
  default void check(Plan plan) {}

  /// {@return what happened in a run}
  ///
  /// @param plan the run
  /// @param progress is told now and then how many requests are issued; on any thread
  Recording run(Plan plan, IntConsumer progress);

  @Override
  void close();
}
