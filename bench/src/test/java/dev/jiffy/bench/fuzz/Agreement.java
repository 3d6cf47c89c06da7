package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Whether two answers are the same up to rounding.
final class Agreement {
  private Agreement() {}

  /// An output that differs.
  ///
  /// @param expected what it should be
  /// @param actual what it is
  /// @param text where it differs
  record Difference(Tensor expected, Tensor actual, String text) {}

  /// {@return the outputs that differ}
  ///
  /// @param expected tensors by name
  /// @param actual tensors by name; one that is not there is no tensor
  static List<Difference> differences(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    List<Difference> differences = new ArrayList<>();
    expected.forEach((name, tensor) -> {
      Tensor other = actual.get(name);
      String text = other == null ? null : difference(tensor, other);
      if (other != null && text != null) {
        differences.add(new Difference(tensor, other, "'" + name + "': " + text));
      }
    });
    return differences;
  }

  private static @Nullable String difference(Tensor expected, Tensor actual) {
    Shape shape = expected.shape();
    if (expected.dtype() != actual.dtype() || !shape.equals(actual.shape())) {
      return "expected %s%s, got %s%s"
          .formatted(expected.dtype(), shape, actual.dtype(), actual.shape());
    }
    double largest = largest(expected);
    for (long i = 0; i < shape.elements(); i++) {
      if (!isSame(expected, actual, i, largest)) {
        return "element %d of %s%s: expected %s, got %s"
            .formatted(i, expected.dtype(), shape, text(expected, i), text(actual, i));
      }
    }
    return null;
  }

  /// Sums of large numbers that cancel are off by as much as the largest is rounded.
  private static double largest(Tensor tensor) {
    double largest = 1;
    for (long i = 0; i < tensor.shape().elements() && tensor.dtype().isFloat(); i++) {
      double value = Math.abs(tensor.getDouble(i));
      largest = value < 1e6 ? Math.max(largest, value) : largest;
    }
    return largest;
  }

  private static boolean isSame(Tensor expected, Tensor actual, long index, double largest) {
    if (expected.dtype() == DType.STRING) {
      return isSame(expected.getString(index), actual.getString(index));
    }
    if (!expected.dtype().isFloat()) {
      return expected.getLong(index) == actual.getLong(index);
    }
    double e = expected.getDouble(index);
    double a = actual.getDouble(index);
    double tolerance =
        switch (expected.dtype()) {
          case F64 -> 1e-6;
          case F16 -> 1e-2;
          case BF16 -> 5e-2;
          default -> 2e-3;
        };
    return e == a
        || Double.compare(e, a) == 0
        || Math.abs(e - a) <= tolerance * Math.max(largest, Math.abs(e));
  }

  /// Numbers may be written with more digits.
  private static boolean isSame(String expected, String actual) {
    if (expected.equals(actual)) {
      return true;
    }
    try {
      double e = Double.parseDouble(expected);
      return Math.abs(e - Double.parseDouble(actual)) <= 1e-6 * Math.abs(e);
    } catch (NumberFormatException _) {
      return false;
    }
  }

  private static String text(Tensor tensor, long index) {
    return tensor.dtype() == DType.STRING
        ? "\"" + tensor.getString(index) + "\""
        : tensor.dtype().isFloat()
            ? Double.toString(tensor.getDouble(index))
            : Long.toString(tensor.getLong(index));
  }
}
