package dev.jiffy.engine.run;

import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Step;
import java.util.List;

/// Runs the steps of a plan in order.
public final class Runner {
  private Runner() {}

  /// Runs a plan.
  ///
  /// @param plan the plan
  /// @param frame its memory, with all of the caller's slots told
  public static void run(Plan plan, Frame frame) {
    List<Step> steps = plan.steps();
    for (int i = 0; i < steps.size(); i++) {
      run(steps.get(i), frame);
    }
  }

  /// Runs a plan and adds the time of each step.
  ///
  /// @param plan the plan
  /// @param frame its memory, with all of the caller's slots told
  /// @param nanos for each step the nanoseconds, added to
  public static void profile(Plan plan, Frame frame, long[] nanos) {
    List<Step> steps = plan.steps();
    long before = System.nanoTime();
    for (int i = 0; i < steps.size(); i++) {
      run(steps.get(i), frame);
      long after = System.nanoTime();
      nanos[i] += after - before;
      before = after;
    }
  }

  private static void run(Step step, Frame frame) {
    if (step.parts() == 1) {
      step.run(frame, 0);
    } else {
      Workers.SHARED.run(step, frame);
    }
  }
}
