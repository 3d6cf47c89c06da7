package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Bench;
import dev.jiffy.bench.Figures;
import dev.jiffy.bench.load.Load;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy bench`: how fast a model runs here.
@Command(
    name = "bench",
    description = {
      "Measures how fast a model runs: load, first run, and the latency of warm runs one after the"
          + " other.",
      "Warm-up is not measured: it lasts 2 to 20 s, until the medians of windows of 0.2 s agree"
          + " within 5 %% and the JVM has compiled what it wants. Of several recorded cases the first"
          + " is taken."
    })
final class BenchCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL", description = "The ONNX file.")
  private Path model = Path.of("");

  @Option(
      names = "--seconds",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "How long to measure, after warm-up; 3 by default.")
  private Duration time = Duration.ofSeconds(3);

  @Option(
      names = {"--html", "--report"},
      paramLabel = "FILE",
      description = "Write the runs as a page as well: spectrum, time line, environment.")
  private @Nullable Path html;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    Bench.Result result = Bench.run(model, inputs.source(), load.options(), time, output::progress);
    output.print(new Answer(result));
    if (html != null) {
      Files.writeString(html, page(result, output.commandLine()));
      output.progress("written " + html);
    }
    return ExitCodes.OK;
  }

  /// {@return the runs as the page of a load}
  static String page(Bench.Result result, String command) {
    String subject = Measurements.subject(result.model(), result.name(), result.shapes());
    return LoadPage.of(Load.of(subject, result.recording(), result.warmUp()), command);
  }

  /// The measurements.
  record Answer(@JsonUnwrapped Bench.Result result) implements Output.Answer {
    @Override
    public String text() {
      Figures figures = result.figures();
      return """
      %s
      load %s, first run %s
      p50 %s, p90 %s, p99 %s
      mean %s, min %s, max %s
      p50 of %d rounds on average %s, 95 %% confident of %s to %s
      %d runs, %.1f per second, %s allocated per run
      %d threads, %s, %s kernels
      %s, %d processors, %s, %s\
      """
          .formatted(
              Measurements.subject(result.model(), result.name(), result.shapes()),
              Quantities.duration(figures.loadMs()),
              Quantities.duration(figures.firstMs()),
              Quantities.duration(figures.latency().p50Ms()),
              Quantities.duration(figures.latency().p90Ms()),
              Quantities.duration(figures.latency().p99Ms()),
              Quantities.duration(figures.latency().meanMs()),
              Quantities.duration(figures.latency().minMs()),
              Quantities.duration(figures.latency().maxMs()),
              figures.p50Interval().count(),
              Quantities.duration(figures.p50Interval().mean()),
              Quantities.duration(figures.p50Interval().low()),
              Quantities.duration(figures.p50Interval().high()),
              figures.latency().count(),
              figures.runsPerSecond(),
              Quantities.bytes(figures.allocatedBytesPerRun()),
              result.threads(),
              result.precision(),
              result.kernels(),
              result.environment().cpu(),
              result.environment().cores(),
              result.environment().os(),
              result.environment().jdk());
    }
  }
}
