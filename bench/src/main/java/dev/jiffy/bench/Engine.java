package dev.jiffy.bench;

import dev.jiffy.tensor.Tensor;
import java.util.Map;

/// A loaded model that can be run over and over on inputs given before.
interface Engine extends AutoCloseable {
  /// Sets the inputs of the runs that follow.
  void prepare(Map<String, Tensor> inputs);

  /// {@return the engine's version}
  String version();

  /// Runs once.
  void run();

  /// {@return the answers of the last run, valid until the next}
  Map<String, Tensor> outputs();

  @Override
  void close();
}
