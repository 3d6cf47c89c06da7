package dev.jiffy.engine.ir;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Gives names that are not yet taken, for new values, nodes and symbolic dimensions.
///
/// The same sequence of questions gets the same sequence of names. Not safe for use by several
/// threads.
public final class NameSource {
  private final Set<String> taken;

  /// The last number behind each hint: all before it are taken.
  private final Map<String, Integer> numbers = new HashMap<>();

  /// A source that knows of no name yet.
  public NameSource() {
    this.taken = new HashSet<>();
  }

  /// A source that avoids the names given.
  ///
  /// @param taken the names that are in use
  public NameSource(Collection<String> taken) {
    this.taken = new HashSet<>(taken);
  }

  /// {@return a source that avoids every name of a value, node or dimension of a graph}
  ///
  /// @param graph a graph with facts for every value
  public static NameSource of(Graph graph) {
    NameSource source = new NameSource(graph.facts().keySet());
    for (Node node : graph.nodes()) {
      source.taken.add(node.name());
    }
    for (Fact fact : graph.facts().values()) {
      List<Dim> shape = fact.shape();
      if (shape != null) {
        for (Dim dim : shape) {
          if (dim instanceof Dim.Symbol(String name)) {
            source.taken.add(name);
          }
        }
      }
    }
    return source;
  }

  /// {@return the hint where it is free, or the hint with a number behind it; taken from now on}
  ///
  /// @param hint what the name should look like
  public String fresh(String hint) {
    if (taken.add(hint)) {
      return hint;
    }
    int number = numbers.getOrDefault(hint, 0);
    String name;
    do {
      name = hint.concat("_").concat(Integer.toString(++number));
    } while (!taken.add(name));
    numbers.put(hint, number);
    return name;
  }
}
