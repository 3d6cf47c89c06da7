package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// Losses, expanded into what ONNX defines them by.
final class LossImports {
  private LossImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "NegativeLogLikelihoodLoss" -> Operator.of(12, 2, 3, n -> loss(n, n.input(0)));
      case "SoftmaxCrossEntropyLoss" -> Operator.of(12, 2, 3, 2, LossImports::crossEntropy);
      default -> null;
    };
  }

  private static void crossEntropy(NodeScope node) {
    String logarithms = node.make(new Op.Softmax(1, true), node.input(0));
    loss(node, logarithms);
    if (node.wants(1)) {
      node.result(1, new Op.Identity(), logarithms);
    }
  }

  /// The weighted mean or sum of the negated logarithms at the target classes.
  private static void loss(NodeScope node, String logarithms) {
    String target = node.make(new Op.Cast(DType.I64, true), node.input(1));
    String ignored = null;
    if (node.hasAttribute("ignore_index")) {
      String index = node.scalar((double) node.integer("ignore_index", 0), target);
      ignored = node.make(new Binary(BinaryFunction.EQUAL), target, index);
      target = node.make(new Op.Where(), ignored, node.scalar(0, target), target);
    }
    String axis = node.longs(1);
    String indices = node.make(new Op.Unsqueeze(), target, axis);
    String picked = node.make(new Op.GatherElements(1), logarithms, indices);
    String flat = node.make(new Op.Squeeze(), picked, axis);
    String loss = node.make(new Unary(UnaryFunction.NEG), flat);
    String weights = "";
    if (node.has(2)) {
      weights = node.make(new Op.Gather(0), node.input(2), target);
    }
    if (ignored != null) {
      String kept = weights.isEmpty() ? node.scalar(1, logarithms) : weights;
      weights = node.make(new Op.Where(), ignored, node.scalar(0, logarithms), kept);
    }
    if (!weights.isEmpty()) {
      loss = node.make(new Binary(BinaryFunction.MUL), loss, weights);
    }
    reduce(node, loss, weights);
  }

  private static void reduce(NodeScope node, String loss, String weights) {
    Op sum = new Op.Reduce(ReduceFunction.SUM, false, false);
    switch (node.text("reduction", "mean")) {
      case "none" -> node.result(new Op.Identity(), loss);
      case "sum" -> node.result(sum, loss);
      case "mean" -> {
        if (weights.isEmpty()) {
          node.result(new Op.Reduce(ReduceFunction.MEAN, false, false), loss);
        } else {
          String total = node.make(sum, loss);
          node.result(new Binary(BinaryFunction.DIV), total, node.make(sum, weights));
        }
      }
      case String other ->
          throw node.invalid(
              "attribute 'reduction' is '" + other + "', which ONNX does not define");
    }
  }
}
