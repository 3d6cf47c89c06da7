package dev.jiffy.bench;

import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// What one run is fed with, and what it should answer where that is known.
///
/// @param name what to call it in reports
/// @param inputs a tensor for every input of the model
/// @param expected the known answers by output name; empty where none is known
public record Case(String name, Map<String, Tensor> inputs, Map<String, Tensor> expected) {
  /// Copies the maps, which keep their order.
  public Case {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    expected = Collections.unmodifiableMap(new LinkedHashMap<>(expected));
  }

  /// {@return the extents of every input}
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    inputs.forEach((input, tensor) -> shapes.put(input, tensor.shape()));
    return shapes;
  }
}
