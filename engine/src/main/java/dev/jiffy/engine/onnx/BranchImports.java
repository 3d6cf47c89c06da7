package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Branches.
///
/// What both read from around them becomes inputs of the node. Where the condition is known, the
/// other branch is not looked at: it need not fit.
final class BranchImports {
  private BranchImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "If" -> Operator.of(1, 1, 1, Operator.MANY, BranchImports::conditional);
      default -> null;
    };
  }

  private static void conditional(NodeScope node) {
    GraphProto then = branch(node, "then_branch");
    GraphProto otherwise = branch(node, "else_branch");
    Boolean known = node.truth(node.input(0));
    GraphProto first = known == null || known ? then : otherwise;
    GraphProto second = known == null || !known ? otherwise : then;
    Set<String> free = new LinkedHashSet<>(node.free(first));
    free.addAll(node.free(second));
    free.removeIf(name -> node.known(name) != null);
    List<String> captured = List.copyOf(free);
    Graph a = node.body(first, List.of(), captured);
    Graph b = known == null ? node.body(second, List.of(), captured) : a;
    if (node.isRefused()) {
      return;
    }
    List<String> inputs = new ArrayList<>();
    inputs.add(node.input(0));
    inputs.addAll(captured);
    node.results(new Op.If(a, b), inputs.toArray(String[]::new));
  }

  private static GraphProto branch(NodeScope node, String attribute) {
    GraphProto branch = node.graph(attribute);
    if (!branch.inputs().isEmpty()) {
      throw node.invalid(
          "'%s' has %d inputs, expected none".formatted(attribute, branch.inputs().size()));
    }
    if (branch.outputs().size() != node.outputs()) {
      throw node.invalid(
          "'%s' has %d outputs, expected %d"
              .formatted(attribute, branch.outputs().size(), node.outputs()));
    }
    return branch;
  }
}
