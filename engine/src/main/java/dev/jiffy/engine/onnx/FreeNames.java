package dev.jiffy.engine.onnx;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.GraphValue;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The values that graphs within a graph read from around them.
///
/// Remembers them: they are asked for each time such a graph is met, and it may have thousands of
/// nodes.
final class FreeNames {
  private final IdentityHashMap<GraphProto, Set<String>> known = new IdentityHashMap<>();

  /// {@return the names that a graph reads but does not make, in the order of their first use}
  ///
  /// @param graph the body of a control-flow operator
  Set<String> of(GraphProto graph) {
    Set<String> free = known.get(graph);
    if (free == null) {
      free = Collections.unmodifiableSet(found(graph));
      known.put(graph, free);
    }
    return free;
  }

  private Set<String> found(GraphProto graph) {
    Set<String> made = new HashSet<>();
    made.add("");
    graph.initializers().forEach(initializer -> made.add(initializer.name()));
    made.addAll(graph.sparseInitializers());
    graph.inputs().forEach(input -> made.add(input.name()));
    for (NodeProto node : graph.nodes()) {
      made.addAll(node.outputs());
    }
    Set<String> free = new LinkedHashSet<>();
    for (NodeProto node : graph.nodes()) {
      for (String name : of(node)) {
        if (!made.contains(name)) {
          free.add(name);
        }
      }
    }
    for (ValueProto output : graph.outputs()) {
      if (!made.contains(output.name())) {
        free.add(output.name());
      }
    }
    return free;
  }

  /// {@return the names that a node reads: its inputs, and what its graphs read from around them}
  ///
  /// @param node the node
  List<String> of(NodeProto node) {
    List<String> read = node.inputs();
    for (AttributeProto attribute : node.attributes().values()) {
      if (attribute instanceof GraphValue(GraphProto body)) {
        read = new ArrayList<>(read);
        read.addAll(of(body));
      }
    }
    return read;
  }
}
