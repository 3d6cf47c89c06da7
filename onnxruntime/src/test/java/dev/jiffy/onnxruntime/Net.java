package dev.jiffy.onnxruntime;

import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A small network under construction, written as an ONNX file.
final class Net {
  static final int F32 = 1;
  static final int I64 = 7;
  static final int STRING = 8;
  static final int BOOL = 9;
  static final int U64 = 13;
  static final int F8 = 17;

  /// The domain of operators that ONNX Runtime adds to ONNX.
  static final String MICROSOFT = "com.microsoft";

  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> constants = new ArrayList<>();
  private final List<ValueProto> inputs = new ArrayList<>();
  private final List<ValueProto> outputs = new ArrayList<>();

  /// Adds an input; a dimension is a number or a name.
  Net input(String name, int type, Object... dims) {
    inputs.add(value(name, type, dims));
    return this;
  }

  Net constant(String name, Tensor tensor) {
    constants.add(new TensorProto(name, "", tensor));
    return this;
  }

  /// Adds an output of any shape.
  Net output(String name, int type) {
    outputs.add(new ValueProto(name, new TypeProto.TensorType(type, null)));
    return this;
  }

  /// Adds an output; a dimension is a number or a name.
  Net output(String name, int type, Object first, Object... others) {
    List<Object> dims = new ArrayList<>(List.of(first));
    dims.addAll(List.of(others));
    outputs.add(value(name, type, dims.toArray()));
    return this;
  }

  /// Adds a node of ONNX's own domain whose name is its output's.
  Net node(String operator, String output, String... inputs) {
    return node("", operator, List.of(output), Map.of(), inputs);
  }

  /// Adds a node whose name is its first output's.
  Net node(
      String domain,
      String operator,
      List<String> outputs,
      Map<String, AttributeProto> attributes,
      String... inputs) {
    nodes.add(
        new NodeProto(
            "n_" + outputs.getFirst(),
            operator,
            domain,
            Arrays.asList(inputs),
            outputs,
            new LinkedHashMap<>(attributes)));
    return this;
  }

  /// Adds the inverse of a matrix, which Jiffy has no operator for.
  Net inverse(String output, String input) {
    return node(MICROSOFT, "Inverse", List.of(output), Map.of(), input);
  }

  /// {@return the graph, as the body of a control-flow operator or of a model}
  GraphProto graph() {
    return new GraphProto("net", nodes, constants, List.of(), inputs, outputs, List.of());
  }

  /// Writes the model.
  Path write(Path file) throws IOException {
    OnnxWriter.write(model(), file);
    return file;
  }

  OnnxModel model() {
    return new OnnxModel(9, "test", Map.of("", 19L, MICROSOFT, 1L), Map.of(), List.of(), graph());
  }

  private static ValueProto value(String name, int type, Object... dims) {
    List<DimensionProto> shape = new ArrayList<>();
    for (Object dim : dims) {
      shape.add(
          dim instanceof String symbol
              ? new DimensionProto(null, symbol)
              : new DimensionProto(((Number) dim).longValue(), ""));
    }
    return new ValueProto(name, new TypeProto.TensorType(type, shape));
  }
}
