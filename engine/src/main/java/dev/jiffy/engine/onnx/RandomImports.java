package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// Operators whose results are random.
final class RandomImports {
  private RandomImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "RandomUniform" -> Operator.of(1, 0, 0, n -> n.result(uniform(n, DType.F32), shape(n)));
      case "RandomNormal" -> Operator.of(1, 0, 0, n -> n.result(normal(n, DType.F32), shape(n)));
      case "RandomUniformLike" ->
          Operator.of(1, 1, 1, n -> n.result(uniform(n, like(n)), shapeOf(n)));
      case "RandomNormalLike" ->
          Operator.of(1, 1, 1, n -> n.result(normal(n, like(n)), shapeOf(n)));
      case "Bernoulli" -> Operator.of(15, 1, 1, RandomImports::bernoulli);
      case "Multinomial" -> Operator.of(7, 1, 1, RandomImports::multinomial);
      default -> null;
    };
  }

  private static @Nullable Float seed(NodeScope node) {
    return node.hasAttribute("seed") ? (Float) node.real("seed", 0) : null;
  }

  private static DType dtype(NodeScope node, DType otherwise) {
    DType dtype = node.elementType("dtype");
    return dtype == null ? otherwise : dtype;
  }

  private static Op uniform(NodeScope node, DType otherwise) {
    float low = node.real("low", 0);
    float high = node.real("high", 1);
    return new RandomOp.Uniform(dtype(node, otherwise), low, high, seed(node));
  }

  private static Op normal(NodeScope node, DType otherwise) {
    float mean = node.real("mean", 0);
    float deviation = node.real("scale", 1);
    return new RandomOp.Normal(dtype(node, otherwise), mean, deviation, seed(node));
  }

  private static DType like(NodeScope node) {
    DType dtype = node.dtype(node.input(0));
    return dtype == null ? DType.F32 : dtype;
  }

  private static String shape(NodeScope node) {
    if (!node.hasAttribute("shape")) {
      throw node.invalid("attribute 'shape' is missing");
    }
    return node.longs(node.integers("shape"));
  }

  private static String shapeOf(NodeScope node) {
    return node.make(new Op.ShapeOf(0, null), node.input(0));
  }

  /// Ones as often as the input says.
  private static void bernoulli(NodeScope node) {
    Op uniform = new RandomOp.Uniform(like(node), 0, 1, seed(node));
    String drawn = node.make(uniform, shapeOf(node));
    String hit = node.make(new Binary(BinaryFunction.LESS), drawn, node.input(0));
    node.result(new Op.Cast(dtype(node, like(node)), true), hit);
  }

  /// Makes a dropout in training: what a random number picks is zero, the rest is scaled up.
  ///
  /// @param node the node
  /// @param asks whether an input decides that nothing is dropped
  static void dropout(NodeScope node, boolean asks) {
    String x = node.input(0);
    DType dtype = like(node);
    String ratio = node.scalar(0.5, x);
    if (node.has(1)) {
      String scalar = node.make(new Op.Reshape(false), node.input(1), node.longs());
      ratio = node.make(new Op.Cast(dtype, true), scalar);
    }
    if (asks) {
      String training = node.make(new Op.Reshape(false), node.input(2), node.longs());
      ratio = node.make(new Op.Where(), training, ratio, node.scalar(0, x));
    }
    Float seed = node.hasAttribute("seed") ? (Float) (float) node.integer("seed") : null;
    String drawn = node.make(new RandomOp.Uniform(dtype, 0, 1, seed), shapeOf(node));
    String kept = node.make(new Binary(BinaryFunction.GREATER_OR_EQUAL), drawn, ratio);
    String share = node.make(new Binary(BinaryFunction.SUB), node.scalar(1, x), ratio);
    String scaled = node.make(new Binary(BinaryFunction.DIV), x, share);
    node.result(new Op.Where(), kept, scaled, node.scalar(0, x));
    if (node.wants(1)) {
      node.result(1, new Op.Identity(), kept);
    }
  }

  /// The first class at which the running sum of probabilities exceeds a number.
  private static void multinomial(NodeScope node) {
    DType dtype = dtype(node, DType.I32);
    long samples = node.integer("sample_size", 1);
    Long classes = node.extent(node.input(0), 1);
    if (classes == null || classes < 1) {
      node.unsupported("an unknown number of classes, or none");
      return;
    }
    String logits = node.input(0);
    String likely = node.make(new Op.Softmax(1, false), logits);
    String axis = node.constant(dev.jiffy.tensor.Tensor.of(new long[] {1}));
    String sums = node.make(new Op.CumSum(false, false), likely, axis);
    String bounds = node.make(new Op.Unsqueeze(), sums, node.longs(1));
    String batch = node.make(new Op.ShapeOf(0, 1L), logits);
    String shape = node.make(new Op.Concat(0), batch, node.longs(samples), node.longs(1));
    String drawn = node.make(new RandomOp.Uniform(like(node), 0, 1, seed(node)), shape);
    String passed =
        node.make(
            new Op.Cast(DType.I32, true),
            node.make(new Binary(BinaryFunction.LESS_OR_EQUAL), bounds, drawn));
    Op count = new Op.Reduce(ReduceFunction.SUM, false, false);
    String index = node.make(count, passed, node.longs(2));
    String last = node.scalar((double) (classes - 1), index);
    String within = node.make(new Binary(BinaryFunction.MIN), index, last);
    node.result(new Op.Cast(dtype, true), within);
  }
}
