package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Compare;
import dev.jiffy.bench.Comparison;
import dev.jiffy.bench.DynamicComparison;
import dev.jiffy.bench.Figures;
import dev.jiffy.bench.TreeComparison;
import dev.jiffy.bench.Turns;
import dev.jiffy.bench.record.Spread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy compare`: Jiffy and another runtime on the same model, in answers and in time.
@Command(
    name = "compare",
    description = {
      "Measures Jiffy against another runtime, in the same process, on the same inputs.",
      "Both load the model five times, warm up by the same rule, then take turns in rounds of half"
          + " a second. Answers that differ are a failure.",
      "The JSON answer has the fields of `bench` for Jiffy, the same under `against` for the other"
          + " runtime, and the ratios of the two; of several cases, it is their list under `cases`"
          + " beside ratio_p50, the geometric mean, and the largest errors."
    })
final class CompareCommand implements Callable<Integer> {
  /// What Jiffy can be measured against.
  enum Rival {
    /// ONNX Runtime.
    ONNXRUNTIME
  }

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description =
          "The ONNX file; with --all a folder of models and cases; with --trees a folder of models"
              + " of decision trees, or nothing.")
  private Path model = Path.of("");

  @Option(
      names = "--all",
      description = {
        "Compares every model in the folder and below, on the cases in folders of the model's name"
            + " (NAME/set/input_0.pb for NAME.onnx), or on made-up inputs; prints a table."
      })
  private boolean all;

  @Option(
      names = "--trees",
      description = {
        "Compares on decision trees: made-up forests of 100 trees of depth 6, 500 of 8 and 1000 of"
            + " 10, and the models in the folder; single rows and batches of 1000, with one thread"
            + " and two. Runs take turns with several inputs."
      })
  private boolean trees;

  @Option(
      names = "--dynamic",
      description = {
        "Compares on made-up models in which elements decide how much there is to do: a detector's"
            + " tail, a loop, and a network over the pixels that another one finds; with one thread"
            + " and two. Runs take turns with 64 inputs."
      })
  private boolean dynamic;

  @Option(
      names = "--against",
      paramLabel = "RUNTIME",
      description = "The other runtime: onnxruntime, the only one and the default.")
  private Rival against = Rival.ONNXRUNTIME;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "How long to measure either engine on each case, after warm-up; 3 by default.")
  private Duration time = Duration.ofSeconds(3);

  @Option(
      names = "--load-seconds",
      paramLabel = "S",
      converter = OptionValues.SomeSeconds.class,
      description = {
        "How long to load each model in turns before it is measured. The median of the later half of"
            + " the loads counts, as of a process that has loaded for long; without, that of five."
      })
  private Duration loads = Duration.ZERO;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      converter = OptionValues.Tolerance.class,
      description =
          "How far floating-point numbers may be apart, absolute or relative to the other"
              + " runtime's, whichever is larger; 1e-4 by default.")
  private double tolerance = Comparison.TOLERANCE;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() {
    if (trees || dynamic) {
      Ignored.refuse(inputs.command(), "loads are not measured", "--load-seconds");
    }
    if (trees) {
      if (all || inputs.areGiven()) {
        throw inputs.usage(
            "--trees makes its cases itself: no other option for them goes with it.");
      }
      TreeComparison.Result result =
          TreeComparison.run(model, load.options(), time, tolerance, output::progress);
      return print(TurnsTable.of(result.cases(), result.failed()));
    }
    if (dynamic) {
      if (all || inputs.areGiven() || !model.toString().isEmpty()) {
        throw inputs.usage("--dynamic makes its models and cases itself: nothing goes with it.");
      }
      List<Turns> cases = DynamicComparison.run(load.options(), time, tolerance, output::progress);
      return print(TurnsTable.of(cases, Map.of()));
    }
    if (model.toString().isEmpty()) {
      throw inputs.usage("a model is missing, or with --all a folder");
    }
    if (all) {
      if (inputs.areGiven()) {
        throw inputs.usage(
            "--all finds its cases itself: --case, --shape and --dim do not go with it.");
      }
      CompareTable table =
          CompareTable.of(model, load.options(), loads, time, tolerance, output::progress);
      output.print(table);
      return table.matches() && table.failed().isEmpty() ? ExitCodes.OK : ExitCodes.FAILURE;
    }
    List<Compare.Result> results =
        switch (against) {
          case ONNXRUNTIME ->
              Compare.run(
                  model,
                  inputs.sources(),
                  load.options(),
                  loads,
                  time,
                  tolerance,
                  output::progress);
        };
    output.print(results.size() == 1 ? new One(results.getFirst()) : Several.of(results));
    for (Compare.Result result : results) {
      for (String mismatch : result.mismatches()) {
        output.progress("jiffy: " + result.name() + ": " + mismatch);
      }
    }
    return results.stream().allMatch(Compare.Result::matches) ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  private int print(TurnsTable table) {
    output.print(table);
    return table.exitCode();
  }

  /// One case.
  record One(@JsonUnwrapped Compare.Result result) implements Output.Answer {
    @Override
    public String text() {
      return """
      %s
      %-22s %10s %10s %10s %10s %10s %10s
      %s
      %s
      p50 ratio %.3f (95 %% confident of %.3f to %.3f; %.3f to %.3f over %d rounds), load ratio %.3f
      max error %s, relative %s, cosine %.6f, %s
      %d threads, %s, %s kernels; %s, %d processors, %s\
      """
          .formatted(
              Measurements.subject(result.model(), result.name(), result.shapes()),
              "",
              "load",
              "first",
              "p50",
              "p90",
              "p99",
              "allocated",
              row("jiffy", result.figures()),
              row(result.against().name(), result.against().figures()),
              result.ratioP50(),
              result.ratioInterval().low(),
              result.ratioInterval().high(),
              result.ratioLow(),
              result.ratioHigh(),
              result.rounds(),
              result.ratioLoad(),
              Quantities.error(result.maxAbsError()),
              Quantities.error(result.maxRelError()),
              result.minCosine(),
              result.matches() ? "answers agree" : "answers DIFFER",
              result.threads(),
              result.precision(),
              result.kernels(),
              result.environment().cpu(),
              result.environment().cores(),
              result.environment().jdk());
    }

    private static String row(String name, Figures figures) {
      Spread latency = figures.latency();
      return "%-22s %10s %10s %10s %10s %10s %10s"
          .formatted(
              name + " " + figures.version(),
              Quantities.duration(figures.loadMs()),
              Quantities.duration(figures.firstMs()),
              Quantities.duration(latency.p50Ms()),
              Quantities.duration(latency.p90Ms()),
              Quantities.duration(latency.p99Ms()),
              Quantities.bytes(figures.allocatedBytesPerRun()));
    }
  }

  /// Several cases: the mean ratio, the largest errors, and each case.
  record Several(
      String model,
      int threads,
      double ratioP50,
      double ratioLoad,
      double maxAbsError,
      double maxRelError,
      boolean matches,
      List<Compare.Result> cases)
      implements Output.Answer {
    static Several of(List<Compare.Result> cases) {
      double logs = cases.stream().mapToDouble(each -> Math.log(each.ratioP50())).sum();
      return new Several(
          cases.getFirst().model(),
          cases.getFirst().threads(),
          Math.round(Math.exp(logs / cases.size()) * 1e4) / 1e4,
          cases.getFirst().ratioLoad(),
          max(cases, Compare.Result::maxAbsError),
          max(cases, Compare.Result::maxRelError),
          cases.stream().allMatch(Compare.Result::matches),
          cases);
    }

    private static double max(List<Compare.Result> cases, ToDoubleFunction<Compare.Result> figure) {
      return cases.stream().mapToDouble(figure).max().orElse(0);
    }

    @Override
    public String text() {
      return cases.stream()
          .map(each -> new One(each).text())
          .collect(
              Collectors.joining(
                  "\n\n",
                  "",
                  "\n\nall cases: p50 ratio %.3f (geometric mean)".formatted(ratioP50)));
    }
  }
}
