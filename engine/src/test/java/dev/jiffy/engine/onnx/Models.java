package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TensorProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Small models for tests, built as records.
final class Models {
  private final long opset;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> initializers = new ArrayList<>();
  private final List<ValueProto> inputs = new ArrayList<>();
  private final List<ValueProto> outputs = new ArrayList<>();

  private Models(long opset) {
    this.opset = opset;
  }

  static Models opset(long opset) {
    return new Models(opset);
  }

  Models input(String name, DType dtype, long... dims) {
    inputs.add(value(name, dtype, dims));
    return this;
  }

  Models output(String name) {
    outputs.add(untyped(name));
    return this;
  }

  Models constant(String name, Tensor tensor) {
    initializers.add(Exporter.initializer(name, tensor));
    return this;
  }

  Models node(String operator, List<String> inputs, List<String> outputs) {
    return node(operator, inputs, outputs, Map.of());
  }

  Models node(
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, AttributeProto> attributes) {
    return node("", operator, inputs, outputs, attributes);
  }

  Models node(
      String domain,
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, AttributeProto> attributes) {
    nodes.add(new NodeProto("", operator, domain, inputs, outputs, attributes));
    return this;
  }

  OnnxModel model() {
    GraphProto graph =
        new GraphProto("test", nodes, initializers, List.of(), inputs, outputs, List.of());
    Map<String, Long> opsets = Map.of("", opset, "com.microsoft", 1L, "ai.onnx.ml", 5L);
    return new OnnxModel(8, "test", opsets, Map.of(), List.of(), graph);
  }

  static ValueProto untyped(String name) {
    return new ValueProto(name, new TypeProto.OtherType("no type"));
  }

  static NodeProto node(String operator, String output, String... inputs) {
    return new NodeProto("", operator, "", List.of(inputs), List.of(output), Map.of());
  }

  /// Why a model cannot be imported.
  static String refused(OnnxModel model) {
    return String.valueOf(
        assertThrows(ModelException.class, () -> Importer.graph(model)).getMessage());
  }

  static String refused(Models models) {
    return refused(models.model());
  }

  /// A dimension of -1 has no number, one of -2 is named `n`.
  static ValueProto value(String name, @Nullable DType dtype, long... dims) {
    List<DimensionProto> shape = new ArrayList<>();
    for (long dim : dims) {
      shape.add(new DimensionProto(dim < 0 ? null : (Long) dim, dim == -2 ? "n" : ""));
    }
    int number = dtype == null ? 17 : ElementTypes.number(dtype);
    return new ValueProto(name, new TypeProto.TensorType(number, shape));
  }

  static AttributeProto ints(Long... values) {
    return new AttributeProto.Ints(List.of(values));
  }

  static AttributeProto integer(long value) {
    return new AttributeProto.IntValue(value);
  }

  static AttributeProto text(String value) {
    return new AttributeProto.StringValue(value);
  }

  static AttributeProto real(float value) {
    return new AttributeProto.FloatValue(value);
  }

  static OnnxModel read(byte[] bytes, Arena arena) {
    return OnnxReader.read(new ModelSource.InMemory(MemorySegment.ofArray(bytes)), arena);
  }

  /// A convolution, a reshape driven by shape arithmetic, a product, a softmax: a bit of
  /// everything.
  static byte[] network() {
    return OnnxWriter.message(
            opset(13)
                .input("x", DType.F32, -2, 1, 6, 6)
                .constant("w", Tensor.of(new float[2 * 9], 2, 1, 3, 3))
                .constant("b", Tensor.of(new float[] {1, 2}, 2))
                .constant("zero", Tensor.of(new long[] {0}, 1))
                .constant("minus", Tensor.of(new long[] {-1}, 1))
                .constant("v", Tensor.of(new float[32 * 3], 32, 3))
                .node(
                    "Conv",
                    List.of("x", "w", "b"),
                    List.of("c"),
                    Map.of("kernel_shape", ints(3L, 3L), "group", integer(1)))
                .node("LeakyRelu", List.of("c"), List.of("r"), Map.of("alpha", real(0.1f)))
                .node("Shape", List.of("r"), List.of("s"))
                .node("Gather", List.of("s", "zero"), List.of("n"), Map.of("axis", integer(0)))
                .node("Concat", List.of("n", "minus"), List.of("t"), Map.of("axis", integer(0)))
                .node("Reshape", List.of("r", "t"), List.of("f"))
                .node("MatMul", List.of("f", "v"), List.of("p"))
                .node("Softmax", List.of("p"), List.of("y"), Map.of("axis", integer(-1)))
                .output("y")
                .model())
        .toByteArray();
  }
}
