package dev.jiffy.engine;

import dev.jiffy.engine.ir.StepCost;
import java.util.Arrays;
import java.util.List;

/// Where the time of some runs went, step by step. Times are in nanoseconds.
///
/// Taking the time of every step makes a run somewhat longer.
public final class RunProfile {
  private final List<StepCost> steps;
  private final long arenaBytes;
  private final List<long[]> stamps;
  private final long[] plain;

  /// Some runs.
  ///
  /// @param steps what the steps are, in order
  /// @param arenaBytes the session's memory for values between steps and for the steps' own work
  /// @param stamps of each run the times of its begin, its first step's begin, each step's end, and
  ///   its end
  /// @param plain the durations of as many runs that were timed as a whole only
  RunProfile(List<StepCost> steps, long arenaBytes, List<long[]> stamps, long[] plain) {
    this.steps = List.copyOf(steps);
    this.arenaBytes = arenaBytes;
    this.stamps = List.copyOf(stamps);
    this.plain = plain;
  }

  /// {@return what the steps are, in order; where a run is more than one plan, as shapes depend on
  /// what is computed, with a step before each that finds it and gives it memory}
  public List<StepCost> steps() {
    return steps;
  }

  /// {@return the bytes of the session's memory for values between steps and for their work}
  public long arenaBytes() {
    return arenaBytes;
  }

  /// {@return how many runs there are}
  public int runs() {
    return stamps.size();
  }

  /// {@return how long a run took as a whole}
  ///
  /// @param run the run, from 0
  public long runNanos(int run) {
    long[] times = stamps.get(run);
    return times[times.length - 1] - times[0];
  }

  /// {@return how long after the begin of the run a step began}
  ///
  /// @param run the run, from 0
  /// @param step the step, from 0
  public long startNanos(int run, int step) {
    long[] times = stamps.get(run);
    return times[step + 1] - times[0];
  }

  /// {@return how long a step took in a run}
  ///
  /// @param run the run, from 0
  /// @param step the step, from 0
  public long stepNanos(int run, int step) {
    long[] times = stamps.get(run);
    return times[step + 2] - times[step + 1];
  }

  /// {@return how long a run took whose steps were not timed}
  ///
  /// @param run the run, from 0
  public long plainNanos(int run) {
    return plain[run];
  }

  /// {@return the part of a run that no step covers: checks of its inputs, and the call itself}
  ///
  /// @param run the run, from 0
  public long otherNanos(int run) {
    long[] times = stamps.get(run);
    return runNanos(run) - (times[times.length - 2] - times[1]);
  }

  /// {@return the run whose time is the median}
  ///
  /// @throws IllegalStateException if there are no runs
  public int medianRun() {
    if (runs() == 0) {
      throw new IllegalStateException("no run was timed");
    }
    long[] sorted = new long[runs()];
    Arrays.setAll(sorted, this::runNanos);
    Arrays.sort(sorted);
    int run = 0;
    while (runNanos(run) != sorted[sorted.length / 2]) {
      run++;
    }
    return run;
  }
}
