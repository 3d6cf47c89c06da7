package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A graph that runs with extents of which some change, cut into nodes that none of them touches,
/// which are kept, and the others, which are open.
///
/// What changes is what has differed between two runs. What open nodes make for the others was
/// alike, which does not say that it always is: [#isKept] tells.
///
/// Either part is a graph: what one makes and the other reads is a result here and an input there.
final class OpenGraph {
  private final Graph whole;
  private final Graph before;
  private final Needs needs;
  private final IdentityHashMap<Node, Integer> numbers = new IdentityHashMap<>();

  /// What open nodes make.
  private final Set<String> late = new HashSet<>();

  private final Graph kept;
  private final Graph open;

  private final List<Set<String>> reads;

  private OpenGraph(Graph graph, Graph whole, Graph before) {
    this.whole = whole;
    this.before = before;
    this.needs = Needs.of(whole, whole.producers());
    List<Node> closed = new ArrayList<>();
    List<Node> nodes = new ArrayList<>();
    Set<String> inputs = new LinkedHashSet<>(whole.inputs());
    Map<String, Tensor> constants = new LinkedHashMap<>();
    for (Node node : whole.nodes()) {
      if (isOpen(node.inputs()) || isOpen(node.outputs())) {
        node.inputs().forEach(input -> read(input, nodes, inputs, constants));
        numbers.put(node, nodes.size());
        nodes.add(node);
        late.addAll(node.outputs());
      } else {
        closed.add(node);
      }
    }
    late.remove("");
    Set<String> known = new LinkedHashSet<>();
    closed.forEach(node -> known.addAll(node.inputs()));
    known.retainAll(late);
    Set<String> made = new LinkedHashSet<>(known);
    whole.outputs().stream().filter(this::isLate).forEach(made::add);
    Set<String> wanted = new LinkedHashSet<>(whole.outputs());
    wanted.addAll(inputs);
    wanted.removeAll(whole.inputs());
    wanted.removeAll(made);
    whole.inputs().stream().filter(input -> !isOpen(input)).forEach(known::add);
    Map<String, Fact> facts = new LinkedHashMap<>(whole.facts());
    whole.inputs().forEach(input -> facts.put(input, graph.fact(input)));
    this.open = part(nodes, inputs, made, constants, facts);
    this.kept = part(closed, known, wanted, whole.constants(), whole.facts());
    this.reads = lastReads();
  }

  /// {@return the parts of a graph}
  ///
  /// @param graph the graph with what is known of all runs
  /// @param whole the same with the facts of one run
  /// @param before the same with those of another
  static OpenGraph of(Graph graph, Graph whole, Graph before) {
    return new OpenGraph(graph, whole, before);
  }

  private boolean isOpen(List<String> values) {
    return values.stream().anyMatch(this::isOpen);
  }

  private boolean isOpen(String value) {
    return !value.isEmpty() && !whole.fact(value).equals(before.fact(value));
  }

  /// {@return whether open nodes make a value, or it is an input that is open}
  private boolean isLate(String value) {
    return late.contains(value) || isOpenInput(value);
  }

  /// {@return whether a value has other extents from run to run}
  boolean isOpenInput(String value) {
    return whole.inputs().contains(value) && isOpen(value);
  }

  /// Notes what an open node reads that open nodes do not make.
  private void read(
      String value, List<Node> nodes, Set<String> inputs, Map<String, Tensor> constants) {
    if (value.isEmpty() || late.contains(value)) {
      return;
    }
    if (!needs.give(value, nodes, constants)) {
      inputs.add(value);
    }
  }

  private Graph part(
      List<Node> nodes,
      Set<String> inputs,
      Set<String> outputs,
      Map<String, Tensor> constants,
      Map<String, Fact> facts) {
    return new Graph(
        whole.name(), List.copyOf(inputs), List.copyOf(outputs), nodes, constants, facts);
  }

  /// What an open node reads may be read at the place of a later one, which takes it up in a step
  /// of its own or sees it through a view.
  private List<Set<String>> lastReads() {
    Map<String, List<Node>> readers = open.consumers();
    int[] last = new int[open.nodes().size()];
    List<Set<String>> values = new ArrayList<>();
    for (int i = 0; i < last.length; i++) {
      values.add(new LinkedHashSet<>(open.nodes().get(i).inputs()));
    }
    for (int i = last.length - 1; i >= 0; i--) {
      last[i] = i;
      for (String output : open.nodes().get(i).outputs()) {
        for (Node reader : readers.getOrDefault(output, List.of())) {
          last[i] = Math.max(last[i], last[number(reader)]);
        }
      }
      values.get(last[i]).addAll(open.nodes().get(i).inputs());
    }
    values.forEach(each -> each.removeIf(value -> !open.inputs().contains(value)));
    return values;
  }

  /// {@return the graph with the facts of one run}
  Graph whole() {
    return whole;
  }

  /// {@return the nodes that nothing open touches}
  Graph kept() {
    return kept;
  }

  /// {@return the other nodes}
  Graph open() {
    return open;
  }

  /// {@return the position of a node among the open ones, or -1}
  int number(Node node) {
    return numbers.getOrDefault(node, -1);
  }

  /// {@return what an open node reads of what others make, and what nobody reads after it}
  ///
  /// @param number the node's position
  Set<String> readUntil(int number) {
    return reads.get(number);
  }

  /// {@return the shape of a value that is not open}
  Shape shape(String value) {
    return Objects.requireNonNull(whole.fact(value).concreteShape(), value);
  }

  /// {@return whether open nodes make what the others expect}
  ///
  /// @param bound the open nodes with the facts of a run
  boolean isKept(Graph bound) {
    for (String value : kept.inputs()) {
      if (late.contains(value) && !whole.fact(value).equals(bound.fact(value))) {
        return false;
      }
    }
    return true;
  }
}
