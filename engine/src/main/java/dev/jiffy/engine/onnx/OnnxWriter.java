package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.FunctionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Writes graphs and models as ONNX files.
public final class OnnxWriter {
  private OnnxWriter() {}

  /// Writes a graph, replacing the file.
  ///
  /// Whatever ONNX has no operator for is written as a composition; the file computes the same.
  ///
  /// @param graph the graph
  /// @param opset the version of the operator set, [Exporter#OLDEST_OPSET] to
  ///   [Importer#NEWEST_OPSET]
  /// @param file the file, which must not be one that the graph's constants are mapped from
  /// @throws IOException if the file cannot be written
  /// @throws ModelException if the operator set cannot express the graph; names the node
  public static void write(Graph graph, long opset, Path file) throws IOException {
    write(Exporter.model(graph, opset), file);
  }

  /// {@return a graph as the bytes of a model}
  ///
  /// @param graph the graph
  /// @param opset the version of the operator set, [Exporter#OLDEST_OPSET] to
  ///   [Importer#NEWEST_OPSET]
  /// @param arena where the bytes lie
  /// @throws ModelException if the operator set cannot express the graph; names the node
  public static MemorySegment write(Graph graph, long opset, Arena arena) {
    return message(Exporter.model(graph, opset)).write(arena);
  }

  /// Writes a model, replacing the file.
  ///
  /// @param model the model
  /// @param file the file, which must not be one that the model's tensors are mapped from
  /// @throws IOException if the file cannot be written
  public static void write(OnnxModel model, Path file) throws IOException {
    message(model).writeTo(file);
  }

  /// {@return a model as a message}
  ///
  /// @param model the model
  static ProtoWriter message(OnnxModel model) {
    ProtoWriter message = new ProtoWriter();
    message.integer(1, model.irVersion());
    if (!model.producer().isEmpty()) {
      message.string(2, model.producer());
    }
    message.message(7, graph(model.graph()));
    model
        .opsets()
        .forEach((domain, version) ->
            message.message(8, new ProtoWriter().string(1, domain).integer(2, version)));
    model
        .metadata()
        .forEach(
            (key, value) -> message.message(14, new ProtoWriter().string(1, key).string(2, value)));
    model.functions().forEach(function -> message.message(25, function(function)));
    return message;
  }

  private static ProtoWriter function(FunctionProto function) {
    ProtoWriter message = new ProtoWriter().string(1, function.name());
    function.inputs().forEach(input -> message.string(4, input));
    function.outputs().forEach(output -> message.string(5, output));
    function.attributes().forEach(name -> message.string(6, name));
    function.nodes().forEach(node -> message.message(7, node(node)));
    function
        .opsets()
        .forEach((domain, version) ->
            message.message(9, new ProtoWriter().string(1, domain).integer(2, version)));
    message.string(10, function.domain());
    function.defaults().forEach((name, value) -> message.message(11, attribute(name, value)));
    if (!function.overload().isEmpty()) {
      message.string(13, function.overload());
    }
    return message;
  }

  private static ProtoWriter graph(GraphProto graph) {
    ProtoWriter message = new ProtoWriter();
    for (NodeProto node : graph.nodes()) {
      message.message(1, node(node));
    }
    message.string(2, graph.name());
    for (TensorProto initializer : graph.initializers()) {
      message.message(5, tensor(initializer));
    }
    for (ValueProto input : graph.inputs()) {
      message.message(11, value(input));
    }
    for (ValueProto output : graph.outputs()) {
      message.message(12, value(output));
    }
    for (ValueProto value : graph.values()) {
      message.message(13, value(value));
    }
    return message;
  }

  private static ProtoWriter node(NodeProto node) {
    ProtoWriter message = new ProtoWriter();
    node.inputs().forEach(input -> message.string(1, input));
    node.outputs().forEach(output -> message.string(2, output));
    message.string(3, node.name());
    message.string(4, node.operator());
    node.attributes().forEach((name, value) -> message.message(5, attribute(name, value)));
    if (!node.domain().isEmpty()) {
      message.string(7, node.domain());
    }
    if (!node.overload().isEmpty()) {
      message.string(8, node.overload());
    }
    return message;
  }

  private static ProtoWriter attribute(String name, AttributeProto attribute) {
    ProtoWriter message = new ProtoWriter().string(1, name);
    switch (attribute) {
      case AttributeProto.FloatValue(float value) -> message.float32(2, value).integer(20, 1);
      case AttributeProto.IntValue(long value) -> message.integer(3, value).integer(20, 2);
      case AttributeProto.StringValue(String value) -> message.string(4, value).integer(20, 3);
      case AttributeProto.TensorValue(TensorProto value) ->
          message.message(5, tensor(value)).integer(20, 4);
      case AttributeProto.GraphValue(GraphProto value) ->
          message.message(6, graph(value)).integer(20, 5);
      case AttributeProto.Floats floats -> message.packedFloats(7, floats.values()).integer(20, 6);
      case AttributeProto.Ints ints -> message.packedIntegers(8, ints.values()).integer(20, 7);
      case AttributeProto.Strings strings -> {
        strings.values().forEach(value -> message.string(9, value));
        message.integer(20, 8);
      }
      case AttributeProto.TypeValue(TypeProto value) ->
          message.message(14, type(name, value)).integer(20, 13);
      case AttributeProto.Reference(String outer) -> message.string(21, outer);
      case AttributeProto.Other _ ->
          throw new ModelException(
              "attribute '" + name + "' of kind " + attribute.kind() + " cannot be written");
    }
    return message;
  }

  private static ProtoWriter tensor(TensorProto proto) {
    Tensor tensor = proto.tensor();
    if (tensor == null) {
      throw new ModelException(
          "tensor '" + proto.name() + "' of type " + proto.type() + " cannot be written");
    }
    ProtoWriter message = new ProtoWriter();
    TensorWriter.write(message, proto.name(), tensor);
    return message;
  }

  /// {@return the name and type of a value as a message}
  ///
  /// @param value the value
  static ProtoWriter value(ValueProto value) {
    ProtoWriter message = new ProtoWriter().string(1, value.name());
    if (!(value.type() instanceof TypeProto.OtherType(String kind)) || !kind.equals("no type")) {
      message.message(2, type(value.name(), value.type()));
    }
    return message;
  }

  private static ProtoWriter type(String name, TypeProto type) {
    return switch (type) {
      case TypeProto.TensorType tensor -> new ProtoWriter().message(1, tensorType(tensor));
      case TypeProto.SequenceType(TypeProto element) ->
          new ProtoWriter().message(4, new ProtoWriter().message(1, type(name, element)));
      case TypeProto.OptionalType(TypeProto element) ->
          new ProtoWriter().message(9, new ProtoWriter().message(1, type(name, element)));
      case TypeProto.OtherType other ->
          throw new ModelException(
              "value '" + name + "' of kind " + other.kind() + " cannot be written");
    };
  }

  private static ProtoWriter tensorType(TypeProto.TensorType type) {
    ProtoWriter message = new ProtoWriter().integer(1, type.elementType());
    if (type.shape() != null) {
      ProtoWriter shape = new ProtoWriter();
      for (DimensionProto dim : type.shape()) {
        ProtoWriter dimension = new ProtoWriter();
        Long value = dim.value();
        if (value != null) {
          dimension.integer(1, value);
        } else if (!dim.name().isEmpty()) {
          dimension.string(2, dim.name());
        }
        shape.message(1, dimension);
      }
      message.message(2, shape);
    }
    return message;
  }
}
