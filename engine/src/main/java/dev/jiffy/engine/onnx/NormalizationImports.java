package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Normalisations.
final class NormalizationImports {
  private NormalizationImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "BatchNormalization" -> Operator.of(7, 5, 5, 5, NormalizationImports::batch);
      case "InstanceNormalization" ->
          Operator.of(1, 3, 3, n -> n.same(new Op.InstanceNorm(n.real("epsilon", 1e-5f))));
      case "LayerNormalization" -> Operator.of(1, 2, 3, 3, NormalizationImports::layer);
      case "GroupNormalization" -> Operator.of(18, 3, 3, NormalizationImports::group);
      case "MeanVarianceNormalization" -> Operator.of(9, 1, 1, NormalizationImports::meanVariance);
      case "LRN" -> Operator.of(1, 1, 1, NormalizationImports::lrn);
      case "LpNormalization" -> Operator.of(1, 1, 1, NormalizationImports::lp);
      case "SimplifiedLayerNormalization" -> Operator.of(1, 2, 2, 2, MicrosoftImports::rms);
      default -> null;
    };
  }

  /// Makes a normalisation by given statistics, or in training by those of the input.
  ///
  /// @param node the node
  static void batch(NodeScope node) {
    float epsilon = node.real("epsilon", 1e-5f);
    float momentum = node.real("momentum", 0.9f);
    if (node.opset() >= 14 && node.flag("training_mode", false)) {
      BatchTraining.normalize(node, epsilon, momentum);
      return;
    }
    for (int i = 1; i < node.outputs(); i++) {
      if (node.wants(i)) {
        node.unsupported("training mode of operator sets before 14");
        return;
      }
    }
    String x = node.input(0);
    String mean = node.input(3);
    String variance = node.input(4);
    if (node.opset() >= 9 || node.flag("spatial", true)) {
      node.result(
          new Op.BatchNorm(epsilon, Layout.CHANNELS_FIRST),
          x,
          node.input(1),
          node.input(2),
          mean,
          variance);
      return;
    }
    String centred = node.make(new Binary(BinaryFunction.SUB), x, mean);
    String shifted =
        node.make(new Binary(BinaryFunction.ADD), variance, node.scalar(epsilon, variance));
    String deviation = node.make(new Unary(UnaryFunction.SQRT), shifted);
    String normal = node.make(new Binary(BinaryFunction.DIV), centred, deviation);
    String scaled = node.make(new Binary(BinaryFunction.MUL), normal, node.input(1));
    node.result(new Binary(BinaryFunction.ADD), scaled, node.input(2));
  }

  private static void layer(NodeScope node) {
    node.ignore("stash_type");
    long axis = node.integer("axis", -1);
    Op norm = new Op.LayerNorm(axis, node.real("epsilon", 1e-5f));
    String x = node.input(0);
    long normalized = axis < 0 ? -axis : node.rank(x) - axis;
    boolean isByRow = false;
    for (int i = 1; i < node.inputs(); i++) {
      isByRow |= node.has(i) && node.rank(x) >= 0 && node.rank(node.input(i)) > normalized;
    }
    if (isByRow) {
      boolean spreadsScale = spreads(node, 1, "scale");
      boolean spreadsBias = spreads(node, 2, "bias");
      scaledByRow(node, node.makeAll(norm, node.outputs(), x), spreadsScale && spreadsBias);
    } else {
      node.same(norm);
    }
  }

  /// {@return whether it is known that an input broadcasts to the first without widening it}
  ///
  /// @throws ModelException if it is known that it does not
  private static boolean spreads(NodeScope node, int input, String what) {
    if (!node.has(input)) {
      return true;
    }
    Fact whole = node.fact(node.input(0));
    Fact part = node.fact(node.input(input));
    if (whole == null || part == null || whole.shape() == null || part.shape() == null) {
      return false;
    }
    List<Dim> dims = whole.shape().reversed();
    List<Dim> own = part.shape().reversed();
    boolean fits = own.size() <= dims.size();
    boolean isKnown = fits;
    for (int i = 0; fits && i < own.size(); i++) {
      if (!own.get(i).is(1) && !own.get(i).equals(dims.get(i))) {
        isKnown = false;
        fits = !(own.get(i) instanceof Dim.Known && dims.get(i) instanceof Dim.Known);
      }
    }
    if (!fits) {
      throw node.invalid("%s %s does not broadcast to %s".formatted(what, part, whole));
    }
    return isKnown;
  }

  /// Applies scale and bias that differ from row to row, or have the dimensions for it.
  ///
  /// @param isKnown whether it is known that these widen nothing; the run checks it otherwise
  private static void scaledByRow(NodeScope node, List<String> made, boolean isKnown) {
    String scaled = node.make(new Binary(BinaryFunction.MUL), made.getFirst(), node.input(1));
    String shifted =
        node.has(2) ? node.make(new Binary(BinaryFunction.ADD), scaled, node.input(2)) : scaled;
    if (isKnown) {
      node.result(0, new Op.Identity(), shifted);
    } else {
      String shape = node.make(new Op.ShapeOf(0, null), node.input(0));
      node.result(0, new Op.Reshape(true), shifted, shape);
    }
    for (int i = 1; i < made.size(); i++) {
      if (node.wants(i)) {
        node.result(i, new Op.Identity(), made.get(i));
      }
    }
  }

  /// Each group is one row to normalise; scale and bias go with groups before operator set 21 and
  /// with channels since.
  private static void group(NodeScope node) {
    node.ignore("stash_type");
    float epsilon = node.real("epsilon", 1e-5f);
    long groups = node.integer("num_groups");
    String x = node.input(0);
    String shape = node.make(new Op.ShapeOf(0, null), x);
    String rows = node.make(new Op.Reshape(false), x, node.longs(0, groups, -1));
    String normal = node.make(new Op.LayerNorm(2, epsilon), rows);
    if (node.opset() >= 21) {
      String channels = node.make(new Op.ShapeOf(0, 2L), x);
      String target = node.make(new Op.Concat(0), channels, node.longs(-1));
      normal = node.make(new Op.Reshape(false), normal, target);
    }
    String column = node.longs(-1, 1);
    String scale = node.make(new Op.Reshape(false), node.input(1), column);
    String bias = node.make(new Op.Reshape(false), node.input(2), column);
    String scaled = node.make(new Binary(BinaryFunction.MUL), normal, scale);
    String shifted = node.make(new Binary(BinaryFunction.ADD), scaled, bias);
    node.result(new Op.Reshape(true), shifted, shape);
  }

  private static void meanVariance(NodeScope node) {
    List<Long> given = node.integers("axes");
    String axes = given.isEmpty() ? node.longs(0, 2, 3) : node.longs(given);
    Op mean = new Op.Reduce(ReduceFunction.MEAN, true, false);
    Op multiply = new Binary(BinaryFunction.MUL);
    String x = node.input(0);
    String average = node.make(mean, x, axes);
    String averageSquared = node.make(multiply, average, average);
    String square = node.make(multiply, x, x);
    String squareAverage = node.make(mean, square, axes);
    String variance = node.make(new Binary(BinaryFunction.SUB), squareAverage, averageSquared);
    String deviation = node.make(new Unary(UnaryFunction.SQRT), variance);
    String centred = node.make(new Binary(BinaryFunction.SUB), x, average);
    String divisor = node.make(new Binary(BinaryFunction.ADD), deviation, node.scalar(1e-9, x));
    node.result(new Binary(BinaryFunction.DIV), centred, divisor);
  }

  private static void lrn(NodeScope node) {
    float alpha = node.real("alpha", 1e-4f);
    float beta = node.real("beta", 0.75f);
    float bias = node.real("bias", 1);
    node.same(new Op.Lrn(alpha, beta, bias, node.integer("size")));
  }

  private static void lp(NodeScope node) {
    long p = node.integer("p", 2);
    if (p != 1 && p != 2) {
      throw node.invalid("attribute 'p' should be 1 or 2 but is " + p);
    }
    node.same(new Op.LpNormalization(node.integer("axis", -1), p));
  }
}
