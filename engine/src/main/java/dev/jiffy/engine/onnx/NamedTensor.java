package dev.jiffy.engine.onnx;

import dev.jiffy.tensor.Tensor;

/// A tensor and its name.
///
/// @param name the name, or ""
/// @param tensor the tensor
public record NamedTensor(String name, Tensor tensor) {}
