package dev.jiffy.engine.onnx;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Attributes of a node that is written, collected one by one.
final class AttributeSet {
  private final Map<String, AttributeProto> attributes = new LinkedHashMap<>();

  /// {@return the attributes by name}
  Map<String, AttributeProto> map() {
    return attributes;
  }

  /// Adds an integer.
  AttributeSet integer(String name, long value) {
    attributes.put(name, new AttributeProto.IntValue(value));
    return this;
  }

  /// Adds a truth value.
  AttributeSet flag(String name, boolean value) {
    return integer(name, value ? 1 : 0);
  }

  /// Adds a truth value unless it is false, ONNX's default.
  AttributeSet flagIfTrue(String name, boolean value) {
    return value ? integer(name, 1) : this;
  }

  /// Adds a float.
  AttributeSet real(String name, float value) {
    attributes.put(name, new AttributeProto.FloatValue(value));
    return this;
  }

  /// Adds a text.
  AttributeSet text(String name, String value) {
    attributes.put(name, new AttributeProto.StringValue(value));
    return this;
  }

  /// Adds integers unless there are none, which stands for ONNX's default.
  AttributeSet integers(String name, List<Long> values) {
    if (!values.isEmpty()) {
      attributes.put(name, new AttributeProto.Ints(values));
    }
    return this;
  }

  /// Adds floats unless there are none.
  AttributeSet reals(String name, List<Float> values) {
    if (!values.isEmpty()) {
      attributes.put(name, new AttributeProto.Floats(values));
    }
    return this;
  }

  /// Adds texts.
  AttributeSet texts(String name, List<String> values) {
    attributes.put(name, new AttributeProto.Strings(values));
    return this;
  }

  /// Adds a graph.
  AttributeSet graph(String name, OnnxModel.GraphProto value) {
    attributes.put(name, new AttributeProto.GraphValue(value));
    return this;
  }

  /// Adds a tensor.
  AttributeSet tensor(String name, Tensor value) {
    attributes.put(name, new AttributeProto.TensorValue(Exporter.initializer("", value)));
    return this;
  }

  /// Adds a type.
  AttributeSet type(String name, OnnxModel.TypeProto value) {
    attributes.put(name, new AttributeProto.TypeValue(value));
    return this;
  }
}
