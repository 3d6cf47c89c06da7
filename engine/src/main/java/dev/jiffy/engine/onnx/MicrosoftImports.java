package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;

/// Operators of the domain `com.microsoft`, which ONNX Runtime's optimizers and exporters write:
/// fused forms of several operators of ONNX, expanded into these.
final class MicrosoftImports {
  private static final Op ADD = new Binary(BinaryFunction.ADD);

  private MicrosoftImports() {}

  /// Adds the family to the table.
  ///
  /// @param table the table
  static void register(Operators table) {
    table.add("Gelu", 1, 1, 1, n -> n.same(new Unary(UnaryFunction.GELU)));
    table.add("BiasGelu", 1, 2, 2, n -> biased(n, UnaryFunction.GELU));
    table.add("FastGelu", 1, 1, 2, n -> biased(n, UnaryFunction.GELU_TANH));
    table.add(
        "QuickGelu",
        1,
        1,
        1,
        n -> n.same(new Unary(UnaryFunction.SILU, n.real("alpha", 1.702f), 0)));
    table.add("BiasSplitGelu", 1, 2, 2, MicrosoftImports::splitGelu);
    table.add("FusedMatMul", 1, 2, 2, MicrosoftImports::matMul);
    QuantizationImports.registerLinear(table);
    QLinearImports.register(table);
  }

  private static void biased(NodeScope node, UnaryFunction function) {
    String x = node.input(0);
    node.result(new Unary(function), node.has(1) ? node.make(ADD, x, node.input(1)) : x);
  }

  /// The first half of the channels, times the GELU of the second.
  private static void splitGelu(NodeScope node) {
    String shifted = node.make(ADD, node.input(0), node.input(1));
    var halves = node.makeAll(new Op.Split(-1, 2), 2, shifted);
    String gate = node.make(new Unary(UnaryFunction.GELU), halves.getLast());
    node.result(new Binary(BinaryFunction.MUL), halves.getFirst(), gate);
  }

  private static void matMul(NodeScope node) {
    float alpha = node.real("alpha", 1);
    boolean left = node.flag("transA", false);
    boolean right = node.flag("transB", false);
    if (node.flag("transBatchA", false) || node.flag("transBatchB", false)) {
      node.unsupported("transposed batches");
      return;
    }
    node.same(new Op.MatMul(left, right, alpha, null));
  }
}
