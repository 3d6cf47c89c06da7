package dev.jiffy.engine.onnx;

import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto.GraphValue;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The values that a graph within a graph reads from around it.
final class FreeNames {
  private FreeNames() {}

  /// {@return the names that a graph reads but does not make, in the order of their first use}
  ///
  /// @param graph the body of a control-flow operator
  static Set<String> of(GraphProto graph) {
    Set<String> made = new HashSet<>();
    graph.initializers().forEach(initializer -> made.add(initializer.name()));
    made.addAll(graph.sparseInitializers());
    graph.inputs().forEach(input -> made.add(input.name()));
    graph.nodes().forEach(node -> made.addAll(node.outputs()));
    Set<String> free = new LinkedHashSet<>();
    graph.nodes().forEach(node -> free.addAll(of(node)));
    graph.outputs().forEach(output -> free.add(output.name()));
    free.removeAll(made);
    free.remove("");
    return free;
  }

  /// {@return the names that a node reads: its inputs, and what its graphs read from around them}
  ///
  /// @param node the node
  static List<String> of(NodeProto node) {
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
