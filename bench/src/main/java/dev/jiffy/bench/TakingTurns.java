package dev.jiffy.bench;

import java.util.List;

/// Runs of several inputs that take turns, so that none is learnt by heart: neither by caches nor
/// by the prediction of branches.
final class TakingTurns implements Runnable {
  private final List<Runnable> runs;
  private int turn;

  /// Turns.
  ///
  /// @param runs for each input what runs it
  TakingTurns(List<Runnable> runs) {
    this.runs = List.copyOf(runs);
  }

  @Override
  public void run() {
    runs.get(turn).run();
    turn = turn + 1 == runs.size() ? 0 : turn + 1;
  }
}
