package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import java.util.List;

/// Imports graphs within nodes.
@FunctionalInterface
interface BodyImport {
  /// {@return a graph within a node, imported}
  ///
  /// @param graph the graph
  /// @param given what is known of its inputs
  /// @param captured what becomes its last inputs: values around the node that are no constants
  Graph of(GraphProto graph, List<Fact> given, List<String> captured);
}
