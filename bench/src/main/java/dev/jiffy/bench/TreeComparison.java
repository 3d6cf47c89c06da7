package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Jiffy and ONNX Runtime on decision trees: made-up forests and the models of a folder, single
/// rows and batches, with one thread and two.
///
/// Runs take turns with several inputs, whose features lie near the thresholds of the trees.
public final class TreeComparison {
  private static final int[][] FORESTS = {{100, 6}, {500, 8}, {1000, 10}};
  private static final int BATCH = 1000;

  /// How many inputs take turns: of a single row, and of a batch.
  private static final int ROWS = 64;

  private static final int BATCHES = 2;

  private final LoadOptions options;
  private final Duration time;
  private final double tolerance;
  private final Consumer<String> progress;
  private final List<Turns> cases = new ArrayList<>();
  private final Map<String, String> failed = new LinkedHashMap<>();

  private TreeComparison(
      LoadOptions options, Duration time, double tolerance, Consumer<String> progress) {
    this.options = options;
    this.time = time;
    this.tolerance = tolerance;
    this.progress = progress;
  }

  /// What came out.
  ///
  /// @param cases the comparisons
  /// @param failed the first line of why a model could not be compared, or not in every case, by
  ///   file
  public record Result(List<Turns> cases, Map<String, String> failed) {
    /// Copies the collections.
    public Result {
      cases = List.copyOf(cases);
      failed = new LinkedHashMap<>(failed);
    }
  }

  /// {@return the comparisons of made-up forests, then those of the models with trees in a folder
  /// and below}
  ///
  /// @param folder the folder, or an empty path for none
  /// @param options how Jiffy loads models; their threads do not count
  /// @param time how long to measure either engine on each case
  /// @param tolerance how far answers may be apart
  /// @param progress is told in short lines how the work goes
  public static Result run(
      Path folder,
      LoadOptions options,
      Duration time,
      double tolerance,
      Consumer<String> progress) {
    return run(FORESTS, folder, options, time, tolerance, progress);
  }

  /// {@return the same}
  ///
  /// @param forests the trees of each made-up forest, and their depth
  static Result run(
      int[][] forests,
      Path folder,
      LoadOptions options,
      Duration time,
      double tolerance,
      Consumer<String> progress) {
    TreeComparison comparison = new TreeComparison(options, time, tolerance, progress);
    try {
      Path made = Files.createTempDirectory("jiffy-trees");
      for (int[] forest : forests) {
        Path file = made.resolve("%dx%d.onnx".formatted(forest[0], forest[1]));
        progress.accept("making " + file.getFileName());
        TreeModels.write(forest[0], forest[1], file);
        comparison.compare(file);
        Files.delete(file);
      }
      Files.delete(made);
      if (!folder.toString().isEmpty()) {
        comparison.compareAll(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Result(comparison.cases, comparison.failed);
  }

  private void compareAll(Path folder) throws IOException {
    for (Path file : files(folder)) {
      compare(file);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
    }
  }

  private void compare(Path file) {
    for (int threads : new int[] {1, 2}) {
      for (int rows : new int[] {1, BATCH}) {
        try (JiffyEngine jiffy = new JiffyEngine(file, options.threads(threads))) {
          if (!isTable(jiffy, rows)) {
            continue;
          }
          progress.accept("%s, %d rows, %d threads".formatted(file.getFileName(), rows, threads));
          try (OnnxRuntimeEngine other = new OnnxRuntimeEngine(file, threads)) {
            cases.add(
                Turns.of(
                    String.valueOf(file.getFileName()),
                    rows,
                    threads,
                    jiffy,
                    other,
                    inputs(jiffy, rows),
                    time,
                    tolerance,
                    progress));
          }
        } catch (ModelException | IllegalArgumentException e) {
          String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
          progress.accept(file + ": " + reason);
          failed.putIfAbsent(file.toString(), reason);
        }
      }
    }
  }

  /// Whether a model has trees and takes tables of so many rows.
  private static boolean isTable(JiffyEngine engine, int rows) {
    List<TensorSpec> inputs = engine.model().inputs();
    if (inputs.size() != 1 || !TreeModels.hasTrees(engine.model().graph())) {
      return false;
    }
    List<Dim> shape = inputs.getFirst().shape();
    return inputs.getFirst().dtype() == DType.F32
        && shape != null
        && shape.size() == 2
        && shape.get(1) instanceof Dim.Known
        && !(shape.getFirst() instanceof Dim.Known(long known) && known != rows);
  }

  private static List<Map<String, Tensor>> inputs(JiffyEngine jiffy, int rows) {
    TensorSpec input = jiffy.model().inputs().getFirst();
    long features =
        input.shape() != null && input.shape().get(1) instanceof Dim.Known(long known) ? known : 0;
    Random random = new Random(rows);
    List<Map<String, Tensor>> inputs = new ArrayList<>();
    for (int i = 0; i < (rows == 1 ? ROWS : BATCHES); i++) {
      inputs.add(
          Map.of(
              input.name(), TreeModels.rows(jiffy.model().graph(), rows, (int) features, random)));
    }
    return inputs;
  }
}
