package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Op;

/// Branches as ONNX has them: graphs that read what lies around them by its name.
final class BranchExports {
  private BranchExports() {}

  /// Writes branches.
  static void export(ExportScope node, Op.If op) {
    AttributeSet attributes =
        new AttributeSet()
            .graph("then_branch", node.body(op.then(), 0))
            .graph("else_branch", node.body(op.otherwise(), 0));
    node.results("If", attributes, node.input(0));
  }
}
