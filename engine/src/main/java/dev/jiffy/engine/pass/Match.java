package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A place in a graph where a formula was found.
///
/// @param root the node that makes the formula's result
/// @param values the value in each hole
/// @param numbers the number in each hole for numbers
/// @param named the node of each named operator
/// @param nodes every node that the formula covers, by its first output
record Match(
    Node root,
    Map<String, String> values,
    Map<String, Double> numbers,
    Map<String, Node> named,
    Map<String, Node> nodes) {

  Match(Node root) {
    this(root, Map.of(), Map.of(), Map.of(), Map.of());
  }

  /// {@return the value in a hole}
  ///
  /// @param name the hole's name
  String value(String name) {
    return known(values.get(name), name);
  }

  /// {@return the number in a hole}
  ///
  /// @param name the hole's name
  double number(String name) {
    return known(numbers.get(name), name);
  }

  /// {@return the node of a named operator}
  ///
  /// @param name the operator's name
  Node node(String name) {
    return known(named.get(name), name);
  }

  private static <T> T known(@Nullable T value, String name) {
    if (value == null) {
      throw new IllegalStateException("the formula has no '" + name + "'");
    }
    return value;
  }

  Match withValue(String name, String value) {
    return new Match(root, with(values, name, value), numbers, named, nodes);
  }

  Match withNumber(String name, double number) {
    return new Match(root, values, with(numbers, name, number), named, nodes);
  }

  Match withNode(String name, Node node) {
    return new Match(
        root,
        values,
        numbers,
        name.isEmpty() ? named : with(named, name, node),
        with(nodes, node.output(), node));
  }

  Match covering(List<Node> more) {
    Map<String, Node> all = new HashMap<>(nodes);
    for (Node node : more) {
      all.put(node.output(), node);
    }
    return new Match(root, values, numbers, named, all);
  }

  private static <T> Map<String, T> with(Map<String, T> map, String name, T value) {
    Map<String, T> next = new HashMap<>(map);
    next.put(name, value);
    return next;
  }
}
