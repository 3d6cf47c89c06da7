package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.RunProfile;
import dev.jiffy.engine.Session;
import dev.jiffy.tensor.Tensor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// Jiffy's own engine, its answers in the session's memory.
final class JiffyEngine implements AutoCloseable {
  private final Model model;
  private final Session session;
  private Map<String, Tensor> inputs = Map.of();
  private Map<String, Tensor> outputs = Map.of();

  JiffyEngine(Path file, LoadOptions options) {
    model = Model.load(file, options);
    try {
      session = model.newSession();
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  Model model() {
    return model;
  }

  /// {@return the most threads that a run uses}
  int threads() {
    return model.options().threads();
  }

  /// {@return the precision that the model runs in, as options name it}
  String precision() {
    return model.options().precision().name().toLowerCase(Locale.ROOT);
  }

  /// {@return the family of kernels that the model runs on, as options name it}
  String kernels() {
    return model.options().kernels().name().toLowerCase(Locale.ROOT);
  }

  /// {@return where the time of some runs goes}
  RunProfile profile(int runs) {
    return session.profile(inputs, runs);
  }

  /// {@return the engine's version}
  String version() {
    String version = Model.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /// Sets the inputs of the runs that follow.
  void prepare(Map<String, Tensor> tensors) {
    inputs = tensors;
  }

  /// Runs once.
  void run() {
    outputs = session.runReusing(inputs);
  }

  /// {@return the answers of the last run, valid until the next}
  Map<String, Tensor> outputs() {
    return outputs;
  }

  @Override
  public void close() {
    session.close();
    model.close();
  }
}
