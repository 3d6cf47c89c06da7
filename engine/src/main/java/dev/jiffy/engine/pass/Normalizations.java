package dev.jiffy.engine.pass;

import static dev.jiffy.engine.pass.Pattern.add;
import static dev.jiffy.engine.pass.Pattern.any;
import static dev.jiffy.engine.pass.Pattern.captured;
import static dev.jiffy.engine.pass.Pattern.constant;
import static dev.jiffy.engine.pass.Pattern.inverse;
import static dev.jiffy.engine.pass.Pattern.product;
import static dev.jiffy.engine.pass.Pattern.reduce;
import static dev.jiffy.engine.pass.Pattern.sub;
import static dev.jiffy.engine.pass.Pattern.unary;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Layer normalisation written out as a formula becomes one operator, scale and bias included.
final class Normalizations {
  private static final Pattern X = any("x");
  private static final Pattern MEAN = reduce(ReduceFunction.MEAN, "axes", X);
  private static final Pattern DEVIATION = sub(X, MEAN);
  private static final Pattern ROOT =
      unary(
          UnaryFunction.SQRT,
          add(
              reduce(ReduceFunction.MEAN, "axes", product(DEVIATION, DEVIATION)),
              captured("epsilon")));
  private static final Pattern RATE = product(inverse(ROOT), constant("scale"));

  private static final Fusion.Replacement REPLACEMENT = Normalizations::layerNorm;

  /// `d / √(mean(d²) + ε)` with `d = x - mean(x)`
  private static final Fusion PLAIN = new Fusion(product(DEVIATION, inverse(ROOT)), REPLACEMENT);

  /// The same times a scale, in any order.
  private static final Fusion SCALED =
      new Fusion(product(DEVIATION, inverse(ROOT), constant("scale")), REPLACEMENT);

  /// `x · r + (bias - mean(x) · r)` with `r = scale / √(mean(d²) + ε)`
  private static final Fusion REGROUPED =
      new Fusion(add(product(X, RATE), sub(constant("bias"), product(MEAN, RATE))), REPLACEMENT);

  static final List<Fusion> FORMULAS = List.of(REGROUPED, SCALED, PLAIN);

  private Normalizations() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return Fusion.apply(FORMULAS, draft, node) || scale(draft, node) || bias(draft, node);
  }

  private static @Nullable String layerNorm(Draft draft, Match match) {
    String x = match.value("x");
    long[] axes = draft.integers(match.value("axes"));
    int rank = draft.fact(x).rank();
    double epsilon = match.number("epsilon");
    if (axes == null || rank < 0 || !Fusion.isParameter(draft, x, epsilon)) {
      return null;
    }
    int first = rank - axes.length;
    long[] sorted = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      sorted[i] = Axes.normal(axes[i], rank);
    }
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; i++) {
      if (sorted[i] != first + i) {
        return null;
      }
    }
    String gain = parameter(draft, x, first, match.values().getOrDefault("scale", ""));
    String shift = parameter(draft, x, first, match.values().getOrDefault("bias", ""));
    if (gain == null || shift == null) {
      return null;
    }
    Op op = new Op.LayerNorm(first - rank, (float) epsilon);
    return draft.add(match.root(), op, MatrixProducts.inputs(x, gain, shift));
  }

  /// {@return a scale or bias in the shape of the normalised dimensions, "" for an absent one, or
  /// null where it has another shape}
  private static @Nullable String parameter(Draft draft, String x, int first, String value) {
    List<Dim> shape = draft.fact(x).shape();
    Tensor tensor = draft.constant(value);
    if (value.isEmpty() || tensor == null || shape == null) {
      return value.isEmpty() ? "" : null;
    }
    long[] dims = new long[shape.size() - first];
    for (int i = 0; i < dims.length; i++) {
      if (!(shape.get(first + i) instanceof Dim.Known(long known))) {
        return null;
      }
      dims[i] = known;
    }
    Shape wanted = Shape.of(dims);
    if (tensor.shape().equals(wanted)) {
      return value;
    }
    int extra = tensor.shape().rank() - dims.length;
    boolean fits =
        tensor.shape().elements() == wanted.elements()
            && extra > 0
            && tensor.shape().elements(0, extra) == 1
            && tensor.shape().rank() <= shape.size()
            && Arrays.equals(
                Arrays.copyOfRange(tensor.shape().dims(), extra, extra + dims.length), dims);
    return fits ? draft.constant(value, tensor.reshape(dims)) : null;
  }

  /// `layerNorm(x) · scale`
  private static boolean scale(Draft draft, Node node) {
    return parameter(draft, node, BinaryFunction.MUL);
  }

  /// `layerNorm(x) + bias`
  private static boolean bias(Draft draft, Node node) {
    return parameter(draft, node, BinaryFunction.ADD);
  }

  private static boolean parameter(Draft draft, Node node, BinaryFunction wanted) {
    if (!(node.op() instanceof Op.Binary(BinaryFunction function)) || function != wanted) {
      return false;
    }
    for (int side = 0; side < 2; side++) {
      Node norm = draft.producer(node.input(side), Op.LayerNorm.class);
      String constant = node.input(1 - side);
      if (norm == null
          || !(norm.op() instanceof Op.LayerNorm(long axis, float _))
          || norm.outputs().size() != 1
          || norm.hasInput(2)
          || norm.hasInput(3)
          || (wanted == BinaryFunction.MUL && norm.hasInput(1))
          || draft.constant(constant) == null
          || !draft.readOnce(norm.output())) {
        continue;
      }
      int rank = draft.fact(norm.input(0)).rank();
      String parameter =
          rank < 0 ? null : parameter(draft, norm.input(0), Axes.normal(axis, rank), constant);
      if (parameter != null) {
        return wanted == BinaryFunction.MUL
            ? draft.replace(node, norm.op(), norm.input(0), parameter)
            : draft.replace(node, norm.op(), norm.input(0), norm.input(1), parameter);
      }
    }
    return false;
  }

  /// What is added before a normalisation is added by it.
  static boolean residual(Draft draft, Node node) {
    Node sum = draft.producer(node.input(0), Op.Binary.class);
    if (node.hasInput(3)
        || sum == null
        || !(sum.op() instanceof Op.Binary(BinaryFunction function))
        || function != BinaryFunction.ADD
        || !draft.readOnce(sum.output())) {
      return false;
    }
    List<Dim> shape = draft.fact(sum.output()).shape();
    boolean sameShapes =
        shape != null
            && shape.equals(draft.fact(sum.input(0)).shape())
            && shape.equals(draft.fact(sum.input(1)).shape());
    return sameShapes
        && draft.replace(node, node.op(), sum.input(0), node.input(1), node.input(2), sum.input(1));
  }
}
