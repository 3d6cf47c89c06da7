package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.SelectionOp;

/// Operators that pick so much as the elements themselves decide.
final class SelectionImports {
  private SelectionImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add(
        "NonMaxSuppression",
        10,
        2,
        5,
        n -> n.same(new SelectionOp.SuppressOverlaps(n.flag("center_point_box", false))));
    table.add("Unique", 11, 1, 1, 4, SelectionImports::unique);
  }

  private static void unique(NodeScope node) {
    Long axis = node.hasAttribute("axis") ? (Long) node.integer("axis") : null;
    node.same(new SelectionOp.Unique(axis, node.flag("sorted", true)));
  }
}
