package dev.jiffy.engine.run;

import dev.jiffy.engine.lower.Frame;
import dev.jiffy.engine.lower.Plan;
import dev.jiffy.engine.lower.Step;
import java.lang.ref.Reference;
import java.util.List;

/// Runs the steps of a plan in order.
public final class Runner {
  private Runner() {}

  /// Starts the worker threads, where they do not run yet.
  public static void start() {
    Workers.SHARED.start();
  }

  /// Runs a plan.
  ///
  /// @param plan the plan
  /// @param frame its memory, with all of the caller's slots told; who told them keeps what lies
  ///   there reachable
  public static void run(Plan plan, Frame frame) {
    List<Step> steps = plan.steps();
    try {
      for (int i = 0; i < steps.size(); i++) {
        run(steps.get(i), frame);
      }
    } finally {
      // the steps know addresses of constants only
      Reference.reachabilityFence(plan);
    }
  }

  /// Runs a plan and takes the times.
  ///
  /// @param plan the plan
  /// @param frame its memory, with all of the caller's slots told
  /// @param times takes the time of each step's end
  /// @param first where that of the first goes
  public static void profile(Plan plan, Frame frame, long[] times, int first) {
    List<Step> steps = plan.steps();
    try {
      for (int i = 0; i < steps.size(); i++) {
        run(steps.get(i), frame);
        times[first + i] = System.nanoTime();
      }
    } finally {
      Reference.reachabilityFence(plan);
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
