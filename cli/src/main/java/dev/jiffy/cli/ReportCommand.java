package dev.jiffy.cli;

import dev.jiffy.bench.record.Diff;
import dev.jiffy.bench.record.Export;
import dev.jiffy.bench.record.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `jiffy report`: what changed between two reports.
@Command(
    name = "report",
    description = {
      "Compares two reports that `load --out` wrote, load by load: jiffy report diff BEFORE AFTER.",
      "A change counts when chance would bring it less than once in a hundred times and it is at least"
          + " --least. Figures that got worse are a failure, for use in continuous integration."
    })
final class ReportCommand implements Callable<Integer> {
  /// What can be done with reports.
  enum Task {
    /// Compare them.
    DIFF
  }

  @Parameters(index = "0", paramLabel = "diff", description = "What to do: diff.")
  private Task task = Task.DIFF;

  @Parameters(index = "1", paramLabel = "BEFORE", description = "The folder of the one report.")
  private Path before = Path.of("");

  @Parameters(index = "2", paramLabel = "AFTER", description = "The folder of the other.")
  private Path after = Path.of("");

  @Option(
      names = "--least",
      paramLabel = "PERCENT",
      converter = LoadValues.Percent.class,
      description = "The least change that matters; 3 by default.")
  private double least = 3;

  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    return switch (task) {
      case DIFF -> {
        Answer answer = Answer.of(before, after, least / 100);
        output.print(answer);
        yield answer.isWorse() ? ExitCodes.FAILURE : ExitCodes.OK;
      }
    };
  }

  /// What changed at one load.
  ///
  /// @param load what it was
  /// @param changes the figures
  record Load(String load, List<Diff.Change> changes) {}

  /// What changed.
  ///
  /// @param isWorse whether a figure got worse
  /// @param loads what changed at each load that both reports have
  record Answer(boolean isWorse, List<Load> loads) implements Output.Answer {
    static Answer of(Path before, Path after, double least) throws IOException {
      JsonNode one = result(before);
      JsonNode other = result(after);
      long timeoutNanos = Math.round(one.path("timeout_ms").asDouble(0) * 1e6);
      int points = Math.min(one.path("points").size(), other.path("points").size());
      boolean isWorse = false;
      List<Load> loads = new ArrayList<>();
      for (int i = 0; i < points; i++) {
        Diff diff =
            Diff.of(recordings(before, one, i), recordings(after, other, i), timeoutNanos, least);
        isWorse |= diff.isWorse();
        loads.add(new Load(label(one, i) + " → " + label(other, i), diff.changes()));
      }
      return new Answer(isWorse, loads);
    }

    private static String label(JsonNode result, int point) {
      return result.path("points").path(point).path("label").asString("");
    }

    private static JsonNode result(Path folder) throws IOException {
      Path file = folder.resolve(LoadFiles.RESULT);
      try {
        JsonNode result = JsonMapper.shared().readTree(Files.readAllBytes(file));
        if (!result.path("points").isEmpty()) {
          return result;
        }
      } catch (JacksonException e) {
        throw new IllegalArgumentException(file + ": no JSON: " + e.getOriginalMessage(), e);
      }
      throw new IllegalArgumentException(file + ": no report of jiffy load");
    }

    private static List<Recording> recordings(Path folder, JsonNode result, int point)
        throws IOException {
      int runs = result.path("points").path(point).path("runs").size();
      if (runs == 0) {
        throw new IllegalArgumentException(
            "%s: no requests of load %d".formatted(folder, point + 1));
      }
      List<Recording> recordings = new ArrayList<>();
      for (int i = 0; i < runs; i++) {
        recordings.add(Export.read(LoadFiles.run(folder, point, i).resolve(Export.REQUESTS)));
      }
      return recordings;
    }

    @Override
    public String text() {
      return loads.stream().map(Answer::text).collect(Collectors.joining("\n\n"));
    }

    private static String text(Load load) {
      StringBuilder text = new StringBuilder(load.load());
      for (Diff.Change change : load.changes()) {
        Double ratio = change.ratio();
        Double chance = change.chance();
        text.append(
            "%n  %-12s %12.4f %12.4f  %s  %s  %s"
                .formatted(
                    change.figure(),
                    change.before(),
                    change.after(),
                    ratio == null ? " ".repeat(9) : "%+7.1f %%".formatted((ratio - 1) * 100),
                    chance == null ? "too few requests" : "p = %.4f".formatted(chance),
                    switch (change.kind()) {
                      case SAME, UNKNOWN -> "";
                      case BETTER -> "better";
                      case WORSE -> "WORSE";
                    }));
      }
      return text.toString();
    }
  }
}
