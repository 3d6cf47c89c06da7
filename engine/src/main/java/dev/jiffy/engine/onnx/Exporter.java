package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Turns a graph of portable operators into the records of an ONNX file: the way back of
/// [Importer].
///
/// An operator that ONNX has becomes one node. What only Jiffy has (fused activations and
/// residuals, channels-last layouts, attention) becomes a composition.
public final class Exporter {
  /// The oldest operator set that graphs can be written in.
  public static final long OLDEST_OPSET = 17;

  /// The domain of operators on tables.
  static final String TABLES = "ai.onnx.ml";

  private static final long IR_VERSION = 8;

  private Exporter() {}

  /// {@return the model}
  ///
  /// Tensors are shared with the graph.
  ///
  /// @param graph the graph
  /// @param opset the version of the operator set, [#OLDEST_OPSET] to [Importer#NEWEST_OPSET]
  /// @throws ModelException if the operator set cannot express the graph; names the node
  public static OnnxModel model(Graph graph, long opset) {
    if (opset < OLDEST_OPSET || opset > Importer.NEWEST_OPSET) {
      throw new ModelException(
          "graphs can be written in operator sets %d to %d, not %d"
              .formatted(OLDEST_OPSET, Importer.NEWEST_OPSET, opset));
    }
    List<ValueProto> inputs = graph.inputs().stream().map(name -> value(graph, name)).toList();
    List<ValueProto> outputs = graph.outputs().stream().map(name -> value(graph, name)).toList();
    GraphProto proto = proto(graph, opset, NameSource.of(graph), inputs, outputs, List.of());
    return new OnnxModel(IR_VERSION, "Jiffy", opsets(opset, proto), Map.of(), List.of(), proto);
  }

  /// The versions of the domains that a graph uses. The operator for all kinds of trees came with
  /// the version that dropped the older ones.
  private static Map<String, Long> opsets(long opset, GraphProto proto) {
    boolean hasTables = false;
    boolean hasTrees = false;
    for (NodeProto node : proto.nodes()) {
      hasTables |= node.domain().equals(TABLES);
      hasTrees |= node.operator().equals("TreeEnsemble");
    }
    Map<String, Long> opsets = new LinkedHashMap<>(Map.of("", opset, "com.microsoft", 1L));
    if (hasTables) {
      opsets.put(TABLES, hasTrees ? 5L : 4L);
    }
    return opsets;
  }

  /// {@return a graph within another, whose last inputs are values of that one}
  ///
  /// @param graph the graph
  /// @param own the number of inputs that are its own
  /// @param opset the version of the operator set
  /// @param names names that are free
  static GraphProto body(Graph graph, int own, long opset, NameSource names) {
    List<ValueProto> inputs =
        graph.inputs().subList(0, own).stream().map(name -> value(graph, name)).toList();
    List<ValueProto> outputs = new ArrayList<>();
    List<NodeProto> copies = new ArrayList<>();
    for (String output : graph.outputs()) {
      String name = output;
      if (graph.inputs().contains(output)
          || outputs.stream().anyMatch(o -> o.name().equals(output))) {
        name = names.fresh(output);
        copies.add(new NodeProto(name, "Identity", "", List.of(output), List.of(name), Map.of()));
      }
      outputs.add(new ValueProto(name, new TypeProto.OtherType("no type")));
    }
    return proto(graph, opset, names, inputs, outputs, copies);
  }

  private static GraphProto proto(
      Graph graph,
      long opset,
      NameSource names,
      List<ValueProto> inputs,
      List<ValueProto> outputs,
      List<NodeProto> last) {
    List<NodeProto> nodes = new ArrayList<>();
    List<TensorProto> initializers = new ArrayList<>();
    graph.constants().forEach((name, tensor) -> initializers.add(initializer(name, tensor)));
    for (Node node : graph.nodes()) {
      ExportScope scope = new ExportScope(graph, node, opset, names, nodes, initializers);
      OperatorExports.export(scope, node.op());
    }
    nodes.addAll(last);
    return new GraphProto(graph.name(), nodes, initializers, List.of(), inputs, outputs, List.of());
  }

  /// {@return a named tensor}
  ///
  /// @param name the name
  /// @param tensor the tensor
  static TensorProto initializer(String name, Tensor tensor) {
    return new TensorProto(name, tensor.dtype() + "" + tensor.shape(), tensor);
  }

  private static ValueProto value(Graph graph, String name) {
    Fact fact = graph.fact(name);
    List<Dim> shape = fact.shape();
    List<DimensionProto> dims = null;
    if (shape != null) {
      dims = new ArrayList<>();
      for (Dim dim : shape) {
        dims.add(
            switch (dim) {
              case Dim.Known(long number) -> new DimensionProto(number, "");
              case Dim.Symbol(String symbol) -> new DimensionProto(null, symbol);
            });
      }
    }
    TypeProto tensor = new TypeProto.TensorType(ElementTypes.number(fact.dtype()), dims);
    TypeProto present =
        fact.kind().present() == Value.Kind.SEQUENCE ? new TypeProto.SequenceType(tensor) : tensor;
    boolean isOptional = fact.kind() == fact.kind().optional();
    return new ValueProto(name, isOptional ? new TypeProto.OptionalType(present) : present);
  }
}
