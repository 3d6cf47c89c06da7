package dev.jiffy.bench;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// What one run is fed with, and what it should answer where that is known.
///
/// @param name what to call it in reports
/// @param inputs a value for every input of the model
/// @param expected the known answers by output name; empty where none is known
public record Case(
    String name, Map<String, ? extends Value> inputs, Map<String, ? extends Value> expected) {
  /// Copies the maps, which keep their order.
  public Case {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    expected = Collections.unmodifiableMap(new LinkedHashMap<>(expected));
  }

  /// {@return the extents of every input that is a tensor}
  public Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    inputs.forEach((input, value) -> {
      if (value instanceof Tensor tensor) {
        shapes.put(input, tensor.shape());
      }
    });
    return shapes;
  }

  /// {@return the inputs of a model that takes tensors only}
  ///
  /// @throws ModelException if there is another one
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    inputs.forEach((input, value) -> {
      if (!(value instanceof Tensor tensor)) {
        throw new ModelException("input '" + input + "' is no tensor, which is not measured");
      }
      tensors.put(input, tensor);
    });
    return tensors;
  }

  /// {@return every tensor in some values: those of a sequence `x` as `x[0]`, `x[1]`, …, with their
  /// number as `x.length`; whether something optional is there as `x.present`}
  ///
  /// @param values the values by name
  public static Map<String, Tensor> flat(Map<String, ? extends Value> values) {
    Map<String, Tensor> flat = new LinkedHashMap<>();
    values.forEach((name, value) -> flatten(name, value, flat));
    return flat;
  }

  private static void flatten(String name, Value value, Map<String, Tensor> flat) {
    switch (value) {
      case Tensor tensor -> flat.put(name, tensor);
      case TensorSequence sequence -> {
        flat.put(name + ".length", Tensor.of(new long[] {sequence.size()}));
        for (int i = 0; i < sequence.size(); i++) {
          flat.put(name + "[" + i + "]", sequence.tensors().get(i));
        }
      }
      case OptionalValue optional -> {
        Value inner = optional.value();
        flat.put(name + ".present", Tensor.of(new boolean[] {inner != null}));
        if (inner != null) {
          flatten(name, inner, flat);
        }
      }
    }
  }
}
