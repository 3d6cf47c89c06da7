package dev.jiffy.bench;

import dev.jiffy.bench.record.Environment;
import dev.jiffy.engine.Ceilings;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Precision;
import dev.jiffy.engine.RunProfile;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Tells where the time of a warm run goes, step by step, and how far each step is from what the
/// machine allows.
///
/// Times are medians over runs whose every step is timed. The time that no step covers is a row of
/// its own, [#OTHER], so that all rows together are the whole.
public final class Profile {
  /// The name of what no step covers: checks of the inputs, and the call itself.
  public static final String OTHER = "[other]";

  /// The time that runs are to take where their number is left open, and its limits.
  private static final double NANOS = 1e9;

  private static final int LEAST_RUNS = 100;
  private static final int MOST_RUNS = 5000;
  private static final int FIRST_RUNS = 200;

  private Profile() {}

  /// How to profile.
  ///
  /// @param runs over how many runs to take medians; 0 takes as many as fit one second, 100 to 5000
  /// @param measuresCeilings whether to measure what the machine can do at most
  /// @param ceilings operations or bytes per second to take instead, by name: `f32`, `bf16`,
  ///   `int8`, `l2`, `l3`, `dram`
  public record Settings(int runs, boolean measuresCeilings, Map<String, Double> ceilings) {
    /// Checks the number and the names, and copies the map.
    public Settings {
      if (runs < 0) {
        throw new IllegalArgumentException("runs must be at least 0, got " + runs);
      }
      ceilings = Map.copyOf(ceilings);
      Ceilings _ = new Ceilings(1, Map.of(), List.of()).with(ceilings);
    }
  }

  /// Where the time goes. Times are in microseconds.
  ///
  /// @param model the model's file
  /// @param name the case's name
  /// @param shapes the extents of the inputs
  /// @param threads the most threads that a run used
  /// @param precision the precision that the model runs in
  /// @param kernels the family of kernels that it runs on
  /// @param runs the runs over which medians are taken
  /// @param warmUpRuns the runs before those
  /// @param totalUs all rows together
  /// @param p50Us the median of runs in between, timed as a whole only
  /// @param profiledP50Us the median of the profiled runs as a whole; more than the rows together
  ///   where other work on the machine lengthens now this step, now that
  /// @param total what all steps do together
  /// @param memory the bytes that the model takes
  /// @param ceilings what the machine can do at most
  /// @param steps the steps in the order in which they run, [#OTHER] last
  /// @param operators the kinds of steps, the most time first
  /// @param run the run whose time is the median
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
      double p50Us,
      double profiledP50Us,
      Rates total,
      Footprint memory,
      Ceilings ceilings,
      List<Step> steps,
      List<Operator> operators,
      Timeline run,
      Environment environment) {}

  /// The bytes that a model takes.
  ///
  /// @param fileBytes the model's file, without external data
  /// @param packedBytes its weights in the form that kernels read
  /// @param arenaBytes the session's memory for values between steps and for the steps' own work
  public record Footprint(long fileBytes, long packedBytes, long arenaBytes) {}

  /// One step.
  ///
  /// @param name the node that it computes and, in parentheses, the operator
  /// @param operator the operator
  /// @param detail extents, and what is computed along with it
  /// @param nodes all nodes that it computes
  /// @param precision the numbers that it multiplies
  /// @param threads how many threads it is cut for
  /// @param us microseconds per run
  /// @param share the part of the total, 0 to 1
  /// @param rates what it does, and how fast
  public record Step(
      String name,
      String operator,
      String detail,
      List<String> nodes,
      String precision,
      int threads,
      double us,
      double share,
      Rates rates) {}

  /// All steps of one operator.
  ///
  /// @param name the operator
  /// @param steps how many steps there are
  /// @param us microseconds per run
  /// @param share the part of the total, 0 to 1
  /// @param rates what they do together, and how fast
  public record Operator(String name, int steps, double us, double share, Rates rates) {}

  /// One run: for each step when it began and how long it took, in microseconds.
  ///
  /// @param us how long the run took
  /// @param beginUs the steps' begins
  /// @param stepUs the steps' durations
  public record Timeline(double us, List<Double> beginUs, List<Double> stepUs) {}

  /// {@return where the time of a model goes on the first case of a source}
  ///
  /// @param model the model's file
  /// @param source where the inputs come from
  /// @param options how to load the model
  /// @param settings how to profile
  /// @param progress is told in short lines how the work goes
  /// @throws ModelException if the model has no steps, or not the same ones in each run
  public static Result run(
      Path model,
      InputSource source,
      LoadOptions options,
      Settings settings,
      Consumer<String> progress) {
    return run(model, source, options, settings, WarmUp.start(Long.MAX_VALUE), progress);
  }

  static Result run(
      Path model,
      InputSource source,
      LoadOptions options,
      Settings settings,
      WarmUp warmUp,
      Consumer<String> progress) {
    progress.accept("loading " + model.getFileName());
    try (JiffyEngine engine = new JiffyEngine(model, options)) {
      engine.model().handover().ifPresent(handover -> progress.accept(handover.text()));
      Case first = source.cases(engine.model().inputs(), engine.model().outputs()).getFirst();
      engine.prepare(first.tensors());
      progress.accept("warming up on " + first.name() + " " + first.shapes());
      Rounds.warmUp(engine::run, warmUp);
      int runs = settings.runs() == 0 ? runs(warmUp) : settings.runs();
      List<StepCost> costs = engine.profile(Math.min(runs, FIRST_RUNS)).steps();
      if (costs.isEmpty()) {
        throw new ModelException(
            "%s has no steps to time on %s".formatted(model.getFileName(), first.shapes()));
      }
      Ceilings ceilings = ceilings(engine.threads(), costs, settings, progress);
      progress.accept("measuring %d runs, after %d".formatted(runs, warmUp.runs()));
      RunProfile profile = engine.profile(runs);
      Footprint memory =
          new Footprint(size(model), engine.model().packedBytes(), profile.arenaBytes());
      List<Row> rows = rows(profile, new Roofline(ceilings, touched(profile)));
      double total = rows.stream().mapToDouble(Row::nanos).sum();
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
          us(median(runs, profile::plainNanos)),
          us(median(runs, profile::runNanos)),
          Rates.of(rows, total),
          memory,
          ceilings,
          rows.stream().map(row -> step(row, total)).toList(),
          operators(rows, total),
          timeline(profile),
          Environment.here());
    }
  }

  private static int runs(WarmUp warmUp) {
    double nanos = (double) warmUp.totalNanos() / Math.max(1, warmUp.runs());
    return (int) Math.clamp(NANOS / nanos, LEAST_RUNS, MOST_RUNS);
  }

  private static Ceilings ceilings(
      int threads, List<StepCost> costs, Settings settings, Consumer<String> progress) {
    Set<Precision> precisions = EnumSet.of(Precision.F32);
    costs.forEach(cost -> precisions.add(cost.precision()));
    Ceilings ceilings = new Ceilings(threads, Map.of(), List.of());
    if (settings.measuresCeilings()) {
      progress.accept("measuring what this machine can do at most");
      ceilings = Ceilings.measure(threads, precisions);
    }
    return ceilings.with(settings.ceilings());
  }

  private static long size(Path model) {
    try {
      return Files.size(model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long touched(RunProfile profile) {
    return profile.arenaBytes() + profile.steps().stream().mapToLong(StepCost::weightBytes).sum();
  }

  /// A row of the profile.
  ///
  /// @param cost what the step does, or null for what no step covers
  /// @param nanos how long it takes
  /// @param limits the least time that it can take, or null for what no step covers
  record Row(@Nullable StepCost cost, double nanos, Roofline.@Nullable Limits limits) {
    String operator() {
      return cost == null ? OTHER : cost.operator();
    }
  }

  private static List<Row> rows(RunProfile profile, Roofline roofline) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < profile.steps().size(); i++) {
      int step = i;
      StepCost cost = profile.steps().get(step);
      double nanos = median(profile.runs(), run -> profile.stepNanos(run, step));
      rows.add(new Row(cost, nanos, roofline.of(cost)));
    }
    rows.add(new Row(null, median(profile.runs(), profile::otherNanos), null));
    return rows;
  }

  private static double median(int runs, IntToLongFunction nanos) {
    long[] sorted = IntStream.range(0, runs).mapToLong(nanos).sorted().toArray();
    return (double) (sorted[(runs - 1) / 2] + sorted[runs / 2]) / 2;
  }

  /// {@return a row with its share}
  static Step step(Row row, double total) {
    StepCost cost = row.cost();
    return new Step(
        cost == null ? OTHER : cost.name(),
        row.operator(),
        cost == null ? "" : cost.detail(),
        cost == null ? List.of() : cost.nodes(),
        cost == null ? "" : cost.precision().name().toLowerCase(Locale.ROOT),
        cost == null ? 1 : cost.threads(),
        us(row.nanos()),
        share(row.nanos(), total),
        Rates.of(List.of(row), row.nanos()));
  }

  /// {@return the rows added up by operator, the most time first}
  static List<Operator> operators(List<Row> rows, double total) {
    Map<String, List<Row>> groups = new LinkedHashMap<>();
    for (Row row : rows) {
      groups.computeIfAbsent(row.operator(), _ -> new ArrayList<>()).add(row);
    }
    return groups.entrySet().stream()
        .map(group -> {
          double nanos = group.getValue().stream().mapToDouble(Row::nanos).sum();
          return new Operator(
              group.getKey(),
              group.getKey().equals(OTHER) ? 0 : group.getValue().size(),
              us(nanos),
              share(nanos, total),
              Rates.of(group.getValue(), nanos));
        })
        .sorted(Comparator.comparingDouble(Operator::us).reversed())
        .toList();
  }

  private static Timeline timeline(RunProfile profile) {
    int run = profile.medianRun();
    return new Timeline(
        us((double) profile.runNanos(run)),
        each(profile, step -> profile.startNanos(run, step)),
        each(profile, step -> profile.stepNanos(run, step)));
  }

  private static List<Double> each(RunProfile profile, IntToLongFunction nanos) {
    Stream<Double> all =
        IntStream.range(0, profile.steps().size())
            .mapToObj(step -> us((double) nanos.applyAsLong(step)));
    return all.toList();
  }

  private static double us(double nanos) {
    return Math.round(nanos) / 1e3;
  }

  private static double share(double nanos, double total) {
    return Math.round(nanos / Math.max(1, total) * 1e6) / 1e6;
  }
}
