package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Bodies;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One node while it is exported: what it says, and the ONNX nodes that stand for it.
final class ExportScope {
  private final Graph graph;
  private final Node node;
  private final long opset;
  private final NameSource names;
  private final List<NodeProto> nodes;
  private final List<TensorProto> initializers;

  /// The scope of a node.
  ///
  /// @param graph the graph
  /// @param node the node
  /// @param opset the version of the operator set
  /// @param names names that are free
  /// @param nodes takes the ONNX nodes
  /// @param initializers takes new constants
  ExportScope(
      Graph graph,
      Node node,
      long opset,
      NameSource names,
      List<NodeProto> nodes,
      List<TensorProto> initializers) {
    this.graph = graph;
    this.node = node;
    this.opset = opset;
    this.names = names;
    this.nodes = nodes;
    this.initializers = initializers;
  }

  /// {@return the version of the operator set}
  long opset() {
    return opset;
  }

  /// {@return an input's name, "" where it is absent}
  String input(int index) {
    return node.input(index);
  }

  /// {@return whether an input is there}
  boolean has(int index) {
    return node.hasInput(index);
  }

  /// {@return the number of outputs, absent ones included}
  int outputs() {
    return node.outputs().size();
  }

  /// {@return whether any output but the first is there}
  boolean wantsMore() {
    return node.outputs().stream().skip(1).anyMatch(output -> !output.isEmpty());
  }

  /// {@return the name of the first output}
  String output() {
    return node.output();
  }

  /// {@return the rank of a value of the graph}
  int rank(String value) {
    int rank = graph.fact(value).rank();
    if (rank < 0) {
      throw cannot("the rank of '" + value + "' is not known");
    }
    return rank;
  }

  /// {@return the element type of a value of the graph}
  DType dtype(String value) {
    return graph.fact(value).dtype();
  }

  /// {@return what is known of a value of the graph}
  Fact fact(String value) {
    return graph.fact(value);
  }

  /// {@return the value, where it is a constant of the graph, or null}
  @Nullable Tensor known(String value) {
    return graph.constants().get(value);
  }

  /// {@return a graph within the node}
  ///
  /// @param body the graph
  /// @param own how many of its inputs stay inputs; the others stand for the node's last inputs
  GraphProto body(Graph body, int own) {
    int captured = body.inputs().size() - own;
    List<String> inputs = node.inputs();
    List<String> around = inputs.subList(inputs.size() - captured, inputs.size());
    return Exporter.body(Bodies.within(body, around, names), own, opset, names);
  }

  /// Writes the node as one of the same inputs and outputs.
  void same(String operator, AttributeSet attributes) {
    add(node.name(), operator, node.inputs(), node.outputs(), attributes);
  }

  /// Writes the node as one of the domain for tables, of the same outputs.
  void table(String operator, AttributeSet attributes, String... inputs) {
    nodes.add(
        new NodeProto(
            node.name(),
            operator,
            Exporter.TABLES,
            List.of(inputs),
            node.outputs(),
            attributes.map()));
  }

  /// Writes the node as one of the same inputs and outputs, without attributes.
  void same(String operator) {
    same(operator, new AttributeSet());
  }

  /// Writes the node as one of the same outputs.
  void results(String operator, AttributeSet attributes, String... inputs) {
    add(node.name(), operator, trimmed(inputs), node.outputs(), attributes);
  }

  /// Writes the node as one of the same outputs, of the domain `com.microsoft`.
  void microsoft(String operator, AttributeSet attributes, String... inputs) {
    microsoft(node.name(), operator, attributes, node.outputs(), inputs);
  }

  private void microsoft(
      String name,
      String operator,
      AttributeSet attributes,
      List<String> outputs,
      String... inputs) {
    nodes.add(
        new NodeProto(name, operator, "com.microsoft", trimmed(inputs), outputs, attributes.map()));
  }

  /// {@return the value that a new node of the domain `com.microsoft` makes}
  String makeMicrosoft(String operator, AttributeSet attributes, String... inputs) {
    String output = names.fresh(hint(operator));
    microsoft(output, operator, attributes, List.of(output), inputs);
    return output;
  }

  /// Writes a node that gives a named value.
  void to(String output, String operator, AttributeSet attributes, String... inputs) {
    boolean last = output.equals(node.output());
    String name = last ? node.name() : names.fresh(hint(operator));
    add(name, operator, trimmed(inputs), List.of(output), attributes);
  }

  /// {@return the value that a new node makes}
  String make(String operator, AttributeSet attributes, String... inputs) {
    String output = names.fresh(hint(operator));
    add(output, operator, trimmed(inputs), List.of(output), attributes);
    return output;
  }

  /// {@return the values that a new node without attributes makes}
  List<String> makeAll(String operator, int count, String input) {
    List<String> outputs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      outputs.add(names.fresh(hint(operator)));
    }
    add(outputs.getFirst(), operator, List.of(input), outputs, new AttributeSet());
    return outputs;
  }

  /// {@return the value that a new node without attributes makes}
  String make(String operator, String... inputs) {
    return make(operator, new AttributeSet(), inputs);
  }

  /// {@return a free name for a value in between}
  String fresh(String hint) {
    return names.fresh(hint(hint));
  }

  private String hint(String operator) {
    return node.name() + "/" + operator.toLowerCase(Locale.ROOT);
  }

  private void add(
      String name,
      String operator,
      List<String> inputs,
      List<String> outputs,
      AttributeSet attributes) {
    nodes.add(new NodeProto(name, operator, "", inputs, outputs, attributes.map()));
  }

  private static List<String> trimmed(String... inputs) {
    List<String> list = new ArrayList<>(Arrays.asList(inputs));
    while (!list.isEmpty() && list.getLast().isEmpty()) {
      list.removeLast();
    }
    return list;
  }

  /// {@return the name of a new constant}
  String constant(Tensor tensor) {
    String name = names.fresh(hint("constant"));
    initializers.add(Exporter.initializer(name, tensor));
    return name;
  }

  /// {@return the name of a new constant of rank 1}
  String longs(long... values) {
    return constant(Tensor.of(values, values.length));
  }

  /// {@return the name of a new scalar constant}
  String scalar(double value, DType dtype) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of());
    tensor.setDouble(0, value);
    return constant(tensor);
  }

  /// {@return the failure of a node that the operator set cannot express}
  ///
  /// @param reason why
  ModelException cannot(String reason) {
    return new ModelException(
        "node '%s' (%s) cannot be written in operator set %d: %s"
            .formatted(node.name(), node.op().getClass().getSimpleName(), opset, reason));
  }

  /// Checks that the operator set is new enough.
  ///
  /// @param since the oldest that is
  /// @param what what it is needed for
  void needs(long since, String what) {
    if (opset < since) {
      throw cannot(what + " needs operator set " + since);
    }
  }
}
