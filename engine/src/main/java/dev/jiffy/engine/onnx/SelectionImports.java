package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.SelectionOp;
import org.jspecify.annotations.Nullable;

/// Operators that pick so much as the elements themselves decide.
final class SelectionImports {
  private SelectionImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "NonMaxSuppression" ->
          Operator.of(
              10,
              2,
              5,
              n -> n.same(new SelectionOp.SuppressOverlaps(n.flag("center_point_box", false))));
      case "Unique" -> Operator.of(11, 1, 1, 4, SelectionImports::unique);
      default -> null;
    };
  }

  private static void unique(NodeScope node) {
    Long axis = node.hasAttribute("axis") ? (Long) node.integer("axis") : null;
    node.same(new SelectionOp.Unique(axis, node.flag("sorted", true)));
  }
}
