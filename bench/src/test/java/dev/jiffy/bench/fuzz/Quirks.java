package dev.jiffy.bench.fuzz;

import dev.jiffy.bench.fuzz.Agreement.Difference;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Where ONNX Runtime departs from the standard, or where the standard leaves open what is right.
final class Quirks {
  private static final double EXACT = 0x1p53;

  /// Beyond this, sums and products of a few numbers may overflow or cancel.
  private static final double LARGE = 1e12;

  /// Beyond this, squares overflow in one number format and not in another.
  private static final double SQUARED = 1e18;

  /// Operators at which the smallest difference of an input may become a large one.
  private static final Set<String> STEPS =
      Set.of(
          "ArgMax",
          "ArgMin",
          "Cast",
          "CastLike",
          "Ceil",
          "DynamicQuantizeLinear",
          "Equal",
          "Floor",
          "Greater",
          "GreaterOrEqual",
          "Hardmax",
          "Less",
          "LessOrEqual",
          "Log",
          "Mod",
          "QuantizeLinear",
          "Range",
          "Round",
          "Sign",
          "TopK",
          "Unique");

  private Quirks() {}

  /// {@return whether a difference says nothing}
  ///
  /// @param byOther whether the answer expected is ONNX Runtime's
  static boolean explain(FuzzCase tried, Difference difference, boolean byOther) {
    List<String> operators = tried.operators();
    boolean isOfType = difference.expected().dtype() == difference.actual().dtype();
    boolean isOfNumbers =
        isOfType && difference.expected().shape().equals(difference.actual().shape());
    if ((isOfNumbers && isRandom(operators))
        || (isOfNumbers && squares(operators) && hasFiniteBeyond(tried, SQUARED))
        || (isOfNumbers && sums(operators) && hasLarge(tried, LARGE))
        || (isOfNumbers && sums(operators) && isCutOff(operators, difference))
        || (isOfType
            && !tried.exact()
            && operators.size() > 1
            && operators.stream().anyMatch(STEPS::contains))) {
      return true;
    }
    return byOther && isOpen(tried, operators, difference);
  }

  /// Without a seed two runs give different numbers.
  static boolean isRandom(List<String> operators) {
    return operators.stream()
        .anyMatch(name ->
            name.startsWith("Random")
                || name.equals("Multinomial")
                || name.equals("Bernoulli")
                || name.equals("Dropout")); // in training
  }

  private static boolean squares(List<String> operators) {
    return operators.stream()
        .anyMatch(name ->
            name.endsWith("Normalization")
                || name.equals("LRN")
                || name.equals("ReduceL2")
                || name.equals("ReduceSumSquare")
                || name.equals("LpPool"));
  }

  /// Whether sums are formed in another order, or of zeros beside infinite numbers.
  private static boolean sums(List<String> operators) {
    return operators.stream()
        .anyMatch(name ->
            name.startsWith("Conv")
                || name.startsWith("MatMul")
                || name.equals("Gemm")
                || name.equals("Einsum")
                || name.equals("Resize")
                || name.equals("GridSample")
                || name.endsWith("AveragePool")
                || name.equals("ReduceMean")
                || name.startsWith("ReduceSum"));
  }

  /// Whether what is left of narrow numbers does not tell how large those were that were rounded.
  private static boolean isCutOff(List<String> operators, Difference difference) {
    return switch (difference.expected().dtype()) {
      case F16, BF16 -> operators.contains("Clip");
      default -> false;
    };
  }

  private static boolean isOpen(FuzzCase tried, List<String> operators, Difference difference) {
    Predicate<String> has = operators::contains;
    boolean isReal = difference.expected().dtype().isFloat();
    // it leaves the dimensions of empty tensors in place
    boolean isEmptyReduction =
        operators.stream()
                .anyMatch(name ->
                    name.startsWith("Reduce") || name.startsWith("Arg") || name.endsWith("Loss"))
            && hasEmpty(tried, difference);
    // it has limits where the standard has none
    boolean isLimited =
        (has.test("Clip") || has.test("MaxPool")) && isReal && hasExtreme(difference);
    // of what no iteration made, it takes extents as they are declared
    boolean isUnmade = has.test("Loop") && difference.expected().shape().elements() == 0;
    // beyond the range of the type nothing is said
    boolean isOverflow =
        (has.test("Pow") && !isReal)
            || ((has.test("Cast") || has.test("CastLike")) && !isReal && hasLarge(tried, 127));
    // it computes with integers as double
    boolean isInexact = (has.test("Mod") || has.test("Pow")) && hasLarge(tried, EXACT);
    // indices that are no integers, extents that are none, axes of which there are none, parts of
    // an empty text
    boolean isElsewhere =
        has.test("OneHot") || has.test("Resize") || has.test("Squeeze") || has.test("StringSplit");
    // it reads and writes elsewhere than the standard's own cases say, or beyond its memory
    boolean isWrong =
        has.test("MaxUnpool")
            || (has.test("Pad") && names(tried, "wrap"))
            || (has.test("BatchNormalization") && names(tried, "training_mode"));
    // it finds numbers that are not zero in scalars along a dimension that these do not have
    boolean isScalar =
        has.test("NonZero")
            && difference.expected().shape().rank() == 2
            && difference.expected().shape().dim(0) == 1;
    // it rounds to 16 bits in between
    boolean isNarrow =
        has.test("QLinearMatMul")
            && tried.tensors().stream().anyMatch(tensor -> tensor.dtype() == DType.F16);
    return isWrong
        || isScalar
        || isUnmade
        || isNarrow
        || isEmptyReduction
        || isLimited
        || isOverflow
        || isInexact
        || isElsewhere
        || hasLarge(tried, LARGE);
  }

  /// Whether an attribute of the model has this text.
  private static boolean names(FuzzCase tried, String text) {
    return new String(tried.model(), StandardCharsets.ISO_8859_1).contains(text);
  }

  private static boolean hasEmpty(FuzzCase tried, Difference difference) {
    return difference.expected().shape().elements() == 0
        || difference.actual().shape().elements() == 0
        || tried.tensors().stream().anyMatch(tensor -> tensor.shape().elements() == 0);
  }

  private static boolean hasExtreme(Difference difference) {
    for (long i = 0; i < difference.expected().shape().elements(); i++) {
      if (Math.abs(difference.expected().getDouble(i)) == (double) Float.MAX_VALUE) {
        return true;
      }
    }
    return false;
  }

  /// Whether a number of the inputs is large, but a number.
  private static boolean hasFiniteBeyond(FuzzCase tried, double bound) {
    for (Tensor tensor : tried.tensors()) {
      for (long i = 0; i < tensor.shape().elements() && tensor.dtype() != DType.STRING; i++) {
        double value = tensor.getDouble(i);
        if (Double.isFinite(value) && Math.abs(value) > bound) {
          return true;
        }
      }
    }
    return false;
  }

  /// Whether a number of the inputs is large, infinite or none.
  private static boolean hasLarge(FuzzCase tried, double bound) {
    for (Tensor tensor : tried.tensors()) {
      for (long i = 0; i < tensor.shape().elements() && tensor.dtype() != DType.STRING; i++) {
        if (!(Math.abs(tensor.getDouble(i)) <= bound)) {
          return true;
        }
      }
    }
    return false;
  }
}
