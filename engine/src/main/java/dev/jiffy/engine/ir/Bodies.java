package dev.jiffy.engine.ir;

import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The graphs that operators of control flow hold.
public final class Bodies {
  private Bodies() {}

  /// {@return the graphs within an operator}
  ///
  /// @param op the operator
  public static List<Graph> of(Op op) {
    return switch (op) {
      case Op.If(Graph then, Graph otherwise) -> List.of(then, otherwise);
      case LoopOp.Loop loop -> List.of(loop.body());
      default -> List.of();
    };
  }

  /// {@return a body whose last inputs have the names of values around it, and all other values new
  /// names}
  ///
  /// @param body the body
  /// @param captured names for its last inputs
  /// @param names where new names come from
  public static Graph within(Graph body, List<String> captured, NameSource names) {
    Map<String, String> renames = new HashMap<>();
    int own = body.inputs().size() - captured.size();
    for (int i = 0; i < body.inputs().size(); i++) {
      String input = body.inputs().get(i);
      renames.put(input, i < own ? names.fresh(input) : captured.get(i - own));
    }
    Map<String, Tensor> constants = new LinkedHashMap<>();
    body.constants()
        .forEach(
            (name, tensor) -> constants.put(renames.computeIfAbsent(name, names::fresh), tensor));
    List<Node> nodes = new ArrayList<>();
    for (Node inner : body.nodes()) {
      List<String> inputs = named(renames, inner.inputs());
      for (String output : inner.outputs()) {
        if (!output.isEmpty()) {
          renames.put(output, names.fresh(output));
        }
      }
      List<String> outputs = named(renames, inner.outputs());
      nodes.add(new Node(names.fresh(inner.name()), inner.op(), inputs, outputs));
    }
    Map<String, Fact> facts = new LinkedHashMap<>();
    body.facts().forEach((name, fact) -> facts.put(renames.getOrDefault(name, name), fact));
    return new Graph(
        body.name(),
        named(renames, body.inputs()),
        named(renames, body.outputs()),
        nodes,
        constants,
        facts);
  }

  private static List<String> named(Map<String, String> renames, List<String> names) {
    return names.stream().map(name -> renames.getOrDefault(name, name)).toList();
  }
}
