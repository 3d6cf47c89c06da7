package dev.jiffy.engine.ir;

import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A computation: values named uniquely, nodes in an order in which every value is made before it
/// is read.
///
/// Immutable. Constants are shared, never copied.
///
/// @param name the name that the model gives
/// @param inputs the values that a caller provides, in the model's order
/// @param outputs the values that a caller gets, in the model's order
/// @param nodes the nodes in topological order
/// @param constants the values known at load: weights and folded results
/// @param facts what is known of every value
public record Graph(
    String name,
    List<String> inputs,
    List<String> outputs,
    List<Node> nodes,
    Map<String, Tensor> constants,
    Map<String, Fact> facts) {
  /// Copies the collections.
  public Graph {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    nodes = List.copyOf(nodes);
    constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
  }

  /// {@return the fact of a value}
  ///
  /// @param value the value's name
  /// @throws IllegalStateException if the graph has no such value
  public Fact fact(String value) {
    Fact fact = facts.get(value);
    if (fact == null) {
      throw new IllegalStateException("graph " + name + " knows nothing of value '" + value + "'");
    }
    return fact;
  }

  /// {@return the same graph with other nodes}
  ///
  /// @param newNodes the nodes in topological order
  public Graph withNodes(List<Node> newNodes) {
    return new Graph(name, inputs, outputs, newNodes, constants, facts);
  }

  /// {@return the node that makes each value}
  public Map<String, Node> producers() {
    Map<String, Node> producers = new LinkedHashMap<>();
    for (Node node : nodes) {
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          producers.put(output, node);
        }
      }
    }
    return producers;
  }

  /// {@return the nodes that read each value, one entry per reading input}
  public Map<String, List<Node>> consumers() {
    Map<String, List<Node>> consumers = new LinkedHashMap<>();
    for (Node node : nodes) {
      for (String input : node.inputs()) {
        if (!input.isEmpty()) {
          List<Node> known = consumers.get(input);
          if (known == null) {
            known = new ArrayList<>();
            consumers.put(input, known);
          }
          known.add(node);
        }
      }
    }
    return consumers;
  }
}
