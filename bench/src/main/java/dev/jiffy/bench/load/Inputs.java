package dev.jiffy.bench.load;

import dev.jiffy.bench.Case;
import dev.jiffy.bench.InputSource;
import dev.jiffy.bench.SyntheticInputs;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// What requests are made of: recorded cases, or made-up inputs whose lengths vary.
public final class Inputs {
  private Inputs() {}

  /// {@return all cases of some sources}
  ///
  /// @param sources the sources
  /// @param inputs what the model takes
  /// @param outputs what it gives
  public static List<Case> of(
      List<? extends InputSource> sources, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    List<Case> cases = new ArrayList<>();
    sources.forEach(source -> cases.addAll(source.cases(inputs, outputs)));
    return cases;
  }

  /// {@return made-up cases}
  ///
  /// @param inputs what the model takes
  /// @param shapes extents for inputs by name: numbers, and names of dimensions
  /// @param dims the lengths of dimensions by name
  /// @param count how many cases to make, if a length varies; else it is one
  /// @param seed decides lengths
  public static List<Case> synthetic(
      List<TensorSpec> inputs,
      Map<String, List<String>> shapes,
      Map<String, Lengths> dims,
      int count,
      long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    boolean isFixed =
        dims.values().stream()
            .allMatch(each -> each instanceof Lengths.OneOf(List<Long> one) && one.size() == 1);
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < (isFixed ? 1 : count); i++) {
      Map<String, Long> extents = new LinkedHashMap<>();
      dims.forEach((name, lengths) -> extents.put(name, lengths.next(random)));
      Map<String, Shape> given = new LinkedHashMap<>();
      shapes.forEach((name, template) -> given.put(name, shape(name, template, extents)));
      Map<String, Long> free = new LinkedHashMap<>(extents);
      free.keySet().removeIf(name -> isOnlyInTemplates(name, inputs, shapes));
      cases.addAll(new SyntheticInputs(given, free).cases(inputs, List.of()));
    }
    return cases;
  }

  /// A template may use names that the model does not know.
  private static boolean isOnlyInTemplates(
      String name, List<TensorSpec> inputs, Map<String, List<String>> shapes) {
    return shapes.values().stream().anyMatch(template -> template.contains(name))
        && inputs.stream()
            .map(TensorSpec::shape)
            .filter(Objects::nonNull)
            .flatMap(List::stream)
            .noneMatch(dim -> dim instanceof Dim.Symbol symbol && symbol.name().equals(name));
  }

  private static Shape shape(String input, List<String> template, Map<String, Long> extents) {
    long[] dims = new long[template.size()];
    for (int i = 0; i < dims.length; i++) {
      String extent = template.get(i);
      Long named = extents.get(extent);
      if (named == null && !extent.matches("\\d{1,18}")) {
        throw new IllegalArgumentException(
            "input '%s': '%s' is neither a number nor a dimension that is given"
                .formatted(input, extent));
      }
      dims[i] = named == null ? Long.parseLong(extent) : named;
    }
    return Shape.of(dims);
  }
}
