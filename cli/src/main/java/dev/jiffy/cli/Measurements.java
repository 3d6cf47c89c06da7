package dev.jiffy.cli;

import dev.jiffy.tensor.Shape;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/// What reports of measurements have in common.
final class Measurements {
  private Measurements() {}

  /// {@return what was measured, on one line}
  static String subject(String model, String name, Map<String, Shape> shapes) {
    return shapes.entrySet().stream()
        .map(shape -> shape.getKey() + Quantities.extents(shape.getValue()))
        .collect(Collectors.joining(" ", Path.of(model).getFileName() + "  " + name + "  ", ""));
  }
}
