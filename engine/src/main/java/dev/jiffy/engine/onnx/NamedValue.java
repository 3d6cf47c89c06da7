package dev.jiffy.engine.onnx;

import dev.jiffy.tensor.Value;

/// A value of any kind with its name in a model.
///
/// @param name the name, "" where the file does not say
/// @param value the value
public record NamedValue(String name, Value value) {}
