package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.ScatterMode;
import org.jspecify.annotations.Nullable;

/// Operators that pick or place elements by index.
final class IndexImports {
  private IndexImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Gather" -> Operator.of(1, 2, 2, n -> n.same(new Op.Gather(n.integer("axis", 0))));
      case "GatherElements" ->
          Operator.of(11, 2, 2, n -> n.same(new Op.GatherElements(n.integer("axis", 0))));
      case "GatherND" ->
          Operator.of(11, 2, 2, n -> n.same(new Op.GatherNd(n.integer("batch_dims", 0))));
      case "Scatter" -> Operator.of(9, 3, 3, IndexImports::scatterElements);
      case "ScatterElements" -> Operator.of(11, 3, 3, IndexImports::scatterElements);
      case "ScatterND" -> Operator.of(11, 3, 3, n -> n.same(new Op.ScatterNd(mode(n))));
      case "NonZero" -> Operator.of(9, 1, 1, n -> n.same(new Op.NonZero()));
      case "Compress" -> Operator.of(9, 2, 2, IndexImports::compress);
      case "TopK" -> Operator.of(1, 1, 2, 2, IndexImports::topK);
      default -> null;
    };
  }

  private static void scatterElements(NodeScope node) {
    node.same(new Op.ScatterElements(node.integer("axis", 0), mode(node)));
  }

  private static ScatterMode mode(NodeScope node) {
    String reduction = node.text("reduction", "none");
    return switch (reduction) {
      case "none" -> ScatterMode.REPLACE;
      case "add" -> ScatterMode.ADD;
      case "mul" -> ScatterMode.MUL;
      case "min" -> ScatterMode.MIN;
      case "max" -> ScatterMode.MAX;
      default -> throw node.invalid("attribute 'reduction' is '" + reduction + "'");
    };
  }

  private static void compress(NodeScope node) {
    node.same(new Op.Compress(node.hasAttribute("axis") ? (Long) node.integer("axis") : null));
  }

  private static void topK(NodeScope node) {
    long axis = node.integer("axis", -1);
    boolean largest = node.flag("largest", true);
    boolean sorted = node.flag("sorted", true);
    Op.TopK op = new Op.TopK(axis, largest, sorted);
    if (node.opset() < 10) {
      node.results(op, node.input(0), node.longs(node.integer("k")));
    } else if (node.has(1)) {
      node.same(op);
    } else {
      throw node.invalid("k is missing");
    }
  }
}
