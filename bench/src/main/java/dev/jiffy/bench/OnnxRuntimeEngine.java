package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.onnxruntime.OnnxRuntimeModel;
import dev.jiffy.onnxruntime.RepeatedRun;
import dev.jiffy.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// ONNX Runtime as fast as its Java API lets it be: every optimization, the operators of a graph
/// one after the other on `threads` spinning threads, its memory arena and pattern on, inputs and
/// outputs in native memory that is made once and that it reads and writes in place.
///
/// Outputs that are not dense tensors of numbers are left in its own memory.
final class OnnxRuntimeEngine implements AutoCloseable {
  private final OnnxRuntimeModel model;
  private @Nullable RepeatedRun runs;
  private final List<RepeatedRun> turns = new ArrayList<>();

  OnnxRuntimeEngine(Path file, int threads) {
    model = OnnxRuntimeModel.load(file, LoadOptions.defaults().threads(threads));
  }

  /// {@return the engine's version}
  String version() {
    return model.version();
  }

  /// {@return how long the first run of the inputs took, in milliseconds}
  double firstMs() {
    return prepared().firstNanos() / 1e6;
  }

  /// Sets the inputs of the runs that follow, and runs once to learn the shapes of the outputs.
  void prepare(Map<String, Tensor> tensors) {
    release();
    runs = model.repeated(tensors);
  }

  /// {@return runs of several inputs that take turns; the engine keeps them until it is closed}
  ///
  /// @param inputs the inputs
  Runnable takingTurns(List<Map<String, Tensor>> inputs) {
    List<Runnable> all = new ArrayList<>();
    for (Map<String, Tensor> tensors : inputs) {
      RepeatedRun run = model.repeated(tensors);
      turns.add(run);
      all.add(run::run);
    }
    return new TakingTurns(all);
  }

  private RepeatedRun prepared() {
    RepeatedRun current = runs;
    if (current == null) {
      throw new IllegalStateException("nothing is prepared");
    }
    return current;
  }

  /// Runs once.
  void run() {
    prepared().run();
  }

  /// {@return the answers of the last run, valid until the next}
  Map<String, Tensor> outputs() {
    return prepared().outputs();
  }

  private void release() {
    RepeatedRun current = runs;
    runs = null;
    if (current != null) {
      current.close();
    }
  }

  @Override
  public void close() {
    release();
    turns.forEach(RepeatedRun::close);
    model.close();
  }
}
