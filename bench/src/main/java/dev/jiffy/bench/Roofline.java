package dev.jiffy.bench;

import dev.jiffy.engine.Ceilings;
import dev.jiffy.engine.ir.StepCost;
import org.jspecify.annotations.Nullable;

/// The least time that steps can take on a machine: that of their arithmetic at its peak, or that
/// of moving their bytes, whichever is longer (Williams, Waterman and Patterson, Roofline: An
/// Insightful Visual Performance Model, 2009).
///
/// Values between steps are taken to come from the nearest memory that holds those of the step,
/// since the steps before have just made them; weights from the nearest that holds all that one run
/// touches, since they are read once per run.
///
/// @param ceilings what the machine can do at most
/// @param footprint the bytes that one run touches
public record Roofline(Ceilings ceilings, long footprint) {
  /// The limits of a step, in nanoseconds.
  ///
  /// @param compute the time of its arithmetic, or null where its peak is not known
  /// @param memory the time of moving its bytes, or null where the bandwidth is not known
  public record Limits(@Nullable Double compute, @Nullable Double memory) {
    /// {@return the least time, or null where nothing is known}
    public @Nullable Double nanos() {
      return compute == null
          ? memory
          : memory == null ? compute : (Double) Math.max(compute, memory);
    }
  }

  /// {@return the limits of a step}
  ///
  /// @param step what it does
  public Limits of(StepCost step) {
    Double peak = ceilings.flopsPerSecond().get(step.precision());
    Ceilings.Level values = ceilings.levelOf(step.activationBytes());
    Ceilings.Level weights = ceilings.levelOf(footprint);
    return new Limits(
        peak == null ? null : (Double) (step.flops() / peak * 1e9),
        values == null || weights == null
            ? null
            : (Double)
                (step.activationBytes() / values.bytesPerSecond() * 1e9
                    + step.weightBytes() / weights.bytesPerSecond() * 1e9));
  }
}
