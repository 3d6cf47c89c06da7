package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a shape rule sees of one node: facts and constants of the inputs, and the checks that all
/// rules share.
final class Operands {
  /// Values of more elements than this are not tracked.
  static final int MAX_VALUE = 64;

  private static final int MAX_RANK = 1024;

  private final List<@Nullable Fact> facts;
  private final List<@Nullable Tensor> constants;
  private final int outputs;
  private final NameSource names;

  Operands(
      List<@Nullable Fact> facts, List<@Nullable Tensor> constants, int outputs, NameSource names) {
    this.facts = facts;
    this.constants = constants;
    this.outputs = outputs;
    this.names = names;
  }

  int count() {
    return facts.size();
  }

  int outputs() {
    return outputs;
  }

  /// Checks the number of inputs, those from `min` on being optional, and of outputs.
  void expect(int min, int max, int maxOutputs) {
    if (facts.size() < min || facts.size() > max) {
      throw new ModelException(
          "expected "
              + (min == max ? Integer.toString(min) : min + " to " + max)
              + " inputs, got "
              + facts.size());
    }
    for (int i = 0; i < min; i++) {
      if (facts.get(i) == null) {
        throw new ModelException("input " + i + " is required, got none");
      }
    }
    if (outputs < 1 || outputs > maxOutputs) {
      throw new ModelException("expected 1 to " + maxOutputs + " outputs, got " + outputs);
    }
  }

  boolean has(int input) {
    return input < facts.size() && facts.get(input) != null;
  }

  Fact fact(int input) {
    Fact fact = input < facts.size() ? facts.get(input) : null;
    if (fact == null) {
      throw new ModelException("input " + input + " is required, got none");
    }
    return fact;
  }

  @Nullable List<Dim> shape(int input) {
    return fact(input).shape();
  }

  /// The shape, which has the rank given where it is known.
  @Nullable List<Dim> shape(int input, int rank) {
    List<Dim> shape = fact(input).shape();
    if (shape != null && shape.size() != rank) {
      throw new ModelException(
          "input " + input + ": expected rank " + rank + ", got " + fact(input));
    }
    return shape;
  }

  DType dtype(int input) {
    return fact(input).dtype();
  }

  DType floating(int input) {
    if (!dtype(input).isFloat()) {
      throw wrongType(input, "a floating-point type");
    }
    return dtype(input);
  }

  DType numeric(int input) {
    if (!dtype(input).isFloat() && !dtype(input).isInteger()) {
      throw wrongType(input, "a numeric type");
    }
    return dtype(input);
  }

  /// A type of numbers, or bool, whose elements are 0 and 1.
  DType numericOrBool(int input) {
    return dtype(input) == DType.BOOL ? DType.BOOL : numeric(input);
  }

  DType integer(int input) {
    if (!dtype(input).isInteger()) {
      throw wrongType(input, "an integer type");
    }
    return dtype(input);
  }

  /// The type of indices, axes and shapes: i32 or i64.
  void index(int input) {
    if (dtype(input) != DType.I64 && dtype(input) != DType.I32) {
      throw wrongType(input, "i64 or i32");
    }
  }

  void expect(int input, DType expected) {
    if (dtype(input) != expected) {
      throw wrongType(input, Dtypes.name(expected));
    }
  }

  /// Checks that an input is a tensor, not a sequence and for certain there.
  void expectTensor(int input) {
    if (!fact(input).isTensor()) {
      throw new ModelException("input " + input + ": expected a tensor, got " + fact(input));
    }
  }

  /// Checks that all inputs are tensors.
  void expectTensors() {
    for (int i = 0; i < facts.size(); i++) {
      if (has(i)) {
        expectTensor(i);
      }
    }
  }

  /// Checks that an input, where it is there, has the type of another.
  void same(int input, int other) {
    if (has(input) && dtype(input) != dtype(other)) {
      throw wrongType(input, Dtypes.name(dtype(other)) + " as input " + other);
    }
  }

  ModelException wrongType(int input, String expected) {
    return new ModelException("input " + input + ": expected " + expected + ", got " + fact(input));
  }

  /// The constant tensor, or null where the input is none or not known.
  @Nullable Tensor constant(int input) {
    return input < constants.size() ? constants.get(input) : null;
  }

  /// The elements as far as they are known, of a small integer or bool tensor of rank 0 or 1.
  @Nullable List<Dim> value(int input) {
    return value(input, MAX_VALUE);
  }

  /// The elements as far as they are known, where they are at most `limit`.
  @Nullable List<Dim> value(int input, int limit) {
    if (!has(input)) {
      return null;
    }
    List<Dim> value = fact(input).value();
    if (value != null) {
      return value;
    }
    Tensor tensor = constant(input);
    return tensor == null ? null : Constants.value(tensor, limit);
  }

  /// The elements as numbers, or null unless all are known.
  long @Nullable [] numbers(int input) {
    if (!has(input)) {
      return null;
    }
    long[] value = fact(input).concreteValue();
    if (value != null) {
      return value;
    }
    Tensor tensor = constant(input);
    return tensor == null || tensor.dtype() == DType.STRING ? null : tensor.toLongs();
  }

  /// The only element, or null where it is not known; more elements are an error.
  @Nullable Dim scalar(int input) {
    List<Dim> shape = shape(input);
    if (shape != null
        && shape.stream().anyMatch(dim -> dim instanceof Dim.Known && !Dims.ONE.equals(dim))) {
      throw new ModelException("input " + input + ": expected one element, got " + fact(input));
    }
    List<Dim> value = value(input);
    if (value != null) {
      return value.size() == 1 ? value.getFirst() : null;
    }
    Tensor tensor = constant(input); // of a rank of which facts hold no values
    return tensor != null && tensor.shape().elements() == 1 && tensor.dtype().isInteger()
        ? Dim.of(tensor.getLong(0))
        : null;
  }

  /// The number of elements of a vector, or -1 where it is not known; another rank is an error.
  int length(int input) {
    List<Dim> shape = shape(input, 1);
    return shape != null && shape.getFirst() instanceof Dim.Known known
        ? Math.toIntExact(known.value())
        : -1;
  }

  /// Names for dimensions that depend on data.
  NameSource names() {
    return names;
  }

  Dim fresh(String hint) {
    return Dim.of(names.fresh(hint));
  }

  /// A shape of which only the rank is known.
  List<Dim> fresh(String hint, int rank) {
    Dim[] dims = new Dim[checkRank(rank)];
    Arrays.setAll(dims, _ -> fresh(hint));
    return List.of(dims);
  }

  /// A rank that a file asks for, checked before anything is made of it.
  static int checkRank(int rank) {
    if (rank > MAX_RANK) {
      throw new ModelException("expected at most " + MAX_RANK + " dimensions, got " + rank);
    }
    return rank;
  }

  /// An axis counted from the front.
  ///
  /// @param axis the axis, negative from the end
  /// @param rank the number of axes to choose from
  static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw new ModelException(
          "axis " + axis + ": expected " + -rank + " to " + (rank - 1) + " for rank " + rank);
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /// Axes counted from the front, each at most once, as flags.
  static boolean[] axes(long[] axes, int rank) {
    boolean[] chosen = new boolean[rank];
    for (long axis : axes) {
      int index = axis(axis, rank);
      if (chosen[index]) {
        throw new ModelException(
            "axes " + Arrays.toString(axes) + ": axis " + index + " appears twice");
      }
      chosen[index] = true;
    }
    return chosen;
  }
}
