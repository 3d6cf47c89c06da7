package dev.jiffy.engine;

import java.nio.file.Path;
import java.util.List;

/// A loaded model: immutable, shared between threads, source of [Session]s.
public final class Model implements AutoCloseable {
  private Model() {}

  /// {@return the model in an ONNX file, loaded with the default options}
  ///
  /// @param file the file; external data lies beside it
  /// @throws ModelException if the file cannot be read, is malformed or needs what the engine lacks
  public static Model load(Path file) {
    return load(file, LoadOptions.defaults());
  }

  /// {@return the model in an ONNX file}
  ///
  /// @param file the file; external data lies beside it
  /// @param options how to load it
  /// @throws ModelException if the file cannot be read, is malformed or needs what the engine lacks
  public static Model load(Path file, LoadOptions options) {
    if (!java.nio.file.Files.isRegularFile(file)) {
      throw new ModelException("cannot load " + file + " with " + options + ": no such file");
    }
    return new Model();
  }

  /// {@return what the model takes, in the file's order}
  public List<TensorSpec> inputs() {
    return List.of();
  }

  /// {@return what the model gives, in the file's order}
  public List<TensorSpec> outputs() {
    return List.of();
  }

  /// {@return a session for one thread}
  public Session newSession() {
    return new Session();
  }

  /// Releases the weights. Sessions must be closed first. Idempotent.
  @Override
  public void close() {}
}
