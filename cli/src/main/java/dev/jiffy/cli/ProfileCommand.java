package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Profile;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy profile`: where the time of a warm run goes.
@Command(
    name = "profile",
    description = {
      "Tells where the time of a warm run goes: each step's mean time and share, and the same for"
          + " each operator.",
      "Warm-up is that of `bench`. Of several recorded cases the first is taken."
    })
final class ProfileCommand implements Callable<Integer> {
  /// How steps are listed.
  enum Order {
    /// The most time first.
    TIME,
    /// As they run.
    ORDER
  }

  @Parameters(paramLabel = "MODEL", description = "The ONNX file.")
  private Path model = Path.of("");

  @Option(
      names = "--runs",
      paramLabel = "N",
      converter = OptionValues.Runs.class,
      description = "Over how many runs means are taken, after warm-up; 100 by default.")
  private int runs = 100;

  @Option(
      names = "--sort",
      paramLabel = "HOW",
      description =
          "How steps are listed: time, the most first and the default, or order, as they run.")
  private Order sort = Order.TIME;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() {
    Profile.Result result =
        Profile.run(model, inputs.source(), load.options(), runs, output::progress);
    output.print(
        switch (sort) {
          case TIME -> Answer.byTime(result);
          case ORDER -> new Answer(result);
        });
    return ExitCodes.OK;
  }

  /// The profile.
  record Answer(@JsonUnwrapped Profile.Result result) implements Output.Answer {
    /// {@return the answer with its steps sorted, the most time first}
    static Answer byTime(Profile.Result result) {
      List<Profile.Step> sorted =
          result.steps().stream()
              .sorted(Comparator.comparingDouble(Profile.Step::us).reversed())
              .toList();
      return new Answer(
          new Profile.Result(
              result.model(),
              result.name(),
              result.shapes(),
              result.threads(),
              result.precision(),
              result.kernels(),
              result.runs(),
              result.warmUpRuns(),
              result.totalUs(),
              sorted,
              result.operators(),
              result.environment()));
    }

    @Override
    public String text() {
      StringBuilder text =
          new StringBuilder(Measurements.subject(result.model(), result.name(), result.shapes()));
      text.append("\n%10s %8s  step".formatted("time", "share"));
      for (Profile.Step step : result.steps()) {
        text.append(row(step.us(), step.share(), step.name()));
      }
      text.append("\n\n%10s %8s  operator, steps".formatted("time", "share"));
      for (Profile.Operator operator : result.operators()) {
        text.append(
            row(operator.us(), operator.share(), operator.name() + ", " + operator.steps()));
      }
      return text.append(
              """


              %d steps, %s per run, the mean of %d runs
              %d threads, %s, %s kernels; %s, %d processors, %s\
              """
                  .formatted(
                      result.steps().size(),
                      Quantities.duration(result.totalUs() / 1e3),
                      result.runs(),
                      result.threads(),
                      result.precision(),
                      result.kernels(),
                      result.environment().cpu(),
                      result.environment().cores(),
                      result.environment().jdk()))
          .toString();
    }

    private static String row(double us, double share, String name) {
      return "\n%10s %6.2f %%  %s".formatted(Quantities.duration(us / 1e3), share * 100, name);
    }
  }
}
