package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;

/// Operators whose result is their input under another shape.
final class Views {
  private Views() {}

  /// {@return whether a node's result has the very elements of its first input, in order}
  static boolean isWhole(Graph graph, Node node) {
    return switch (node.op()) {
      case Op.Identity _, Op.Reshape _, Op.Flatten _, Op.Squeeze _, Op.Unsqueeze _ -> true;
      case TableOp.ZipMap _ -> true;
      case TableOp.Scores scores ->
          scores.transform() == ScoreTransform.NONE && keepsType(graph, node);
      case Op.Cast _ -> keepsType(graph, node);
      default -> false;
    };
  }

  private static boolean keepsType(Graph graph, Node node) {
    return graph.fact(node.input(0)).dtype() == graph.fact(node.output()).dtype();
  }

  static boolean lowerWhole(Node node, Lowering lowering) {
    lowering.view(node.output(), lowering.place(node.input(0)));
    return true;
  }
}
