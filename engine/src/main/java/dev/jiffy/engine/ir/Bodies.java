package dev.jiffy.engine.ir;

import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The graphs that operators of control flow hold.
public final class Bodies {
  private Bodies() {}

  /// {@return the graphs within an operator}
  ///
  /// @param op the operator
  public static List<Graph> of(Op op) {
    if (op instanceof Op.If(Graph then, Graph otherwise)) {
      return List.of(then, otherwise);
    }
    return op instanceof LoopOp.Loop loop ? List.of(loop.body()) : List.of();
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

  /// {@return the graph with other graphs within its nodes}
  ///
  /// What a body captured that is a constant by now becomes a constant of its own.
  ///
  /// @param graph the graph
  /// @param rewrite makes the new bodies; those of one node must keep their inputs and outputs
  public static Graph rewritten(Graph graph, UnaryOperator<Graph> rewrite) {
    List<Node> nodes = new ArrayList<>();
    boolean isChanged = false;
    for (Node node : graph.nodes()) {
      Node next =
          switch (node.op()) {
            case Op.If(Graph then, Graph otherwise) -> {
              List<Integer> kept = kept(graph, node, 1);
              Op op =
                  new Op.If(
                      rewrite.apply(closed(graph, node, then, 1, kept)),
                      rewrite.apply(closed(graph, node, otherwise, 1, kept)));
              yield new Node(node.name(), op, inputs(node, kept), node.outputs());
            }
            case LoopOp.Loop(Graph body, int states) -> {
              List<Integer> kept = kept(graph, node, 2 + states);
              Graph closed = closed(graph, node, body, 2 + states, kept);
              Op op = new LoopOp.Loop(rewrite.apply(closed), states);
              yield new Node(node.name(), op, inputs(node, kept), node.outputs());
            }
            default -> node;
          };
      isChanged |= !next.equals(node);
      nodes.add(next);
    }
    return isChanged ? graph.withNodes(nodes) : graph;
  }

  /// The positions of a node's inputs but for those captured, from one on, that are constants.
  private static List<Integer> kept(Graph graph, Node node, int captured) {
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      if (i < captured || !graph.constants().containsKey(node.input(i))) {
        kept.add(i);
      }
    }
    return kept;
  }

  private static List<String> inputs(Node node, List<Integer> kept) {
    return kept.stream().map(node::input).toList();
  }

  /// A body with the constants that it no longer captures.
  ///
  /// @param captured the first input of the node that the body captures
  private static Graph closed(
      Graph graph, Node node, Graph body, int captured, List<Integer> kept) {
    int own = body.inputs().size() - Math.max(0, node.inputs().size() - captured);
    List<String> inputs = new ArrayList<>(body.inputs().subList(0, own));
    Map<String, Tensor> constants = new LinkedHashMap<>(body.constants());
    Map<String, Fact> facts = new LinkedHashMap<>(body.facts());
    for (int i = own; i < body.inputs().size(); i++) {
      String name = body.inputs().get(i);
      int position = captured + i - own;
      Tensor constant = graph.constants().get(node.input(position));
      if (kept.contains(position) || constant == null) {
        inputs.add(name);
      } else {
        constants.put(name, constant);
        facts.put(name, Constants.fact(constant));
      }
    }
    return new Graph(body.name(), inputs, body.outputs(), body.nodes(), constants, facts);
  }

  private static List<String> named(Map<String, String> renames, List<String> names) {
    return names.stream().map(name -> renames.getOrDefault(name, name)).toList();
  }
}
