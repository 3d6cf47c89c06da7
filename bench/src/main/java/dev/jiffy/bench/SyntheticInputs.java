package dev.jiffy.bench;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Made-up inputs: floating-point numbers uniform in [-1, 1), always the same ones; integers 1 (a
/// token, an attended position, a segment); truth values true; strings empty.
///
/// @param shapes extents for inputs by name; they win over everything else
/// @param dims extents for named dimensions, wherever the name occurs
public record SyntheticInputs(Map<String, Shape> shapes, Map<String, Long> dims)
    implements InputSource {
  private static final long SEED = 42;

  /// Copies the maps.
  public SyntheticInputs {
    shapes = Collections.unmodifiableMap(new LinkedHashMap<>(shapes));
    dims = Collections.unmodifiableMap(new LinkedHashMap<>(dims));
  }

  @Override
  public List<Case> cases(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    refuseUnknown(inputs);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (TensorSpec input : inputs) {
      if (!input.isTensor()) {
        throw new ModelException(
            "input '%s' is no tensor but %s: only recorded cases have such inputs"
                .formatted(input.name(), input.kind()));
      }
      tensors.put(input.name(), fill(allocate(input), random));
    }
    return List.of(new Case("synthetic", tensors, Map.of()));
  }

  private void refuseUnknown(List<TensorSpec> inputs) {
    Set<String> names = new HashSet<>();
    Set<String> symbols = new HashSet<>();
    for (TensorSpec input : inputs) {
      names.add(input.name());
      for (Dim dim : extents(input)) {
        if (dim instanceof Dim.Symbol symbol) {
          symbols.add(symbol.name());
        }
      }
    }
    for (String name : shapes.keySet()) {
      if (!names.contains(name)) {
        throw new ModelException("no input '" + name + "' to shape; the model has " + names);
      }
    }
    for (String name : dims.keySet()) {
      if (!symbols.contains(name)) {
        throw new ModelException("no dimension '" + name + "'; the model's inputs have " + symbols);
      }
    }
  }

  private static List<Dim> extents(TensorSpec input) {
    List<Dim> extents = input.shape();
    return extents == null ? List.of() : extents;
  }

  private Shape shape(TensorSpec input) {
    Shape given = shapes.get(input.name());
    if (given != null) {
      return given;
    }
    List<Dim> extents = input.shape();
    if (extents == null) {
      throw new ModelException(
          "input '%s' has no shape in the model: give one, as %s=1x3"
              .formatted(input.name(), input.name()));
    }
    long[] numbers = new long[extents.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          switch (extents.get(i)) {
            case Dim.Known known -> known.value();
            case Dim.Symbol symbol -> extent(symbol.name(), input);
          };
    }
    return Shape.of(numbers);
  }

  private long extent(String symbol, TensorSpec input) {
    Long extent = dims.get(symbol);
    if (extent == null) {
      throw new ModelException(
          "input '%s' is %s%s: what is %s? Give the dimension or the input's shape"
              .formatted(input.name(), input.dtype(), input.shape(), symbol));
    }
    return extent;
  }

  private Tensor allocate(TensorSpec input) {
    Shape shape = shape(input);
    try {
      return Tensor.allocate(input.dtype(), shape);
    } catch (OutOfMemoryError | ArithmeticException | IllegalArgumentException e) {
      throw new ModelException(
          "input '%s' of %s%s does not fit into memory"
              .formatted(input.name(), input.dtype(), shape),
          e);
    }
  }

  private static Tensor fill(Tensor tensor, RandomGenerator random) {
    DType dtype = tensor.dtype();
    for (long i = 0; i < tensor.shape().elements(); i++) {
      if (dtype.isFloat()) {
        tensor.setDouble(i, random.nextDouble() * 2 - 1);
      } else if (dtype != DType.STRING) {
        tensor.setLong(i, 1);
      }
    }
    return tensor;
  }
}
