package dev.jiffy.cli;

import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Run;
import dev.jiffy.bench.record.Export;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Writes what came of a load into a folder.
final class LoadFiles {
  /// The page.
  static final String PAGE = "index.html";

  /// The figures.
  static final String RESULT = "result.json";

  private LoadFiles() {}

  /// {@return the folder of a run; there may be some of an earlier report that [#RESULT] has not}
  ///
  /// @param folder the report's
  /// @param point the load, from 0
  /// @param repeat which of its runs, from 0
  static Path run(Path folder, int point, int repeat) {
    return folder.resolve("run-%d-%d".formatted(point + 1, repeat + 1));
  }

  /// Writes the page, the figures, and every run in a folder of its own.
  ///
  /// @param folder where to; made if it is not there
  /// @param result what came of it
  /// @param command the command that made it
  static void write(Path folder, Load.Result result, String command) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(PAGE), LoadPage.of(result, command));
    Files.writeString(folder.resolve(RESULT), Json.text(new LoadCommand.Answer(result)) + "\n");
    long timeoutNanos = Math.round(result.timeoutMs() * 1e6);
    StringBuilder table = new StringBuilder(Export.CSV_HEAD + "\n");
    List<Load.Point> points = result.points();
    for (int i = 0; i < points.size(); i++) {
      List<Run> runs = points.get(i).runs();
      for (int j = 0; j < runs.size(); j++) {
        Path run = Files.createDirectories(run(folder, i, j));
        Export.requests(runs.get(j).recording(), run.resolve(Export.REQUESTS));
        Export.histograms(runs.get(j).recording(), timeoutNanos, run);
        table.append(Export.csv(points.get(i).label(), runs.get(j).summary())).append('\n');
      }
    }
    Files.writeString(folder.resolve("summary.csv"), table);
  }
}
