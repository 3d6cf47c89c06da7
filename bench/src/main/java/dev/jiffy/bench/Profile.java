package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.StepTime;
import dev.jiffy.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Tells where the time of a warm run goes, step by step.
///
/// Every step is timed in every run, so that the total is somewhat more than the latency that
/// [Bench] reports.
public final class Profile {
  private Profile() {}

  /// Where the time goes. Times are means in microseconds per run.
  ///
  /// @param model the model's file
  /// @param name the case's name
  /// @param shapes the extents of the inputs
  /// @param threads the most threads that a run used
  /// @param precision the precision that the model runs in
  /// @param kernels the family of kernels that it runs on
  /// @param runs the runs over which means are taken
  /// @param warmUpRuns the runs before those
  /// @param totalUs the steps together
  /// @param steps the steps in the order in which they run
  /// @param operators the kinds of steps, the most time first
  /// @param environment the machine
  public record Result(
      String model,
      String name,
      Map<String, Shape> shapes,
      int threads,
      String precision,
      String kernels,
      int runs,
      long warmUpRuns,
      double totalUs,
      List<Step> steps,
      List<Operator> operators,
      Environment environment) {}

  /// One step.
  ///
  /// @param name the node that it computes and, in parentheses, the operator
  /// @param us microseconds per run
  /// @param share the part of the total, 0 to 1
  public record Step(String name, double us, double share) {}

  /// All steps of one operator.
  ///
  /// @param name the operator
  /// @param steps how many steps there are
  /// @param us microseconds per run
  /// @param share the part of the total, 0 to 1
  public record Operator(String name, int steps, double us, double share) {}

  /// {@return where the time of a model goes on the first case of a source}
  ///
  /// @param model the model's file
  /// @param source where the inputs come from
  /// @param options how to load the model
  /// @param runs over how many runs to take means, at least 1
  /// @param progress is told in short lines how the work goes
  /// @throws ModelException if the model does not run in steps on these inputs, as where a shape
  ///   depends on what is computed
  public static Result run(
      Path model, InputSource source, LoadOptions options, int runs, Consumer<String> progress) {
    return run(model, source, options, runs, Rounds.warmUpRule(), progress);
  }

  static Result run(
      Path model,
      InputSource source,
      LoadOptions options,
      int runs,
      WarmUp warmUp,
      Consumer<String> progress) {
    progress.accept("loading " + model.getFileName());
    try (JiffyEngine engine = new JiffyEngine(model, options)) {
      Case first = source.cases(engine.model().inputs(), engine.model().outputs()).getFirst();
      engine.prepare(first.inputs());
      progress.accept("warming up on " + first.name() + " " + first.shapes());
      Rounds.warmUp(engine, warmUp);
      progress.accept("measuring %d runs, after %d".formatted(runs, warmUp.runs()));
      engine.profile(1); // loads what only a profile needs
      List<StepTime> times = engine.profile(runs);
      if (times.isEmpty()) {
        throw new ModelException(
            "%s has no steps to time on %s: it is run node by node"
                .formatted(model.getFileName(), first.shapes()));
      }
      double total = times.stream().mapToDouble(StepTime::nanos).sum();
      return new Result(
          model.toString(),
          first.name(),
          first.shapes(),
          engine.threads(),
          engine.precision(),
          engine.kernels(),
          runs,
          warmUp.runs(),
          us(total),
          steps(times),
          operators(times),
          Environment.here());
    }
  }

  /// {@return the steps with their shares, in the same order}
  static List<Step> steps(List<StepTime> times) {
    double total = times.stream().mapToDouble(StepTime::nanos).sum();
    return times.stream()
        .map(time -> new Step(time.name(), us(time.nanos()), share(time.nanos(), total)))
        .toList();
  }

  /// {@return the steps added up by operator, the most time first}
  static List<Operator> operators(List<StepTime> times) {
    double total = times.stream().mapToDouble(StepTime::nanos).sum();
    Map<String, List<StepTime>> groups = new LinkedHashMap<>();
    for (StepTime time : times) {
      groups.computeIfAbsent(time.operator(), _ -> new ArrayList<>()).add(time);
    }
    return groups.entrySet().stream()
        .map(group -> {
          double nanos = group.getValue().stream().mapToDouble(StepTime::nanos).sum();
          return new Operator(
              group.getKey(), group.getValue().size(), us(nanos), share(nanos, total));
        })
        .sorted(Comparator.comparingDouble(Operator::us).reversed())
        .toList();
  }

  private static double us(double nanos) {
    return Math.round(nanos) / 1e3;
  }

  private static double share(double nanos, double total) {
    return Math.round(nanos / Math.max(1, total) * 1e4) / 1e4;
  }
}
