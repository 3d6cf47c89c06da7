package dev.jiffy.bench;

import dev.jiffy.engine.ir.StepCost;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What some steps do, how fast they do it, and how that compares with what the machine allows.
///
/// @param flops operations; a convolution is counted as its definition computes it, so that a
///   cheaper algorithm can be faster than its bound
/// @param bytes the bytes of inputs, outputs and weights
/// @param weightBytes those of the weights among them
/// @param gflopPerS billions of operations per second
/// @param gbPerS billions of bytes per second
/// @param flopPerByte the arithmetic intensity
/// @param boundUs the least time that the machine allows, in microseconds, or null where its
///   ceilings are not known
/// @param boundBy what decides that time, `compute` or `memory`, or null
/// @param ofBound the least time as a part of the time that was taken, or null
public record Rates(
    long flops,
    long bytes,
    long weightBytes,
    double gflopPerS,
    double gbPerS,
    double flopPerByte,
    @Nullable Double boundUs,
    @Nullable String boundBy,
    @Nullable Double ofBound) {
  /// {@return the rates of some rows}
  ///
  /// @param rows the rows
  /// @param nanos how long they take together
  static Rates of(List<Profile.Row> rows, double nanos) {
    long flops = 0;
    long bytes = 0;
    long weights = 0;
    double compute = 0;
    double memory = 0;
    boolean known = false;
    for (Profile.Row row : rows) {
      StepCost cost = row.cost();
      if (cost == null) {
        continue;
      }
      flops += cost.flops();
      bytes += cost.activationBytes() + cost.weightBytes();
      weights += cost.weightBytes();
      Roofline.Limits limits = row.limits();
      Double bound = limits == null ? null : limits.nanos();
      if (limits != null && bound != null) {
        known = true;
        boolean computes = bound.equals(limits.compute());
        compute += computes ? bound : 0;
        memory += computes ? 0 : bound;
      }
    }
    double time = Math.max(1, nanos);
    double bound = compute + memory;
    return new Rates(
        flops,
        bytes,
        weights,
        rounded(flops / time),
        rounded(bytes / time),
        rounded((double) flops / Math.max(1, bytes)),
        known ? (Double) rounded(bound / 1e3) : null,
        known ? compute > memory ? "compute" : "memory" : null,
        known ? (Double) rounded(bound / time) : null);
  }

  private static double rounded(double number) {
    return Math.round(number * 1e4) / 1e4;
  }
}
