package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Branches: where the condition of an [Op.If] is known, its branch takes the node's place.
///
/// Conditions of models that people export depend on shapes, and on small integers such as a
/// sampling rate. Both are known when a plan is made, so that plans have no branches.
public final class Branches {
  private Branches() {}

  /// {@return whether there are branches in a graph}
  ///
  /// @param graph the graph
  public static boolean areIn(Graph graph) {
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.If) {
        return true;
      }
    }
    return false;
  }

  /// {@return the graph without branches whose conditions are known in it}
  ///
  /// @param graph a graph with facts for every value
  public static Graph inlined(Graph graph) {
    Graph current = graph;
    Map<Integer, Boolean> known = known(current, current);
    while (!known.isEmpty()) {
      current = taken(current, known);
      known = known(current, current);
    }
    return current;
  }

  /// {@return what the conditions of a graph's branches are computed from: a graph with the same
  /// inputs, whose outputs are the conditions}
  ///
  /// @param graph the graph
  public static Graph conditions(Graph graph) {
    Set<String> needed = new LinkedHashSet<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.If) {
        needed.add(node.input(0));
      }
    }
    List<String> outputs = List.copyOf(needed);
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes().reversed()) {
      if (node.outputs().stream().anyMatch(needed::contains)) {
        nodes.add(node);
        needed.addAll(node.inputs());
      }
    }
    Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
    constants.keySet().retainAll(needed);
    return new Graph(
        graph.name(), graph.inputs(), outputs, nodes.reversed(), constants, graph.facts());
  }

  /// {@return the branches that concrete inputs decide: whether the condition holds, by the
  /// position of the node}
  ///
  /// @param graph a graph with a fact for each input
  /// @param conditions its [#conditions]
  /// @param shapes a shape for each input, by name
  /// @param values the elements of those inputs that [#deciding] names, by name
  /// @throws ModelException as [Inference#bind]
  public static Map<Integer, Boolean> decided(
      Graph graph, Graph conditions, Map<String, Shape> shapes, Map<String, Tensor> values) {
    return known(graph, Inference.bind(conditions, shapes, values));
  }

  /// {@return the graph where branches that are decided take the places of their nodes}
  ///
  /// @param graph a graph with facts for every value
  /// @param decided whether the condition holds, by the position of the node
  public static Graph taken(Graph graph, Map<Integer, Boolean> decided) {
    return Inference.infer(inlined(graph, decided));
  }

  /// {@return the inputs whose elements, not only their shapes, may decide branches}
  ///
  /// @param graph a graph with facts for its inputs
  public static Set<String> deciding(Graph graph) {
    Set<String> needed = new HashSet<>();
    for (Node node : graph.nodes().reversed()) {
      boolean isNeeded = isAnyIn(node.outputs(), needed);
      switch (node.op()) {
        case Op.ShapeOf _, Op.Size _ -> {}
        case Op.If op -> {
          needed.add(node.input(0));
          for (Graph branch : List.of(op.then(), op.otherwise())) {
            Set<String> within = deciding(branch);
            for (int i = 0; i < branch.inputs().size(); i++) {
              if (isNeeded || within.contains(branch.inputs().get(i))) {
                needed.add(node.input(i + 1));
              }
            }
          }
        }
        default -> {
          if (isNeeded) {
            needed.addAll(node.inputs());
          }
        }
      }
    }
    needed.removeIf(value -> !graph.inputs().contains(value) || !isTracked(graph, value));
    return needed;
  }

  private static boolean isAnyIn(List<String> values, Set<String> some) {
    for (String value : values) {
      if (some.contains(value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isTracked(Graph graph, String input) {
    Fact fact = graph.facts().get(input);
    return fact != null
        && (fact.dtype().isInteger() || fact.dtype() == DType.BOOL)
        && fact.rank() <= 1;
  }

  /// The conditions that are known, by the positions of their nodes.
  ///
  /// @param graph the graph with the branches
  /// @param conditions a graph with what is known of the conditions
  private static Map<Integer, Boolean> known(Graph graph, Graph conditions) {
    Map<Integer, Boolean> known = new LinkedHashMap<>();
    for (int i = 0; i < graph.nodes().size(); i++) {
      Node node = graph.nodes().get(i);
      String value = node.input(0);
      Boolean condition =
          node.op() instanceof Op.If
              ? holds(conditions.fact(value), conditions.constants().get(value))
              : null;
      if (condition != null) {
        known.put(i, condition);
      }
    }
    return known;
  }

  /// {@return whether a condition holds, or null where that is not known}
  ///
  /// @param fact what is known of the condition
  /// @param constant its value, or null
  public static @Nullable Boolean holds(@Nullable Fact fact, @Nullable Tensor constant) {
    long[] elements = fact == null ? null : fact.concreteValue();
    if (elements == null && constant != null && constant.dtype() == DType.BOOL) {
      elements = constant.toLongs();
    }
    if (elements == null || elements.length != 1) {
      return null;
    }
    return elements[0] != 0;
  }

  private static Graph inlined(Graph graph, Map<Integer, Boolean> decisions) {
    NameSource names = NameSource.of(graph);
    List<Node> nodes = new ArrayList<>();
    Map<String, Tensor> constants = new LinkedHashMap<>(graph.constants());
    for (int n = 0; n < graph.nodes().size(); n++) {
      Node node = graph.nodes().get(n);
      Boolean decision = decisions.get(n);
      if (decision == null || !(node.op() instanceof Op.If op)) {
        nodes.add(node);
        continue;
      }
      Graph taken = decision ? op.then() : op.otherwise();
      Graph branch = Bodies.within(taken, node.inputs().subList(1, node.inputs().size()), names);
      constants.putAll(branch.constants());
      nodes.addAll(branch.nodes());
      for (int i = 0; i < node.outputs().size(); i++) {
        String output = node.outputs().get(i);
        if (!output.isEmpty()) {
          String name = names.fresh(node.name());
          List<String> from = List.of(branch.outputs().get(i));
          nodes.add(new Node(name, new Op.Identity(), from, List.of(output)));
        }
      }
    }
    return new Graph(
        graph.name(), graph.inputs(), graph.outputs(), nodes, constants, graph.facts());
  }
}
