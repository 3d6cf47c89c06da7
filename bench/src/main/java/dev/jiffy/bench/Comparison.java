package dev.jiffy.bench;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Answers held against the expected ones, output by output.
///
/// Integers, truth values and strings must be equal. A floating-point number may be off by the
/// tolerance, absolute or relative to the expected number, whichever is larger, and one of f16 or
/// bf16 by one step of its type, which no other rounding avoids; NaN matches NaN and an infinity
/// itself.
///
/// @param outputs the outputs in the order of the expected ones
public record Comparison(List<Output> outputs) {
  /// The tolerance where none is given.
  public static final double TOLERANCE = 1e-4;

  /// The part of an output's largest magnitude under which a number counts as that part when
  /// relative errors are taken: next to it, rounding makes errors of any relative size.
  private static final double FLOOR = 1e-3;

  /// The largest step between neighbours, relative to a number of f16, and of bf16.
  private static final double HALF_STEP = 0x1p-10;

  private static final double BRAIN_STEP = 0x1p-7;

  /// Copies the list.
  public Comparison {
    outputs = List.copyOf(outputs);
  }

  /// One output.
  ///
  /// @param name its name
  /// @param maxAbsError the largest absolute difference between finite numbers
  /// @param maxRelError the largest of these differences relative to the expected number, but at
  ///   least to a thousandth of the output's largest one
  /// @param cosine the cosine of the angle between the two as vectors of finite numbers; 0 where
  ///   what is not finite differs; of integers, truth values and strings the part that is equal
  /// @param mismatch what is wrong, or null
  public record Output(
      String name,
      double maxAbsError,
      double maxRelError,
      double cosine,
      @Nullable String mismatch) {
    /// {@return whether the output is as expected}
    public boolean matches() {
      return mismatch == null;
    }
  }

  /// {@return the comparison of two sets of answers}
  ///
  /// Each tensor of a sequence counts as an output.
  ///
  /// @param expected the expected answers; only these are compared
  /// @param actual the answers
  /// @param tolerance how far a floating-point number may be off
  public static Comparison of(
      Map<String, ? extends Value> expected,
      Map<String, ? extends Value> actual,
      double tolerance) {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("the tolerance must be at least 0, got " + tolerance);
    }
    List<Output> outputs = new ArrayList<>();
    Map<String, Tensor> got = Case.flat(actual);
    Case.flat(expected)
        .forEach((name, tensor) -> outputs.add(compare(name, tensor, got.get(name), tolerance)));
    return new Comparison(outputs);
  }

  /// {@return whether every output is as expected}
  public boolean matches() {
    return outputs.stream().allMatch(Output::matches);
  }

  /// {@return what differs, one line for every output that does}
  public List<String> mismatches() {
    return outputs.stream().map(Output::mismatch).filter(Objects::nonNull).toList();
  }

  /// {@return the largest absolute difference in any output}
  public double maxAbsError() {
    return outputs.stream().mapToDouble(Output::maxAbsError).max().orElse(0);
  }

  /// {@return the largest relative difference in any output}
  public double maxRelError() {
    return outputs.stream().mapToDouble(Output::maxRelError).max().orElse(0);
  }

  /// {@return the least cosine of any output}
  public double minCosine() {
    return outputs.stream().mapToDouble(Output::cosine).min().orElse(1);
  }

  private static Output compare(
      String name, Tensor expected, @Nullable Tensor actual, double tolerance) {
    String where = "output '" + name + "'";
    if (actual == null) {
      return new Output(name, 0, 0, 0, where + ": expected, got none of this name");
    }
    if (actual.dtype() != expected.dtype() || !actual.shape().equals(expected.shape())) {
      return new Output(
          name,
          0,
          0,
          0,
          "%s: expected %s%s, got %s%s"
              .formatted(
                  where, expected.dtype(), expected.shape(), actual.dtype(), actual.shape()));
    }
    return expected.dtype().isFloat()
        ? floats(where, name, expected, actual, tolerance)
        : exact(where, name, expected, actual);
  }

  private static Output exact(String where, String name, Tensor expected, Tensor actual) {
    boolean isText = expected.dtype() == DType.STRING;
    double worst = 0;
    double relative = 0;
    long wrong = 0;
    long first = -1;
    long count = expected.shape().elements();
    for (long i = 0; i < count; i++) {
      boolean isEqual =
          isText
              ? expected.getString(i).equals(actual.getString(i))
              : expected.getLong(i) == actual.getLong(i);
      if (isEqual) {
        continue;
      }
      first = wrong++ == 0 ? i : first;
      if (!isText) {
        double error = Math.abs(expected.getDouble(i) - actual.getDouble(i));
        worst = Math.max(worst, error);
        relative = Math.max(relative, error / Math.max(1, Math.abs(expected.getDouble(i))));
      }
    }
    String mismatch =
        wrong == 0
            ? null
            : "%s at %s: expected %s, got %s; %d of %d elements differ"
                .formatted(
                    where,
                    index(expected.shape(), first),
                    element(expected, first),
                    element(actual, first),
                    wrong,
                    count);
    double equalPart = count == 0 ? 1 : (double) (count - wrong) / count;
    return new Output(name, worst, relative, equalPart, mismatch);
  }

  private static Output floats(
      String where, String name, Tensor expected, Tensor actual, double asked) {
    double tolerance =
        switch (expected.dtype()) {
          case F16 -> Math.max(asked, HALF_STEP);
          case BF16 -> Math.max(asked, BRAIN_STEP);
          default -> asked;
        };
    long count = expected.shape().elements();
    double largest = 0;
    for (long i = 0; i < count; i++) {
      double magnitude = Math.abs(expected.getDouble(i));
      largest = magnitude < Double.POSITIVE_INFINITY ? Math.max(largest, magnitude) : largest;
    }
    double floor = largest > 0 ? largest * FLOOR : 1;
    double absolute = 0;
    double relative = 0;
    double worst = 0;
    long wrong = 0;
    long at = -1;
    for (long i = 0; i < count; i++) {
      double want = expected.getDouble(i);
      double got = actual.getDouble(i);
      double error =
          want == got || (Double.isNaN(want) && Double.isNaN(got)) ? 0 : Math.abs(want - got);
      boolean finite = error < Double.POSITIVE_INFINITY;
      if (finite) {
        absolute = Math.max(absolute, error);
        relative = Math.max(relative, error / Math.max(floor, Math.abs(want)));
      }
      double scaled = finite ? error / Math.max(1, Math.abs(want)) : Double.POSITIVE_INFINITY;
      if (scaled > tolerance) {
        wrong++;
        if (scaled > worst) {
          worst = scaled;
          at = i;
        }
      }
    }
    String mismatch =
        wrong == 0
            ? null
            : "%s at %s: expected %s, got %s; %d of %d elements are off by more than %s"
                .formatted(
                    where,
                    index(expected.shape(), at),
                    element(expected, at),
                    element(actual, at),
                    wrong,
                    count,
                    tolerance);
    return new Output(name, absolute, relative, cosine(expected, actual), mismatch);
  }

  private static double cosine(Tensor expected, Tensor actual) {
    double dot = 0;
    double left = 0;
    double right = 0;
    long count = expected.shape().elements();
    for (long i = 0; i < count; i++) {
      double x = expected.getDouble(i);
      double y = actual.getDouble(i);
      if (Double.isFinite(x) && Double.isFinite(y)) {
        dot += x * y;
        left += x * x;
        right += y * y;
      } else if (Double.compare(x, y) != 0) {
        return 0;
      }
    }
    return left == 0 && right == 0 ? 1 : dot / Math.max(Double.MIN_NORMAL, Math.sqrt(left * right));
  }

  private static String element(Tensor tensor, long index) {
    return switch (tensor.dtype()) {
      case STRING -> '"' + tensor.getString(index) + '"';
      case F64 -> Double.toString(tensor.getDouble(index));
      case F32, F16, BF16 -> Float.toString((float) tensor.getDouble(index));
      case U64 -> Long.toUnsignedString(tensor.getLong(index));
      default -> Long.toString(tensor.getLong(index));
    };
  }

  /// {@return the coordinates of a row-major index, as `[1, 0, 7]`}
  static String index(Shape shape, long flat) {
    long[] coordinates = new long[shape.rank()];
    long rest = flat;
    for (int axis = coordinates.length - 1; axis >= 0; axis--) {
      coordinates[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return Arrays.toString(coordinates);
  }
}
