package dev.jiffy.engine;

/// Which engine computes a model.
public enum EngineChoice {
  /// Jiffy; what it does not support leaves to a foreign runtime where one is present.
  AUTO,

  /// Jiffy alone; a model that needs what it does not support is refused.
  JIFFY,

  /// ONNX Runtime computes the whole model.
  ONNXRUNTIME
}
