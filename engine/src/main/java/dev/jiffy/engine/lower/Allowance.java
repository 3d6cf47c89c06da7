package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;

/// How many iterations of loops one run may still do. Belongs to one run.
public final class Allowance {
  private final long most;
  private long taken;

  /// An allowance.
  ///
  /// @param most the most iterations
  public Allowance(long most) {
    this.most = most;
  }

  /// Takes one iteration.
  ///
  /// @throws ModelException if there are none left, or the thread is interrupted
  public void take() {
    if (taken == most) {
      throw new ModelException(
          "the loops of one run have had %d iterations, which is the limit".formatted(most));
    }
    taken++;
    if (Thread.currentThread().isInterrupted()) {
      throw new ModelException("the run was interrupted in iteration %d".formatted(taken));
    }
  }
}
