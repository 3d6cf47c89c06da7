package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `jiffy profile`: where the time of a warm run goes.
@Command(
    name = "profile",
    description = {
      "Tells where the time of a warm run goes, step by step and operator by operator, and how near"
          + " each is to what this machine allows.",
      "Times are medians of runs whose every step is timed. What a step is bound by is the longer of"
          + " two times: that of its arithmetic at the peak measured here, and that of moving its"
          + " bytes. docs/profile.md tells how to read it. Warm-up is that of `bench`. Of several"
          + " recorded cases the first is taken."
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
      description =
          "Over how many runs medians are taken, after warm-up; by default as many as fit one"
              + " second, 100 to 5000.")
  private int runs;

  @Option(
      names = "--sort",
      paramLabel = "HOW",
      description =
          "How steps are listed: time, the most first and the default, or order, as they run.")
  private Order sort = Order.TIME;

  @Option(
      names = "--top",
      paramLabel = "N",
      converter = OptionValues.Top.class,
      description =
          "How many steps the table lists, the others added up; 20 by default, 0 lists all.")
  private int top = 20;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write the profile as a page as well: timeline, roofline, table, environment.")
  private @Nullable Path html;

  @Option(names = "--no-peaks", description = "Do not measure what this machine can do at most.")
  private boolean skipsPeaks;

  @Option(
      names = "--peak",
      paramLabel = "NAME=NUMBER",
      split = ",",
      converter = {OptionValues.Name.class, OptionValues.Rate.class},
      description =
          "Take this for a peak instead: GFLOP/s of f32, bf16 or int8, or GB/s of l2, l3 or dram.")
  private final Map<String, Double> peaks = new LinkedHashMap<>();

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    Profile.Result result =
        Profile.run(model, inputs.source(), load.options(), settings(), output::progress);
    output.print(new Answer(result, sorted(result), top));
    if (html != null) {
      Files.writeString(html, ProfilePage.of(result, output.commandLine()));
      output.progress("written " + html);
    }
    return ExitCodes.OK;
  }

  private Profile.Settings settings() {
    Map<String, Double> ceilings = new LinkedHashMap<>();
    peaks.forEach((name, rate) -> ceilings.put(name, rate * 1e9));
    try {
      return new Profile.Settings(runs, !skipsPeaks, ceilings);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(output.command().commandLine(), "--peak: " + e.getMessage(), e);
    }
  }

  private List<Profile.Step> sorted(Profile.Result result) {
    return switch (sort) {
      case ORDER -> result.steps();
      case TIME ->
          result.steps().stream()
              .sorted(Comparator.comparingDouble(Profile.Step::us).reversed())
              .toList();
    };
  }

  /// The profile; as JSON its steps are in the order in which they run.
  record Answer(
      @JsonUnwrapped Profile.Result result,
      @JsonIgnore List<Profile.Step> listed,
      @JsonIgnore int top)
      implements Output.Answer {
    @Override
    public String text() {
      return ProfileText.of(result, top, listed);
    }
  }
}
