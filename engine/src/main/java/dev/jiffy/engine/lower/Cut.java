package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A graph of which all is known that is known before it runs, cut at the nodes that no plan has:
/// loops, branches, sequences, and what makes shapes that only its elements tell.
///
/// A plan computes everything that does not wait for such a node; then these nodes are computed on
/// their own; then the rest is a graph of its own, of which more is known.
///
/// @param first what a plan computes; no nodes where there is nothing
/// @param nodes what is computed on its own after that, in order
/// @param constants what these nodes and the outputs read that is known beforehand
/// @param rest what waits for them; no nodes where nothing does
public record Cut(Graph first, List<Node> nodes, Map<String, Tensor> constants, Graph rest) {
  /// Copies the collections.
  public Cut {
    nodes = List.copyOf(nodes);
    constants = Map.copyOf(constants);
  }

  /// {@return the graph, cut}
  ///
  /// @param graph the graph with facts for concrete inputs
  public static Cut of(Graph graph) {
    return new Cutting(graph).cut();
  }

  private static final class Cutting {
    private final Graph graph;
    private final Needs needs;
    private final Map<String, Node> producers;
    private final List<Node> first = new ArrayList<>();
    private final List<Node> own = new ArrayList<>();
    private final List<Node> rest = new ArrayList<>();

    /// What the first part makes.
    private final Set<String> made = new HashSet<>();

    /// What only the rest makes.
    private final Set<String> late = new HashSet<>();

    /// What is made after the first part.
    private final Set<String> pending = new HashSet<>();

    Cutting(Graph graph) {
      this.graph = graph;
      this.producers = graph.producers();
      this.needs = Needs.of(graph, producers);
    }

    Cut cut() {
      for (Node node : graph.nodes()) {
        if (needs.runs(node)) {
          sort(node);
        }
      }
      Map<String, Tensor> constants = new LinkedHashMap<>();
      Set<String> wanted = new LinkedHashSet<>();
      own.forEach(node -> node.inputs().forEach(input -> read(input, constants, wanted)));
      graph.outputs().forEach(output -> read(output, constants, wanted));
      Graph after = rest(wanted);
      wanted.retainAll(made);
      return new Cut(
          part(first, inputs(first), List.copyOf(wanted), graph.constants()),
          own,
          constants,
          after);
    }

    private void sort(Node node) {
      if (reads(node, late)) {
        defer(node);
      } else if (!needs.isOrdinary(node)) {
        own.add(node);
        pending.addAll(node.outputs());
      } else if (reads(node, pending)) {
        defer(node);
      } else if (needs.isPlanned(node)) {
        node.inputs().forEach(this::join);
        first.add(node);
        made.addAll(node.outputs());
      } else {
        own.add(node);
        pending.addAll(node.outputs());
      }
    }

    /// Lets the first part join constants that it reads as one.
    private void join(String value) {
      Node producer = producers.get(value);
      if (producer != null && !Columns.joined(graph, producer).isEmpty() && made.add(value)) {
        first.add(producer);
      }
    }

    private void defer(Node node) {
      rest.add(node);
      late.addAll(node.outputs());
      pending.addAll(node.outputs());
    }

    private boolean reads(Node node, Set<String> values) {
      for (String input : node.inputs()) {
        if (!input.isEmpty() && values.contains(input) && !needs.isKnown(input)) {
          return true;
        }
      }
      return false;
    }

    /// Notes what is read after the first part.
    private void read(String value, Map<String, Tensor> constants, Set<String> wanted) {
      if (value.isEmpty()) {
        return;
      }
      if (needs.isKnown(value)) {
        constants.put(value, Lowering.known(graph, value, producers.get(value)));
      } else {
        wanted.add(value);
      }
    }

    /// The rest, with all that it needs; adds to what is wanted of the first part.
    private Graph rest(Set<String> wanted) {
      Map<String, Tensor> constants = new LinkedHashMap<>();
      Set<String> inputs = new LinkedHashSet<>();
      List<Node> nodes = new ArrayList<>();
      Set<String> seen = new HashSet<>(late);
      for (Node node : rest) {
        for (String input : node.inputs()) {
          if (input.isEmpty() || !seen.add(input)) {
            continue;
          }
          if (!needs.give(input, nodes, constants)) {
            inputs.add(input);
          }
        }
        nodes.add(node);
      }
      wanted.addAll(inputs);
      List<String> outputs =
          graph.outputs().stream().filter(output -> late.contains(output)).toList();
      outputs = outputs.stream().filter(output -> !needs.isKnown(output)).toList();
      return part(nodes, List.copyOf(inputs), outputs, constants);
    }

    /// The inputs of the graph that nodes read.
    private List<String> inputs(List<Node> nodes) {
      Set<String> read = new HashSet<>();
      nodes.forEach(node -> read.addAll(node.inputs()));
      return graph.inputs().stream().filter(read::contains).toList();
    }

    private Graph part(
        List<Node> nodes,
        List<String> inputs,
        List<String> outputs,
        Map<String, Tensor> constants) {
      Map<String, Fact> facts = new LinkedHashMap<>(graph.facts());
      constants.forEach((name, tensor) -> facts.put(name, Inference.fact(tensor)));
      return new Graph(graph.name(), inputs, outputs, nodes, constants, facts);
    }
  }
}
