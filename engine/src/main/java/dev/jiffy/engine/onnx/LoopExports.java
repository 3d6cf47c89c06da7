package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;

/// Loops as ONNX has them: bodies that read what lies around them by its name.
final class LoopExports {
  private LoopExports() {}

  /// Writes a loop.
  static void export(ExportScope node, LoopOp op) {
    switch (op) {
      case LoopOp.Loop(Graph body, int states) -> {
        String[] inputs = new String[2 + states];
        for (int i = 0; i < inputs.length; i++) {
          inputs[i] = node.input(i);
        }
        node.results("Loop", new AttributeSet().graph("body", node.body(body, 2 + states)), inputs);
      }
    }
  }
}
