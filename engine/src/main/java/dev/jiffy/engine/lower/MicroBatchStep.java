package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Format;
import java.util.List;

/// A batch computed in micro-batches, one after the other by each thread: all steps of one before
/// those of the next, so that what they make for each other stays in the caches, and threads meet
/// once.
final class MicroBatchStep extends Step {
  private final Plan plan;
  private final int count;
  private final List<Spread> inputs;
  private final List<Spread> outputs;
  private final Format format;

  /// A value of the batch.
  ///
  /// @param place where it lies
  /// @param bytes the bytes of a micro-batch's share
  record Spread(Place place, long bytes) {}

  /// A step.
  ///
  /// @param plan computes a micro-batch; its steps have one part
  /// @param count how many there are
  /// @param inputs what it reads, in the order of the plan's inputs
  /// @param outputs what it makes, in the order of the plan's outputs
  MicroBatchStep(Target target, Plan plan, int count, List<Spread> inputs, List<Spread> outputs) {
    super(count + " micro-batches", Math.min(target.threads(), count));
    this.plan = plan;
    this.count = count;
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.format = target.format();
  }

  @Override
  long scratchBytes() {
    return plan.bytes();
  }

  @Override
  Format format() {
    return format;
  }

  @Override
  public void run(Frame frame, int part) {
    Frame own = frame.within(plan, part);
    for (int i = from(count, part); i < from(count, part + 1); i++) {
      point(own, plan.inputs(), inputs, frame, i);
      point(own, plan.outputs(), outputs, frame, i);
      List<Step> steps = plan.steps();
      for (int s = 0; s < steps.size(); s++) {
        steps.get(s).run(own, 0);
      }
    }
  }

  private static void point(
      Frame own, List<Plan.Port> ports, List<Spread> values, Frame frame, int number) {
    for (int i = 0; i < ports.size(); i++) {
      Spread value = values.get(i);
      own.point(ports.get(i).slot(), frame.at(value.place()) + number * value.bytes());
    }
  }
}
