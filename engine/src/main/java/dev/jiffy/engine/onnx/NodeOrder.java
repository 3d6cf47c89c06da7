package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/// The order in which every value is made before it is read, as near to the file's as possible.
///
/// Kahn's algorithm, which takes among the nodes that are ready the first of the file.
final class NodeOrder {
  private final GraphProto graph;
  private final List<NodeProto> nodes;
  private final FreeNames free;
  private final Map<String, Integer> producers = new HashMap<>();

  private NodeOrder(GraphProto graph, Collection<String> around, FreeNames free) {
    this.graph = graph;
    this.free = free;
    this.nodes = graph.nodes();
    for (String name : around) {
      producers.put(name, -1);
    }
  }

  /// {@return the nodes of a graph in topological order}
  ///
  /// @param graph the graph
  /// @param around the values that a graph within another may read from around it
  /// @param free what graphs within it read from around them
  /// @throws ModelException if a value is made twice, nobody makes one that is read, or nodes wait
  ///   for each other
  static List<NodeProto> sorted(GraphProto graph, Collection<String> around, FreeNames free) {
    return new NodeOrder(graph, around, free).sort();
  }

  private List<NodeProto> sort() {
    for (TensorProto initializer : graph.initializers()) {
      producers.put(initializer.name(), -1);
    }
    for (String name : graph.sparseInitializers()) {
      producers.put(name, -1);
    }
    for (ValueProto input : graph.inputs()) {
      producers.put(input.name(), -1);
    }
    for (int i = 0; i < nodes.size(); i++) {
      for (String output : nodes.get(i).outputs()) {
        Integer other = output.isEmpty() ? null : producers.putIfAbsent(output, i);
        if (other != null) {
          throw new ModelException(
              "%s makes the value '%s', which is already %s"
                  .formatted(
                      describe(i),
                      output,
                      other < 0 ? "an input or a constant" : "made by " + describe(other)));
        }
      }
    }
    return isSorted() ? nodes : kahn();
  }

  /// {@return whether every value is made before it is read in the order of the file, as exporters
  /// write it}
  private boolean isSorted() {
    boolean isSorted = true;
    for (int i = 0; i < nodes.size(); i++) {
      for (String input : free.of(nodes.get(i))) {
        isSorted &= input.isEmpty() || producer(i, input) < i;
      }
    }
    return isSorted;
  }

  private List<NodeProto> kahn() {
    int[] waits = new int[nodes.size()];
    List<List<Integer>> readers = new ArrayList<>();
    nodes.forEach(_ -> readers.add(new ArrayList<>()));
    for (int i = 0; i < nodes.size(); i++) {
      for (String input : free.of(nodes.get(i))) {
        int producer = input.isEmpty() ? -1 : producer(i, input);
        if (producer >= 0) {
          readers.get(producer).add(i);
          waits[i]++;
        }
      }
    }
    return sort(waits, readers);
  }

  private int producer(int node, String input) {
    Integer producer = producers.get(input);
    if (producer == null) {
      throw new ModelException(
          "%s reads the value '%s', which nothing makes".formatted(describe(node), input));
    }
    return producer;
  }

  private List<NodeProto> sort(int[] waits, List<List<Integer>> readers) {
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int i = 0; i < waits.length; i++) {
      if (waits[i] == 0) {
        ready.add(i);
      }
    }
    List<NodeProto> sorted = new ArrayList<>();
    for (Integer next = ready.poll(); next != null; next = ready.poll()) {
      sorted.add(nodes.get(next));
      for (int reader : readers.get(next)) {
        if (--waits[reader] == 0) {
          ready.add(reader);
        }
      }
    }
    if (sorted.size() < nodes.size()) {
      throw new ModelException("the graph has a cycle: " + cycle(waits));
    }
    return sorted;
  }

  /// Walks against the arrows from any waiting node; every such node waits for another.
  private String cycle(int[] waits) {
    int at = 0;
    while (waits[at] == 0) {
      at++;
    }
    List<Integer> path = new ArrayList<>();
    BitSet seen = new BitSet();
    while (!seen.get(at)) {
      seen.set(at);
      path.add(at);
      at = waitsFor(at, waits);
    }
    StringBuilder text = new StringBuilder(describe(at));
    for (int i = path.size() - 1, first = path.indexOf(at); i >= first; i--) {
      text.append(" → ").append(describe(path.get(i)));
    }
    return text.toString();
  }

  private int waitsFor(int node, int[] waits) {
    for (String input : free.of(nodes.get(node))) {
      Integer producer = producers.get(input);
      if (producer != null && producer >= 0 && waits[producer] > 0) {
        return producer;
      }
    }
    throw new IllegalStateException("node waits for nothing");
  }

  private String describe(int index) {
    NodeProto node = nodes.get(index);
    return "node '%s' (%s)"
        .formatted(node.name().isEmpty() ? "#" + index : node.name(), node.operator());
  }
}
