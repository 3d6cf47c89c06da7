package dev.jiffy.bench;

import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A model of one node, for comparisons: the first operand is its input, the others are constants.
final class OneNode {
  private final Random random = new Random(7);
  private final String operator;
  private final String domain;
  private final List<@Nullable Tensor> operands = new ArrayList<>();
  private final Map<String, AttributeProto> attributes = new LinkedHashMap<>();
  private int outputs = 1;

  /// A node of `com.microsoft`.
  OneNode(String operator) {
    this(operator, "com.microsoft");
  }

  private OneNode(String operator, String domain) {
    this.operator = operator;
    this.domain = domain;
  }

  /// {@return a node of the standard's operators}
  static OneNode standard(String operator) {
    return new OneNode(operator, "");
  }

  OneNode with(String attribute, long value) {
    attributes.put(attribute, new AttributeProto.IntValue(value));
    return this;
  }

  OneNode with(String attribute, float value) {
    attributes.put(attribute, new AttributeProto.FloatValue(value));
    return this;
  }

  OneNode with(String attribute, String value) {
    attributes.put(attribute, new AttributeProto.StringValue(value));
    return this;
  }

  OneNode with(String attribute, List<Long> values) {
    attributes.put(attribute, new AttributeProto.Ints(values));
    return this;
  }

  OneNode outputs(int count) {
    outputs = count;
    return this;
  }

  OneNode absent() {
    operands.add(null);
    return this;
  }

  OneNode floats(long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, random.nextGaussian());
    }
    operands.add(tensor);
    return this;
  }

  /// Scales between one and two hundredths.
  OneNode scales(long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, 0.01 + 0.01 * random.nextDouble());
    }
    operands.add(tensor);
    return this;
  }

  OneNode integers(DType type, long least, long most, long... dims) {
    Tensor tensor = Tensor.allocate(type, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setLong(i, random.nextLong(least, most + 1));
    }
    operands.add(tensor);
    return this;
  }

  /// Which keys count: the first always does, as a query that sees none but masked ones weighs
  /// rounding errors.
  OneNode mask(long... dims) {
    integers(DType.I32, 0, 1, dims);
    Tensor mask = operands.getLast();
    for (long i = 0; mask != null && i < mask.shape().elements(); i += dims[dims.length - 1]) {
      mask.setLong(i, 1);
    }
    return this;
  }

  OneNode bytes(long... dims) {
    return integers(DType.U8, 0, 255, dims);
  }

  /// A scalar zero point of unsigned bytes.
  OneNode zero(long value) {
    return integers(DType.U8, value, value);
  }

  Map<String, Tensor> inputs() {
    Tensor first = operands.getFirst();
    if (first == null) {
      throw new IllegalStateException("no input");
    }
    return Map.of("x", first);
  }

  OnnxModel model() {
    List<TensorProto> constants = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      Tensor operand = operands.get(i);
      names.add(operand == null ? "" : i == 0 ? "x" : "c" + i);
      if (operand != null && i > 0) {
        constants.add(new TensorProto("c" + i, "", operand));
      }
    }
    List<String> made = new ArrayList<>();
    List<ValueProto> results = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      made.add("y" + i);
      results.add(new ValueProto("y" + i, new TypeProto.OtherType("no type")));
    }
    Tensor x = inputs().get("x");
    List<DimensionProto> dims = new ArrayList<>();
    for (long dim : x == null ? new long[0] : x.shape().dims()) {
      dims.add(new DimensionProto(dim, ""));
    }
    int type = x != null && x.dtype() == DType.U8 ? 2 : x != null && x.dtype() == DType.I32 ? 6 : 1;
    ValueProto input = new ValueProto("x", new TypeProto.TensorType(type, dims));
    NodeProto node = new NodeProto("n", operator, domain, names, made, attributes);
    GraphProto graph =
        new GraphProto(
            "one node", List.of(node), constants, List.of(), List.of(input), results, List.of());
    Map<String, Long> opsets = Map.of("", 17L, "com.microsoft", 1L);
    return new OnnxModel(8, "test", opsets, Map.of(), List.of(), graph);
  }

  @Override
  public String toString() {
    return operator + attributes.keySet() + " of " + operands.size() + " operands";
  }
}
