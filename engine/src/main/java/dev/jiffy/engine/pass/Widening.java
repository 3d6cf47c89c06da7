package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Operators of f16 and bf16 compute in f32, for which there are fast kernels. What one hands to
/// the next stays f32: the roundings between them are left out, as in ONNX Runtime on CPUs.
///
/// Values that a caller gives or gets keep their types, and so do tables that are only looked up.
final class Widening {
  private Widening() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    boolean isTable = node.op() instanceof Op.Gather && draft.constant(node.input(0)) != null;
    if (isTable || !areNarrow(draft, node.inputs())) {
      return false;
    }
    List<String> inputs = new ArrayList<>();
    for (String input : node.inputs()) {
      inputs.add(isNarrow(draft, input) ? wide(draft, node, input) : input);
    }
    List<String> made = draft.add(node, node.op(), inputs, node.outputs().size());
    List<String> results = new ArrayList<>();
    for (int i = 0; i < made.size(); i++) {
      String output = node.outputs().get(i);
      results.add(
          isNarrow(draft, output)
              ? draft.add(node, new Op.Cast(draft.fact(output).dtype(), true), made.get(i))
              : made.get(i));
    }
    return draft.replace(node, results);
  }

  private static boolean areNarrow(Draft draft, List<String> values) {
    for (String value : values) {
      if (isNarrow(draft, value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNarrow(Draft draft, String value) {
    if (value.isEmpty()) {
      return false;
    }
    DType dtype = draft.fact(value).dtype();
    return dtype == DType.F16 || dtype == DType.BF16;
  }

  /// {@return a narrow value as f32: what it was rounded from, where it was}
  private static String wide(Draft draft, Node node, String value) {
    Tensor constant = draft.constant(value);
    if (constant != null) {
      return draft.constant(value, Constants.floats(constant));
    }
    Node producer = draft.producer(value, Op.Cast.class);
    return producer != null && draft.fact(producer.input(0)).dtype() == DType.F32
        ? producer.input(0)
        : draft.add(node, new Op.Cast(DType.F32, true), value);
  }
}
