package dev.jiffy.engine.pass;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Nodes whose inputs are all constants become constants.
///
/// A result much larger than what it is made from, such as a broadcast, stays a node: computing it
/// is cheaper than keeping it. Loops are left for the run, where they can be stopped, and branches,
/// which may hold anything, are decided elsewhere.
final class ConstantFolding {
  private static final long MAX_SMALL_BYTES = 256 << 10;

  private ConstantFolding() {}

  static boolean apply(Draft draft, Node node) {
    List<Tensor> results = computed(draft, node);
    if (results == null) {
      return false;
    }
    List<String> values = new ArrayList<>();
    for (int i = 0; i < node.outputs().size(); i++) {
      String output = node.outputs().get(i);
      values.add(output.isEmpty() ? "" : draft.constant(output, results.get(i)));
    }
    return draft.replace(node, values);
  }

  /// {@return what a node makes of constants, or null where it reads others, makes too much, or
  /// cannot be computed}
  ///
  /// @param draft the graph
  /// @param node the node
  static @Nullable List<Tensor> computed(Draft draft, Node node) {
    if (node.op() instanceof Foreign
        || node.op() instanceof LoopOp
        || node.op() instanceof SequenceOp
        || node.op() instanceof Op.If
        || node.op() instanceof RandomOp) {
      return null;
    }
    if ((node.hasInput(0) && draft.constant(node.input(0)) == null)
        || ByteProducts.keeps(draft, node)) {
      return null;
    }
    List<@Nullable Tensor> inputs = new ArrayList<>();
    long bytes = 0;
    for (String input : node.inputs()) {
      Tensor tensor = input.isEmpty() ? null : draft.constant(input);
      if (tensor == null && !input.isEmpty()) {
        return null;
      }
      inputs.add(tensor);
      bytes += tensor == null ? 0 : tensor.shape().bytes(tensor.dtype());
    }
    if (resultBytes(draft, node) > Math.max(MAX_SMALL_BYTES, bytes)) {
      return null;
    }
    try {
      return results(draft, node, inputs);
    } catch (ModelException _) {
      return null; // the run says so, if it comes to this node
    }
  }

  private static List<Tensor> results(Draft draft, Node node, List<@Nullable Tensor> inputs) {
    Tensor data = inputs.isEmpty() ? null : inputs.getFirst();
    return data != null
            && data.dtype() != DType.STRING
            && node.op() instanceof Op.Transpose(List<Long> perm)
        ? List.of(Constants.permute(data, Axes.perm(perm, data.shape().rank())))
        : draft.evaluate(node.op(), inputs, node.outputs().size());
  }

  private static long resultBytes(Draft draft, Node node) {
    long bytes = 0;
    for (String output : node.outputs()) {
      Shape shape = output.isEmpty() ? null : draft.fact(output).concreteShape();
      bytes += shape == null ? 0 : shape.bytes(draft.fact(output).dtype());
    }
    return bytes;
  }
}
