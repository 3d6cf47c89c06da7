package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/// Jiffy and ONNX Runtime on made-up models in which elements decide how much there is to do: a
/// detector's tail, a loop, and a network over the pixels that another one finds.
///
/// Runs take turns with several inputs, which differ in that.
public final class DynamicComparison {
  private static final int INPUTS = 64;
  private static final long SEED = 1;

  private DynamicComparison() {}

  /// {@return the comparisons, of one thread and of two}
  ///
  /// @param options how Jiffy loads models; their threads do not count
  /// @param time how long to measure either engine on each case
  /// @param tolerance how far answers may be apart
  /// @param progress is told in short lines how the work goes
  public static List<Turns> run(
      LoadOptions options, Duration time, double tolerance, Consumer<String> progress) {
    List<Turns> results = new ArrayList<>();
    try {
      Path made = Files.createTempDirectory("jiffy-dynamic");
      for (DynamicModels model : DynamicModels.values()) {
        Path file = made.resolve(model + ".onnx");
        model.write(file);
        for (int threads : new int[] {1, 2}) {
          progress.accept("%s, %d threads".formatted(model, threads));
          try (JiffyEngine jiffy = new JiffyEngine(file, options.threads(threads));
              OnnxRuntimeEngine other = new OnnxRuntimeEngine(file, threads)) {
            results.add(
                Turns.of(
                    model.toString(),
                    1,
                    threads,
                    jiffy,
                    other,
                    inputs(model),
                    time,
                    tolerance,
                    progress));
          }
        }
        Files.delete(file);
      }
      Files.delete(made);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return results;
  }

  private static List<Map<String, Tensor>> inputs(DynamicModels model) {
    Random random = new Random(SEED);
    List<Map<String, Tensor>> inputs = new ArrayList<>();
    for (int i = 0; i < INPUTS; i++) {
      inputs.add(model.inputs(random));
    }
    return inputs;
  }
}
