package dev.jiffy.engine;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.run.Runner;
import dev.jiffy.tensor.Value;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The times of a run, one plan or more, in the order of its costs, as [RunProfile] wants them.
final class StageTimes implements Watch {
  private long[] stamps;
  private int count;

  /// None yet.
  ///
  /// @param steps how many steps are expected
  StageTimes(int steps) {
    stamps = new long[steps + 3];
  }

  /// Takes the time.
  void stamp() {
    room(1);
    stamps[count++] = System.nanoTime();
  }

  /// {@return the times}
  long[] stamps() {
    return Arrays.copyOf(stamps, count);
  }

  /// {@return for how many steps there are times}
  int steps() {
    return count - 3;
  }

  private void room(int more) {
    if (count + more > stamps.length) {
      stamps = Arrays.copyOf(stamps, 2 * (count + more));
    }
  }

  @Override
  public void starts() {
    stamp();
  }

  @Override
  public void begins(Program program, Value[] arguments) {
    stamp();
  }

  @Override
  public void run(Plan plan, Frame frame) {
    int steps = plan.steps().size();
    room(steps);
    Runner.profile(plan, frame, stamps, count);
    count += steps;
  }

  @Override
  public void ends(
      Node node, List<? extends @Nullable Value> inputs, List<? extends @Nullable Value> outputs) {
    stamp();
  }
}
