package dev.jiffy.bench;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;

/// Jiffy's own engine, its answers in the session's memory.
final class JiffyEngine implements Engine {
  private final Model model;
  private final Session session;
  private Map<String, Tensor> inputs = Map.of();
  private Map<String, Tensor> outputs = Map.of();

  JiffyEngine(Path file, LoadOptions options) {
    model = Model.load(file, options);
    session = model.newSession();
  }

  Model model() {
    return model;
  }

  @Override
  public String version() {
    String version = Model.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public void prepare(Map<String, Tensor> tensors) {
    inputs = tensors;
  }

  @Override
  public void run() {
    outputs = session.runReusing(inputs);
  }

  @Override
  public Map<String, Tensor> outputs() {
    return outputs;
  }

  @Override
  public void close() {
    session.close();
    model.close();
  }
}
